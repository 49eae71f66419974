// Package lobby is the logic of the signaling service: rooms, their members, and when a
// match starts. Events go in, messages come out. It is pure: no I/O, clock, goroutine or
// lock. Time is the number of calls of Tick, and randomness is a function from outside. It
// knows no socket, origin or relay.
package lobby

import (
	"fmt"
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// Conn names a connection of the server's; it is never zero and never reused.
type Conn uint64

// Out is something for the server to do: say Message (if it has a Kind), then
// end the connection (if Close).
type Out struct {
	To      Conn
	Message protocol.Message
	Close   bool
}

// Limits of a lobby. Zero means the default.
type Limits struct {
	Rooms     int             // default 10,000
	Count     func() int      // of the rooms that this is the limit of, where there are other lobbies beside this one; default: of its own
	Notes     bool            // keep them for other lobbies, see Notes
	Grace     int             // ticks that a member without connection is kept; default 30. So long a place is kept from newcomers, too, for a member that nobody is linked to
	PlayGrace int             // ticks that it is kept while others who play are linked to it; default 600
	Patience  int             // ticks that a round waits for a member that is away, or not linked to the others; default 10
	Doubt     int             // ticks of silence after which a connection counts as dead for another that comes in its place; default 7
	Key       []byte          // makes the keys of rooms, by which tokens prove what their holders were: a lobby with the same one knows the tokens of this
	Knows     bool            // there was no other Key: a token that proves nothing was never given. If not, whoever has one may make the room of a code anew, as a newcomer
	Settle    int             // ticks from the start in which a code that leads nowhere may be that of a room whose members are not back yet; default none
	Share     int             // bytes that are kept for the members of one network, about; default 8 MiB
	Kept      int             // for all members that are away, and of what others have yet to confirm; default 20 MiB
	Books     *Books          // that count them; default: of its own
	Forgot    func(Forgotten) // is told what was too much; default: nobody
	Since     int64           // when it begins, in ticks of a clock that all lobbies with that Key share: of two rooms of one code that members come back to, the later is known by it
}

// Lobby is the directory of all rooms, the rooms, and which member speaks by
// which connection.
type Lobby struct {
	directory
	conns   map[Conn]*member
	tokens  map[string]*member
	waiting []*member // those without connection
}

// New makes an empty lobby. Codes, tokens, seeds and nonces come from random,
// which must be unguessable where that matters.
func New(l Limits, random func() uint64) *Lobby {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Rooms, 10_000}, {&l.Grace, 30}, {&l.PlayGrace, 600}, {&l.Patience, 10}, {&l.Doubt, 7}, {&l.Share, 8 << 20}, {&l.Kept, 20 << 20}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if l.Books == nil {
		l.Books = NewBooks()
	}
	box := &outbox{random: random, now: 1, limits: l, books: l.Books, members: map[string][]*member{}}
	return &Lobby{
		directory: directory{box: box, rooms: map[string]*room{}, past: map[string]int{}, learned: map[string]*room{}},
		conns:     map[Conn]*member{},
		tokens:    map[string]*member{},
	}
}

// Count tells how many rooms there are, and how many members in them.
func (l *Lobby) Count() (rooms, members int) { return len(l.rooms), len(l.tokens) }

// Has reports whether there is a room of that game and code, or was one.
func (l *Lobby) Has(p protocol.Place) bool {
	k := key(p.Game, p.Code)
	return l.rooms[k] != nil || l.learned[k] != nil || l.past[k] > l.box.now
}

// From is where a connection comes from.
type From struct {
	Network string `json:",omitempty"` // whose share is what is kept for it, see Limits.Share; empty: nobody's
	Tired   bool   `json:",omitempty"` // so many codes came from there that led nowhere that it is not told where another leads
}

// Enter is the Hello of a new connection. It ends in a Welcome, or in an Error
// and the end of the connection. What this, Hear, Lost and Tick return is valid
// until the next of them.
func (l *Lobby) Enter(c Conn, p protocol.Place, hello protocol.Message, from From) []Out {
	if hello.Kind == protocol.List && l.conns[c] == nil {
		rooms := l.list(p.Game, hello.Build, hello.Query)
		l.box.out = append(l.box.out, Out{To: c, Message: protocol.Message{Kind: protocol.Rooms, Rooms: rooms}, Close: true})
		return l.flush()
	}
	if hello.Kind != protocol.Hello || l.conns[c] != nil {
		l.refuse(c, protocol.CodeBad, fmt.Sprintf("%q came where hello must come first, and once", hello.Kind))
		return l.flush()
	}
	if m := l.tokens[hello.Resume]; m != nil && m.room.game == p.Game {
		l.resume(c, m, hello.Ack)
		return l.flush()
	}
	if from.Tired && p.Code != "" && !l.proven(p, &hello) {
		l.refuse(c, protocol.CodeRate, "too many rooms were asked for that were not to be had, from your network or by many at once: wait some minutes")
		return l.flush()
	}
	r, code, why := l.find(p, &hello)
	if code == protocol.CodeBusy && l.vacate() {
		r, code, why = l.find(p, &hello)
	}
	if r == nil {
		l.refuse(c, code, why)
		return l.flush()
	}
	l.revive(r)
	if l.yields(r, &hello) {
		l.yield(r, &hello)
	}
	l.makeWay(r, &hello)
	r.ask(&hello)
	m := r.newMember(c, &hello)
	m.chance, m.network = p.Code == "" && !p.New || hello.Open > 0, from.Network
	l.conns[c] = m
	l.tokens[m.token] = m
	r.enter(m)
	l.file(r)
	return l.flush()
}

