package node

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// air is what nodes of one test hear one another by: everything at once.
type air struct {
	now   time.Duration
	nodes map[string]*Node
	sent  []parcel
	terms uint64
}

type parcel struct {
	from, to string
	packet   []byte
}

type antenna struct {
	*air
	self string
}

func (a antenna) Publish(to string, b []byte) {
	a.sent = append(a.sent, parcel{a.self, to, slices.Clone(b)})
}
func (a antenna) Claim(string, uint64)   {}
func (a antenna) Release(string, uint64) {}
func (a antenna) Turned(string, Turn)    {}
func (a antenna) Seen(string, bool)      {}
func (a antenna) Missed(string)          {}

func (a *air) boot(self string) *Node {
	rng := rand.New(rand.NewPCG(uint64(len(self)), uint64(len(a.nodes))))
	n := New(self, func() time.Duration { return a.now }, func() *lobby.Lobby { return lobby.New(lobby.Limits{Notes: true}, rng.Uint64) }, antenna{a, self})
	a.nodes[self] = n
	return n
}

// pass lets time pass.
func (a *air) pass(d time.Duration) {
	for range d / (100 * time.Millisecond) {
		a.now += 100 * time.Millisecond
		for _, k := range sorted(a.nodes) {
			n := a.nodes[k]
			for _, s := range n.slots {
				if s.lobby != nil {
					a.own(n, s.name)
				}
			}
			n.Poll()
		}
		for len(a.sent) > 0 {
			p := a.sent[0]
			a.sent = a.sent[1:]
			for _, k := range sorted(a.nodes) {
				if p.to == "" || p.to == k {
					a.nodes[k].Packet(p.from, p.packet)
				}
			}
		}
	}
}

// own gives a slot to a node.
func (a *air) own(n *Node, slot string) {
	a.terms++
	n.slot(slot).asked = a.now
	n.Claimed(slot, cluster.Lease{Slot: slot, Node: n.self, Term: a.terms}, nil)
}

// What an owner noted its successor knows, also one that was not there yet when
// it was noted, and one that hears of it late.
func TestTheNextOwnerKnows(t *testing.T) {
	for _, how := range []string{"there from the start", "new", "late"} {
		t.Run(how, func(t *testing.T) {
			a := &air{now: time.Second, nodes: map[string]*Node{}}
			one := a.boot("one")
			if how != "new" {
				a.boot("two")
			}
			a.pass(time.Second)
			slot := cluster.SlotOf("pong")
			a.own(one, slot)
			place := protocol.Place{Game: "pong", Min: 2, Max: 4, New: true}
			hello := protocol.Message{Kind: protocol.Hello, Build: "1"}
			leader := one.Enter(1, place, hello, lobby.From{})[0].Message
			if leader.Kind != protocol.Welcome {
				t.Fatalf("%+v", leader)
			}
			place.New, place.Code = false, leader.Code
			bad := one.Enter(2, place, hello, lobby.From{})[0].Message
			one.Hear(1, &protocol.Message{Kind: protocol.Kick, To: bad.Self, Seq: 1})
			one.Hear(1, &protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Locked: true}, Seq: 2})
			left := one.Enter(3, protocol.Place{Game: "pong", Min: 2, Max: 4, New: true}, hello, lobby.From{})[0].Message
			one.Hear(3, &protocol.Message{Kind: protocol.Leave})
			if how == "late" {
				one.Poll()
				a.own(a.nodes["two"], slot)
				delete(a.nodes, "one")
			}
			a.pass(200 * time.Millisecond)
			if how == "new" {
				a.boot("two")
				a.pass(time.Second)
			}
			two := a.nodes["two"]
			delete(a.nodes, "one")
			if how != "late" {
				a.pass(patience)
				a.own(two, slot)
			}
			if m := two.Enter(1, place, hello, lobby.From{})[0].Message; m.Code != protocol.CodeRoom {
				t.Errorf("a stranger who comes first to a room that is locked: %+v", m)
			}
			resume := protocol.Message{Kind: protocol.Hello, Build: "1", Resume: bad.Token, Self: bad.Self}
			if m := two.Enter(2, place, resume, lobby.From{})[0].Message; m.Code != protocol.CodeKicked {
				t.Errorf("the kicked member: %+v", m)
			}
			if m := two.Enter(3, protocol.Place{Game: "pong", Code: left.Code, Min: 2, Max: 4}, hello, lobby.From{})[0].Message; m.Code != left.Code {
				t.Errorf("who reloads: %+v", m)
			}
			resume.Resume, resume.Self = leader.Token, leader.Self
			if m := two.Enter(4, place, resume, lobby.From{})[0].Message; m.Self != leader.Self || m.Code != leader.Code || !m.Room.Locked {
				t.Errorf("the leader: %+v", m)
			}
		})
	}
}

// What is kept of notes has a bound, and an end.
func TestNotesEnd(t *testing.T) {
	a := &air{now: time.Second, nodes: map[string]*Node{}}
	n := a.boot("one")
	slot := cluster.SlotOf("pong")
	text := `{"Game":"pong","Code":"BCDFG","Over":9,"Gone":true}` + "\n"
	n.Packet("two", packet{kind: note, slot: slot, body: []byte(text + "junk\n" + `{"Game":"elsewhere"}` + "\n")}.encode())
	n.Packet("two", packet{kind: note, slot: slot, body: []byte(text)}.encode())
	if s := n.slots[slot]; len(s.notes) != 1 || n.notes != len(text) {
		t.Fatalf("%d notes of %d bytes", len(s.notes), n.notes)
	}
	n.Packet("two", packet{kind: note, term: 7, slot: slot, body: []byte(text)}.encode())
	n.Packet("one", packet{kind: note, term: 6, slot: slot, body: []byte(`{"Game":"pong","Code":"BCDFG","Gone":true}`)}.encode())
	if s := n.slots[slot]; len(s.notes) != 1 || n.notes != len(text) {
		t.Fatal("what came late counts")
	}
	n.notes = maxNotesBytes
	n.Packet("two", packet{kind: note, slot: slot, body: []byte(`{"Game":"pong","Code":"BCDFH","Over":9,"Gone":true}`)}.encode())
	if s := n.slots[slot]; len(s.notes) != 1 {
		t.Error("there is no bound")
	}
	n.notes = len(text)
	n.Packet("two", packet{kind: note, term: 7, slot: slot, body: []byte(`{"Game":"pong","Code":"BCDFG","Gone":true}`)}.encode())
	if s := n.slots[slot]; len(s.notes) != 0 || n.notes != 0 {
		t.Errorf("%d notes of %d bytes", len(s.notes), n.notes)
	}
	n.Packet("two", packet{kind: note, slot: slot, body: []byte(text)}.encode())
	a.now += keepNote + time.Minute
	n.Poll()
	if s := n.slots[slot]; len(s.notes) != 0 || n.notes != 0 {
		t.Errorf("%d notes of %d bytes", len(s.notes), n.notes)
	}
}
