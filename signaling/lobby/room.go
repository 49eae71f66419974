package lobby

import (
	"bytes"
	"fmt"
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
	back              []protocol.ID   // given to those who came back to a revived room
	match             *protocol.Match // the last that started
	opens             int             // the tick when strangers may be put into it, if at all; those who were in it come back before
	missing           int             // how many have yet to come back to it, see Learn
	revived           bool            // made by someone who comes back to a room that the server forgot

	// By the leader, see leader.go:
	leader         protocol.ID
	locked, public bool
	late           bool // newcomers come in while a match is played, too
	data           []byte
	meta           map[string]string
	facts          []fact // the same
	kicked         []string
	secret         string // every token of this room begins with it

	// Of the directory:
	open             bool // strangers may be put into it
	born             int
	inOpen, inPublic bool
	inNews           bool // see Notes
}

// A member is one machine in a room.
type member struct {
	room   *room
	conn   Conn // zero while its connection is lost
	until  int  // the tick when it is given up, while conn is zero
	id     protocol.ID
	token  string
	name   string
	round  int // that it plays or waits for; zero until it has said so
	ready  bool
	linked []protocol.ID
	data   []byte
	near   []beacon
	stream protocol.Stream
}

// playing tells whether the member is still in a match that started.
func (m *member) playing() bool { return 0 < m.round && m.round < m.room.round }

func (m *member) public() protocol.Member {
	return protocol.Member{ID: m.id, Name: m.name, Round: m.round, Ready: m.ready, Data: m.data, Away: m.conn == 0}
}

// playing tells whether a match is still played by somebody.
func (r *room) playing() bool { return slices.ContainsFunc(r.members, (*member).playing) }

// refuses is the code of why a newcomer can't come in; empty: it can.
func (r *room) refuses(hello *protocol.Message) string {
	switch {
	case hello.Resume != "" && slices.Contains(r.kicked, hello.Resume):
		return protocol.CodeKicked
	case hello.Build != r.build:
		return protocol.CodeBuild
	case len(r.members) >= r.max || r.last == 1<<16-1:
		return protocol.CodeFull
	case r.returns(hello), r.missing > 0 && r.knows(hello.Resume):
		return ""
	case len(r.members)+r.missing >= r.max:
		return protocol.CodeFull
	case r.locked:
		return protocol.CodeLocked
	case !r.late && r.playing():
		return protocol.CodePlaying
	}
	return ""
}

// why is that in words.
func (r *room) why(code string, hello *protocol.Message) string {
	switch code {
	case protocol.CodeBuild:
		return fmt.Sprintf("room %s plays build %q and you have %q: update the game, or reload the page", r.code, r.build, hello.Build)
	case protocol.CodeFull:
		return fmt.Sprintf("room %s is full: it is for %d", r.code, r.max)
	case protocol.CodeLocked:
		return fmt.Sprintf("room %s is locked", r.code)
	}
	return fmt.Sprintf("room %s is in a match: try again when it is over", r.code)
}

// secret is what begins the tokens of a room, if a token can be one.
func secret(token string) string {
	if len(token) == 32 {
		return token[:16]
	}
	return ""
}

// knows tells whether a token was given in this room, so that whoever has it
// knows of the room. In one that the server forgot, who came back first has
// told what they begin with.
func (r *room) knows(token string) bool { return token != "" && secret(token) == r.secret }

// returns tells whether a newcomer says that it was in this room before the
// server forgot it. Then it gets its old number again, so that links made
// under it go on to be its links.
func (r *room) returns(hello *protocol.Message) bool {
	return r.revived && r.knows(hello.Resume) && 0 < hello.Self && hello.Self <= old && !slices.Contains(r.back, hello.Self)
}

// old is the last number that someone can get back. In a revived room
// newcomers are numbered from there, since those below have yet to come back.
const old = 1000

// number is the id for a newcomer.
func (r *room) number(hello *protocol.Message) protocol.ID {
	if r.returns(hello) {
		r.back = append(r.back, hello.Self)
		return hello.Self
	}
	r.last++
	return r.last
}

// enter is a newcomer, or somebody who comes back to a room that the server forgot.
func (r *room) enter(m *member, hello *protocol.Message) {
	m.id, m.name, m.near = r.number(hello), hello.Name, beacons(hello.Near)
	if r.revived && r.knows(hello.Resume) {
		r.round = max(r.round, min(hello.Round, protocol.MaxRound))
		r.missing = max(0, r.missing-1)
	}
	r.insert(m)
	changed := r.lead()
	r.welcome(m)
	r.update(m)
	if changed && len(r.members) > 1 {
		r.announce()
	}
}

// remove is the end of a member; empty tells whether it was the last.
func (r *room) remove(m *member) (empty bool) {
	r.members = slices.DeleteFunc(r.members, func(w *member) bool { return w == m })
	for _, w := range r.members {
		r.box.say(w, &protocol.Message{Kind: protocol.Left, From: m.id})
	}
	if len(r.members) == 0 {
		return true
	}
	r.settle()
	r.start()
	return false
}

func (r *room) insert(m *member) {
	i, _ := slices.BinarySearchFunc(r.members, m.id, func(o *member, id protocol.ID) int { return int(o.id) - int(id) })
	r.members = slices.Insert(r.members, i, m)
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

// complete tells whether the next round can start: everybody is here, waits
// for it, and has a link to everybody else.
func (r *room) complete() bool {
	n := len(r.members)
	all := n == r.max // A room that is full need not be asked.
	if !all {
		all = n >= r.min && !slices.ContainsFunc(r.members, func(m *member) bool { return !m.ready })
	}
	for _, a := range r.members {
		if a.conn == 0 || a.round != r.round {
			return false
		}
		for _, b := range r.members {
			if a != b && !slices.Contains(a.linked, b.id) {
				return false
			}
		}
	}
	return all && r.round < protocol.MaxRound
}

// state hears the whole state of a member, as often as it likes.
func (r *room) state(m *member, msg *protocol.Message) {
	before := m.public()
	m.round = min(msg.Round, r.round)
	m.ready = msg.Ready
	m.linked = msg.Linked
	m.data = msg.Data
	after := m.public()
	if before.Round != after.Round || before.Ready != after.Ready || !bytes.Equal(before.Data, after.Data) {
		r.update(m)
	}
	r.start()
}

//go:noinline
func (r *room) signal(m *member, msg *protocol.Message) {
	if to := r.member(msg.To); to != nil && to != m {
		pass := msg.Pass(m.id)
		r.box.say(to, &pass)
	}
}

// start starts the next round if it can.
func (r *room) start() {
	if !r.complete() {
		return
	}
	match := &protocol.Match{Round: r.round, Seed: r.box.random(), Nonce: r.box.name(), Setup: r.setup()}
	for _, m := range r.members {
		match.Seats = append(match.Seats, m.id)
	}
	r.match = match
	r.round++
	for _, m := range r.members {
		r.box.say(m, &protocol.Message{Kind: protocol.Start, Match: match})
	}
}

// welcome tells a member everything.
func (r *room) welcome(m *member) {
	w := m.welcome()
	w.Seq = m.stream.Fresh()
	for _, o := range r.members {
		w.Members = append(w.Members, o.public())
	}
	w.Room = r.shown()
	if r.match != nil && (m.round == r.match.Round || r.playing() && !slices.Contains(r.match.Seats, m.id)) {
		w.Match = r.match
	}
	r.box.say(m, &w)
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
			r.box.say(o, &protocol.Message{Kind: protocol.Update, Round: r.round, Members: []protocol.Member{m.public()}})
		}
	}
}