// Hear is a message of a connection that has entered; it is read during the
// call only.
func (l *Lobby) Hear(c Conn, msg *protocol.Message) []Out {
	m := l.conns[c]
	if m == nil {
		return nil
	}
	m.heard = l.box.now
	fresh := m.stream.Hear(msg)
	l.box.weigh(m)
	if !fresh {
		return nil // It was said again after a resume.
	}
	if 0 < msg.Ack && msg.Ack < m.since && msg.Kind != protocol.Leave && msg.Kind != protocol.Ping {
		return nil
	}
	switch msg.Kind {
	case protocol.State:
		m.room.state(m, msg)
		l.file(m.room)
	case protocol.Signal:
		m.room.signal(m, msg)
	case protocol.Ping:
		l.pong(m)
	case protocol.Leave:
		l.leave(m)
	case protocol.SetRoom:
		m.room.set(m, msg)
		l.file(m.room)
	case protocol.Kick:
		l.kick(m, msg.To)
	default:
		l.stranger(m, msg.Kind)
	}
	return l.flush()
}

// A Message is large, and a connection keeps the stack that its largest call
// took: what most of them do has frames of its own, and passes pointers.

//go:noinline
func (l *Lobby) pong(m *member) {
	l.box.say(m, &protocol.Message{Kind: protocol.Pong, Ack: m.stream.Heard})
}

//go:noinline
func (l *Lobby) leave(m *member) {
	l.box.out = append(l.box.out, Out{To: m.conn, Close: true})
	l.remove(m)
}

//go:noinline
func (l *Lobby) kick(m *member, id protocol.ID) {
	out := m.room.member(id)
	switch {
	case m.id != m.room.leader:
		l.box.object(m, protocol.CodeLeader, "only the leader may kick")
	case out != nil && out != m:
		if out.conn != 0 {
			l.refuse(out.conn, protocol.CodeKicked, fmt.Sprintf("the leader of room %s has put this member out", m.room.code))
		}
		m.room.ban(out)
		l.remove(out)
	}
}

//go:noinline
func (l *Lobby) stranger(m *member, k protocol.Kind) {
	if k == protocol.Hello || k == protocol.List {
		l.refuse(m.conn, protocol.CodeBad, fmt.Sprintf("a member may not say %q", k))
		l.lost(m)
		return
	}
	l.box.object(m, protocol.CodeUnknown, fmt.Sprintf("this server knows no %q", k))
}

// Lost tells that a connection has ended. Its member is kept for a while.
func (l *Lobby) Lost(c Conn) []Out {
	if m := l.conns[c]; m != nil {
		l.lost(m)
	}
	return l.flush()
}

// Tick is called once in every unit of time, such as a second.
func (l *Lobby) Tick() []Out {
	l.box.now++
	for _, m := range slices.Clone(l.waiting) {
		if away := l.box.now - m.heard; away >= l.box.limits.PlayGrace || away >= l.box.limits.Grace && !m.room.plays(m) {
			l.remove(m)
		}
	}
	for _, r := range l.worried() {
		for m := r.answers(); m != nil; m = r.answers() {
			l.box.out = append(l.box.out, Out{To: m.conn, Close: true})
			l.remove(m)
		}
		r.start()
		l.rescue(r)
		l.file(r)
	}
	l.expire()
	return l.flush()
}

// resume gives a member a new connection. It is told what it has missed since
// ack, or everything if that is not held any more.
func (l *Lobby) resume(c Conn, m *member, ack uint64) {
	if m.conn != 0 {
		// The old connection is dead and does not know it yet.
		l.box.out = append(l.box.out, Out{To: m.conn, Close: true})
		delete(l.conns, m.conn)
	} else {
		l.waiting = slices.DeleteFunc(l.waiting, func(w *member) bool { return w == m })
	}
	m.conn, m.heard = c, l.box.now
	l.box.weigh(m)
	l.conns[c] = m
	led := m.room.lead()
	if missed, all := m.stream.Since(ack); all && ack > 0 {
		w := m.welcome()
		w.Resumed, w.Seq = true, ack
		l.box.say(m, &w)
		for _, msg := range missed {
			l.box.out = append(l.box.out, Out{To: c, Message: msg})
		}
	} else {
		m.room.welcome(m)
	}
	m.room.update(m)
	if led {
		m.room.announce()
	}
	m.room.start()
	l.file(m.room)
}

func (l *Lobby) lost(m *member) {
	delete(l.conns, m.conn)
	m.conn = 0
	m.heard = l.box.now
	l.waiting = append(l.waiting, m)
	l.box.weigh(m)
	m.room.look()
	m.room.update(m)
	m.room.settle()
	l.file(m.room)
}

func (l *Lobby) remove(m *member) {
	l.forget(m)
	if r := m.room; r.remove(m) {
		if m.conn == 0 {
			l.ends(deserted(r.secret), l.box.limits.PlayGrace)
		}
		l.close(r)
	} else {
		l.file(r)
	}
}

// forget takes a member off the books, whose room has yet to hear of it.
func (l *Lobby) forget(m *member) {
	l.box.unbook(m)
	if m.conn != 0 {
		delete(l.conns, m.conn)
	} else {
		l.waiting = slices.DeleteFunc(l.waiting, func(w *member) bool { return w == m })
	}
	delete(l.tokens, m.token)
}

func (l *Lobby) refuse(c Conn, code, text string) {
	after := 0
	if code == protocol.CodeClosing {
		after = settling
	}
	l.box.out = append(l.box.out, Out{To: c, Message: protocol.Message{Kind: protocol.Error, Code: code, Text: text, After: after}, Close: true})
}

// settling is after how many milliseconds a room may be there whose members have
// to come back first.
const settling = 500
