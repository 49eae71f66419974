// Package lobby is what the signaling service thinks: rooms, their members,
// and when a match starts. Events go in, messages come out. It is pure: no
// I/O, clock, goroutine or lock; time is how often Tick was called, and
// randomness is a function from outside. It knows no socket, origin or relay.
package lobby

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

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
	Rooms     int // default 10,000
	Grace     int // ticks that a member without connection is kept before a match; default 30
	PlayGrace int // ticks that it is kept while it plays; default 600
}

// Lobby is the directory of all rooms.
type Lobby struct {
	limits  Limits
	random  func() uint64
	now     int
	rooms   map[string]*room // by game and folded code
	open    []*room          // those that strangers may be put into, oldest first
	conns   map[Conn]*member
	tokens  map[string]*member
	waiting []*member // those without connection
	out     []Out
}

// New makes an empty lobby. Codes, tokens, seeds and nonces come from random,
// which must be unguessable where that matters.
func New(l Limits, random func() uint64) *Lobby {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Rooms, 10_000}, {&l.Grace, 30}, {&l.PlayGrace, 600}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return &Lobby{limits: l, random: random, rooms: map[string]*room{}, conns: map[Conn]*member{}, tokens: map[string]*member{}}
}

// Count tells how many rooms there are, and how many members in them.
func (l *Lobby) Count() (rooms, members int) { return len(l.rooms), len(l.tokens) }

// Enter is the Hello of a new connection. It ends in a Welcome, or in an Error
// and the end of the connection. What this, Hear, Lost and Tick return is valid
// until the next of them.
func (l *Lobby) Enter(c Conn, p protocol.Place, hello protocol.Message) []Out {
	if hello.Kind != protocol.Hello || l.conns[c] != nil {
		l.refuse(c, protocol.CodeBad, fmt.Sprintf("%q came where hello must come first, and once", hello.Kind))
		return l.flush()
	}
	if m := l.tokens[hello.Resume]; m != nil && m.room.game == p.Game {
		l.resume(c, m, hello.Ack)
		return l.flush()
	}
	r, code, why := l.find(p, hello)
	if r == nil {
		l.refuse(c, code, why)
		return l.flush()
	}
	m := &member{room: r, conn: c, id: r.number(hello), name: hello.Name, token: l.hex(2)}
	if hello.Resume != "" && r.revived {
		r.round = max(r.round, min(hello.Round, protocol.MaxRound))
	}
	r.insert(m)
	l.conns[c] = m
	l.tokens[m.token] = m
	l.welcome(m)
	l.update(m)
	return l.flush()
}

// Hear is a message of a connection that has entered.
func (l *Lobby) Hear(c Conn, msg protocol.Message) []Out {
	m := l.conns[c]
	if m == nil {
		return nil
	}
	if !m.stream.Hear(&msg) {
		return nil // It was said again after a resume.
	}
	switch msg.Kind {
	case protocol.State:
		l.state(m, &msg)
	case protocol.Signal:
		l.signal(m, &msg)
	case protocol.Ping:
		l.pong(m)
	case protocol.Leave:
		l.leave(m)
	default:
		l.stranger(m, msg.Kind)
	}
	return l.flush()
}

// A Message is large, and a connection keeps the stack that its largest call
// took: what most of them do has frames of its own, and passes pointers.

//go:noinline
func (l *Lobby) signal(m *member, msg *protocol.Message) {
	if to := m.room.member(msg.To); to != nil && to != m {
		l.say(to, &protocol.Message{Kind: protocol.Signal, From: m.id, To: to.id, Payload: msg.Payload})
	}
}

//go:noinline
func (l *Lobby) pong(m *member) {
	l.say(m, &protocol.Message{Kind: protocol.Pong, Ack: m.stream.Heard})
}

//go:noinline
func (l *Lobby) leave(m *member) {
	l.out = append(l.out, Out{To: m.conn, Close: true})
	l.remove(m)
}

//go:noinline
func (l *Lobby) stranger(m *member, k protocol.Kind) {
	l.refuse(m.conn, protocol.CodeBad, fmt.Sprintf("a member may not say %q", k))
	l.lost(m)
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
	l.now++
	for _, m := range slices.Clone(l.waiting) {
		if m.until <= l.now {
			l.remove(m)
		}
	}
	return l.flush()
}

