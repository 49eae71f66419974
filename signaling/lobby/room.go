package lobby

import (
	"bytes"
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// A room is where members wait for each other, link and play one round after
// another. It knows no other room and no connection but as where to speak.
type room struct {
	box               *outbox
	game, code, build string
	min, max          int
	round             int             // the next to start
	members           []*member       // by id, ascending
	last              protocol.ID     // given to a newcomer; the next gets the one after
	match             *protocol.Match // the last that started
	size              int             // see measure
	waits             int             // the tick since when a company that wants to play waits for others; zero: none does
	opens             int             // the tick when strangers may be put into it, if at all; those who were in it come back before
	missing           int             // how many have yet to come back to it, see Learn
	revived           bool            // made by someone who comes back to a room that the server forgot
	life              int             // how many times that has happened to it, at least
	known             []string        // identities of those who were in it

	// By the leader, see leader.go:
	leader         protocol.ID
	locked, public bool
	late           bool // newcomers come in while a match is played, too
	data           []byte
	meta           map[string]string
	facts          []fact // the same
	kicked         []protocol.ID
	secret         string   // every token of this room begins with it, see proof.go
	key            [16]byte // and proves by this what its holder was

	// Of the directory:
	open             bool // strangers may be put into it
	born, made       int  // in which order, and at which tick
	inOpen, inPublic bool
	inNews, inUneasy bool // see Notes, and uneasy
}

// A member is one machine in a room.
type member struct {
	room    *room
	conn    Conn   // zero while its connection is lost
	heard   int    // the tick when it said something last, or was lost
	ill     int    // the tick since when it is not in the company of those who are linked; zero: it is
	asked   int    // the tick when a signal was first passed to it,
	spoke   bool   // and whether it has ever said one
	chance  bool   // it came to be put together with anybody
	moved   int    // the tick when it was moved to another room, see rescue; zero: never
	proven  bool   // it was in the room before the server forgot it
	since   uint64 // what it says before it has heard this number was meant for another room
	doubted int    // the tick when somebody with the same identity came while its connection was there
	id      protocol.ID
	token   string
	network string // that it comes from
	booked  int    // where it is among those of its network
	weighed int    // what is kept for it, as the books have it,
	loosely int    // and of that what does not depend on its connection
	who     string // its identity, if it has one
	name    string
	round   int // that it plays or waits for; zero until it has said so. It may know of more rounds than a room that was forgotten
	ready   bool
	linked  []protocol.ID
	data    []byte
	near    []beacon
	stream  protocol.Stream
}

func (m *member) public() protocol.Member {
	return protocol.Member{ID: m.id, Name: m.name, Round: min(m.round, m.room.round), Ready: m.ready, Data: m.data, Away: m.conn == 0}
}

// newMember makes one of a newcomer, or of somebody who comes back to a room that
// the server forgot. It gets a place by enter.
func (r *room) newMember(c Conn, hello *protocol.Message) *member {
	m := &member{room: r, conn: c, heard: r.box.now, who: hello.Who, name: hello.Name, near: beacons(hello.Near)}
	if m.proven = r.returns(hello); m.proven {
		r.missing = max(0, r.missing-1)
		if r.revived {
			r.outlive(hello)
			r.round = max(r.round, min(hello.Round, protocol.MaxRound/2)) // If it lies, rounds are left.
		}
	}
	m.id = r.number(hello)
	m.token = r.token(m.id)
	return m
}

// enter lets a member in.
func (r *room) enter(m *member) {
	r.insert(m)
	r.know(m.who)
	changed := r.lead()
	r.look()
	r.welcome(m)
	r.update(m)
	if changed && len(r.members) > 1 {
		r.announce()
	}
}

// remove is the end of a member; empty reports whether it was the last.
func (r *room) remove(m *member) (empty bool) {
	r.members = slices.DeleteFunc(r.members, func(w *member) bool { return w == m })
	for _, w := range r.members {
		r.box.say(w, &protocol.Message{Kind: protocol.Left, From: m.id})
	}
	if len(r.members) == 0 {
		return true
	}
	r.measure()
	r.settle()
	r.start()
	return false
}

func (r *room) insert(m *member) {
	i, _ := slices.BinarySearchFunc(r.members, m.id, func(o *member, id protocol.ID) int { return int(o.id) - int(id) })
	r.members = slices.Insert(r.members, i, m)
	r.box.book(m)
	r.measure()
}

func (r *room) member(id protocol.ID) *member {
	for _, m := range r.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (r *room) anyAway() bool {
	return slices.ContainsFunc(r.members, func(m *member) bool { return m.conn == 0 })
}

// state hears the whole state of a member, as often as it likes.
func (r *room) state(m *member, msg *protocol.Message) {
	before := m.public()
	m.round = msg.Round
	m.ready = msg.Ready
	m.linked = msg.Linked
	m.data = msg.Data
	r.box.weigh(m)
	after := m.public()
	if before.Round != after.Round || before.Ready != after.Ready || !bytes.Equal(before.Data, after.Data) {
		r.update(m)
	}
	r.start()
}

//go:noinline
func (r *room) signal(m *member, msg *protocol.Message) {
	m.spoke = true
	if to := r.member(msg.To); to != nil && to != m {
		if to.asked == 0 {
			to.asked = r.box.now
		}
		pass := msg.Pass(m.id)
		r.box.say(to, &pass)
	}
}

// welcome tells a member everything.
func (r *room) welcome(m *member) {
	w := m.welcome()
	w.Seq = m.stream.Fresh()
	for i, o := range r.members {
		w.Members = append(w.Members, o.public())
		if i >= protocol.MaxWhole {
			w.Members[i].Data = nil // One message holds no more: it follows.
		}
	}
	w.Room = r.shown()
	if r.match != nil && (m.round == r.match.Round || r.playing() && !slices.Contains(r.match.Seats, m.id)) {
		w.Match = r.match
	}
	r.box.say(m, &w)
	for i, o := range r.members {
		if i >= protocol.MaxWhole && o != m && len(o.data) > 0 {
			r.updateOne(m, o)
		}
	}
}

// welcome is what every Welcome of this member has.
func (m *member) welcome() protocol.Message {
	r := m.room
	return protocol.Message{
		Kind: protocol.Welcome, Ack: m.stream.Heard, Self: m.id, Token: m.token, Code: r.code,
		Min: r.min, Max: r.max, Round: r.round,
	}
}

// update tells the others about a member.
func (r *room) update(m *member) {
	for _, o := range r.members {
		if o != m {
			r.updateOne(o, m)
		}
	}
}

// updateOne tells one member about another.
func (r *room) updateOne(to, m *member) {
	r.box.say(to, &protocol.Message{Kind: protocol.Update, Round: r.round, Members: []protocol.Member{m.public()}})
}
