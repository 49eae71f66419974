package lobby

import (
	"cmp"
	"maps"
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// What a lobby keeps is bounded for each network that members come from; and in all,
// of what is not for members whose connection is there: of those there are only so many.
// Beyond that what nobody waits for is forgotten first: rooms that nobody connected is
// in, the longest empty first; then what members have yet to hear that are away, and
// what others have not confirmed, who are told everything anew if they ever miss it;
// then members that are away; and those whose connection is there only at last.

// Books tell how many bytes are kept for whom, by all lobbies that share them.
type Books struct {
	of    map[string]int // by network
	loose int            // for members that are away, and of what others have yet to confirm
}

// NewBooks makes empty ones.
func NewBooks() *Books { return &Books{of: map[string]int{}} }

// Loose is what Limits.Kept is the limit of, in bytes.
func (b *Books) Loose() int { return b.loose }

// Forgotten is what became of something that was too much.
type Forgotten string

// What is forgotten, in this order.
const (
	ForgotRoom     Forgotten = "room"     // a member of a room that nobody connected is in
	ForgotMessages Forgotten = "messages" // what a member has yet to hear
	ForgotAway     Forgotten = "away"     // a member that is away from others
	ForgotMember   Forgotten = "member"   // one whose connection is there
)

// AllForgotten are all of them.
var AllForgotten = []Forgotten{ForgotRoom, ForgotMessages, ForgotAway, ForgotMember}

// memberSize is about what a member takes, and the room that it may be alone in.
const memberSize = 3 << 9

// weight is about what is kept for a member, in bytes; the first in a room pays for it.
func (m *member) weight() int {
	w := memberSize + len(m.data) + m.stream.Size()
	if m.room.members[0] == m {
		w += m.room.size
	}
	return w
}

// loose is about how much of that is not since its connection is there.
func (m *member) loose() int {
	if m.conn != 0 {
		return m.stream.Size()
	}
	return m.weight()
}

// measure is about what a room takes that its leader can make large. It is done again
// when that changes, or who pays for it.
func (r *room) measure() {
	r.size = len(r.data)
	if r.match != nil {
		r.size += len(r.match.Setup)
	}
	for i := range r.facts {
		r.size += len(r.facts[i].key) + len(r.facts[i].value) + 128 // in the list, too
	}
	for _, m := range r.members {
		r.box.weigh(m)
	}
}

// book begins to count what is kept for a member.
func (b *outbox) book(m *member) {
	m.booked = len(b.members[m.network])
	b.members[m.network] = append(b.members[m.network], m)
	b.reweigh(m)
}

// unbook ends it.
func (b *outbox) unbook(m *member) {
	if m.weighed == 0 {
		return
	}
	of := b.members[m.network]
	last := len(of) - 1
	of[m.booked], of[last].booked = of[last], m.booked
	of[last] = nil
	if b.members[m.network] = of[:last]; last == 0 {
		delete(b.members, m.network)
	}
	b.add(m, -m.weighed, -m.loosely)
}

func (b *outbox) add(m *member, bytes, loose int) {
	m.weighed, m.loosely = m.weighed+bytes, m.loosely+loose
	b.books.loose += loose
	if b.books.of[m.network] += bytes; b.books.of[m.network] == 0 {
		delete(b.books.of, m.network)
	}
}

// weigh counts anew what is kept for a member, if it is booked.
func (b *outbox) weigh(m *member) {
	if m.weighed > 0 {
		b.reweigh(m)
	}
}

func (b *outbox) reweigh(m *member) {
	bytes, loose := m.weight()-m.weighed, m.loose()-m.loosely
	if bytes == 0 && loose == 0 {
		return
	}
	b.add(m, bytes, loose)
	if (bytes > 0 || loose > 0) && (b.books.loose > b.limits.Kept || m.network != "" && b.books.of[m.network] > b.limits.Share) {
		b.heavy = true
	}
}

// Close takes what this lobby keeps off the books that it shares with others.
func (l *Lobby) Close() {
	for _, n := range slices.Sorted(maps.Keys(l.box.members)) {
		for of := l.box.members[n]; len(of) > 0; of = l.box.members[n] {
			l.box.unbook(of[len(of)-1])
		}
	}
}

// flush is what an event leads to, after what is too much was forgotten.
func (l *Lobby) flush() []Out {
	if l.box.heavy {
		l.box.heavy = false
		l.shed()
	}
	return l.box.flush()
}

// shed forgets until an eighth of what may be kept is free, so that it is seldom done:
// for a network, and in all. In all, those who have most give up to half of it.
func (l *Lobby) shed() {
	books, limits := l.box.books, &l.box.limits
	names := slices.Sorted(maps.Keys(l.box.members))
	for _, n := range names {
		if n != "" && books.of[n] > limits.Share {
			l.lighten(l.box.members[n], append(forgetting[:], expelling), func() bool { return books.of[n] > limits.Share/8*7 })
		}
	}
	if books.loose <= limits.Kept {
		return
	}
	sums := map[string]int{}
	for _, n := range names {
		for _, m := range l.box.members[n] {
			sums[n] += m.loosely
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return sums[b] - sums[a] })
	for _, n := range names {
		until := max(books.loose-sums[n]/2-1, limits.Kept/8*7)
		l.lighten(l.box.members[n], forgetting[:], func() bool { return books.loose > until })
		if books.loose <= limits.Kept/8*7 {
			return
		}
	}
}

// forgets is one kind of what is forgotten.
type forgets struct {
	what Forgotten
	whom func(*member) bool
	do   func(*Lobby, *member)
}

// forgetting is all kinds, in their order; those whose connection is there go at last, and
// for their own network alone.
var (
	forgetting = [...]forgets{
		{ForgotRoom, func(m *member) bool { return m.room.deserted() }, (*Lobby).remove},
		{ForgotMessages, func(m *member) bool { return m.conn == 0 && m.stream.Size() > 0 }, (*Lobby).unsay},
		{ForgotMessages, func(m *member) bool { return m.stream.Size() > 0 }, (*Lobby).unsay},
		{ForgotAway, func(m *member) bool { return m.conn == 0 }, (*Lobby).remove},
	}
	expelling = forgets{ForgotMember, func(*member) bool { return true }, (*Lobby).expel}
)

// lighten forgets what is kept for some members while it is too much, of each kind what
// is idle for longest first.
func (l *Lobby) lighten(of []*member, steps []forgets, much func() bool) {
	of = slices.Clone(of) // Some of them are forgotten.
	for _, step := range steps {
		var some []*member
		for _, m := range of {
			if m.weighed > 0 && step.whom(m) {
				some = append(some, m)
			}
		}
		slices.SortFunc(some, func(a, b *member) int { return cmp.Or(a.heard-b.heard, a.room.born-b.room.born, int(a.id)-int(b.id)) })
		for _, m := range some {
			if !much() {
				return
			}
			step.do(l, m)
			l.forgot(step.what)
		}
	}
}

func (l *Lobby) forgot(what Forgotten) {
	if l.box.limits.Forgot != nil {
		l.box.limits.Forgot(what)
	}
}

// deserted reports whether nobody connected is in a room.
func (r *room) deserted() bool {
	return !slices.ContainsFunc(r.members, func(m *member) bool { return m.conn != 0 })
}

// unsay forgets what a member has yet to hear, if it is away, or to confirm.
func (l *Lobby) unsay(m *member) {
	m.stream.Forget()
	l.box.weigh(m)
}

// expel removes a member whose connection is there.
func (l *Lobby) expel(m *member) {
	l.refuse(m.conn, protocol.CodeBusy, "the server keeps too much for your network")
	l.remove(m)
}

// vacate forgets the room that nobody connected is in for the longest time, so that
// there is one for a newcomer, and reports whether there was one.
func (l *Lobby) vacate() bool {
	i := slices.IndexFunc(l.waiting, func(m *member) bool { return m.room.deserted() })
	if i < 0 {
		return false
	}
	for _, m := range slices.Clone(l.waiting[i].room.members) {
		l.remove(m)
		l.forgot(ForgotRoom)
	}
	return true
}