// find is the room for a newcomer, or why there is none.
func (l *Lobby) find(p protocol.Place, hello protocol.Message) (r *room, code, why string) {
	open := p.Code == "" && !p.New
	if p.Code != "" {
		if r = l.rooms[key(p.Game, p.Code)]; r != nil {
			code, why = r.refusal(hello)
			if code != "" {
				return nil, code, why
			}
			return r, "", ""
		}
		open = hello.Resume != "" && hello.Open == 1 // The room was forgotten, and nobody is missed in it.
	}
	if open {
		for _, r := range l.open {
			if code, _ := r.refusal(hello); code == "" && r.game == p.Game && r.min == p.Min && r.max == p.Max && r.opens <= l.now && !r.anyAway() {
				return r, "", ""
			}
		}
	}
	if len(l.rooms) >= l.limits.Rooms {
		return nil, protocol.CodeBusy, fmt.Sprintf("the server has its %d rooms, try again later", l.limits.Rooms)
	}
	r = &room{game: p.Game, code: p.Code, build: hello.Build, min: p.Min, max: p.Max, round: 1, revived: hello.Resume != ""}
	if r.revived {
		r.last = old
	}
	for r.code == "" {
		if c := l.code(); l.rooms[key(p.Game, c)] == nil {
			r.code = c
		}
	}
	l.rooms[key(r.game, r.code)] = r
	if open || r.revived && hello.Open > 0 {
		l.open = append(l.open, r)
	}
	if !open {
		r.opens = l.now + l.limits.Grace
	}
	return r, "", ""
}

// resume gives a member a new connection. It is told what it has missed since
// ack, or everything if that is not held any more.
func (l *Lobby) resume(c Conn, m *member, ack uint64) {
	if m.conn != 0 {
		// The old connection is dead and does not know it yet.
		l.out = append(l.out, Out{To: m.conn, Close: true})
		delete(l.conns, m.conn)
	} else {
		l.waiting = slices.DeleteFunc(l.waiting, func(w *member) bool { return w == m })
	}
	m.conn = c
	l.conns[c] = m
	if missed, all := m.stream.Since(ack); all && ack > 0 {
		w := m.welcome()
		w.Resumed, w.Seq = true, ack
		l.say(m, &w)
		for _, msg := range missed {
			l.out = append(l.out, Out{To: c, Message: msg})
		}
	} else {
		l.welcome(m)
	}
	l.update(m)
	l.start(m.room)
}

func (l *Lobby) lost(m *member) {
	delete(l.conns, m.conn)
	m.conn = 0
	m.until = l.now + l.limits.Grace
	if m.playing() {
		m.until = l.now + l.limits.PlayGrace
	}
	l.waiting = append(l.waiting, m)
	l.update(m)
}

func (l *Lobby) remove(m *member) {
	if m.conn != 0 {
		delete(l.conns, m.conn)
	} else {
		l.waiting = slices.DeleteFunc(l.waiting, func(w *member) bool { return w == m })
	}
	delete(l.tokens, m.token)
	r := m.room
	r.members = slices.DeleteFunc(r.members, func(w *member) bool { return w == m })
	for _, w := range r.members {
		l.say(w, &protocol.Message{Kind: protocol.Left, From: m.id})
	}
	if len(r.members) == 0 {
		delete(l.rooms, key(r.game, r.code))
		l.open = slices.DeleteFunc(l.open, func(o *room) bool { return o == r })
		return
	}
	l.start(r)
}

func (l *Lobby) refuse(c Conn, code, text string) {
	l.out = append(l.out, Out{To: c, Message: protocol.Message{Kind: protocol.Error, Code: code, Text: text}, Close: true})
}

// say tells a member something, now or when it is back.
//
//go:noinline
func (l *Lobby) say(to *member, m *protocol.Message) {
	to.stream.Say(m)
	if to.conn != 0 {
		l.out = append(l.out, Out{To: to.conn, Message: *m})
	}
}

// flush is what an event leads to; it is valid until the next event.
func (l *Lobby) flush() []Out {
	out := l.out
	if l.out = l.out[:0]; cap(out) > 64 {
		l.out = nil
	}
	return out
}

// key folds the case of the code, since codes are spoken.
func key(game, code string) string { return game + "/" + strings.ToUpper(code) }

// letters are easy to say and hard to mistake; without vowels they make no words.
const letters = "BCDFGHJKMNPQRSTVWXYZ23456789"

func (l *Lobby) code() string {
	var b [5]byte
	for i := range b {
		b[i] = letters[l.random()%uint64(len(letters))]
	}
	return string(b[:])
}

// name is a match's nonce: a random UUID (RFC 9562, version 4), so that a log,
// a replay and a bug report can name the match alike.
func (l *Lobby) name() []byte {
	id, err := uuid.NewRandomFromReader(bytes.NewReader(l.bytes(2)))
	if err != nil {
		panic("lobby: 16 bytes are enough for a UUID: " + err.Error())
	}
	return id[:]
}

func (l *Lobby) bytes(words int) []byte {
	var b []byte
	for range words {
		b = binary.BigEndian.AppendUint64(b, l.random())
	}
	return b
}

func (l *Lobby) hex(words int) string { return hex.EncodeToString(l.bytes(words)) }
