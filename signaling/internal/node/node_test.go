package node

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// Whatever dies, sleeps or is cut off, no two nodes act for one slot, nobody
// hears a signal twice or out of order, and when all is well again, everybody
// who has company plays.
func TestThreeNodesAndTheirTroubles(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			w := trouble(seed)
			if w.fault != "" {
				t.Fatalf("seed %d: %s", seed, w.fault)
			}
			for i, g := range w.clients {
				if g.started == 0 && len(g.members) > 1 || !g.here {
					t.Errorf("seed %d: client %d (%d in %s/%s, members %v, here %v, playing %v) is stuck", seed, i, g.self, g.game, g.code, g.members, g.here, g.playing)
				}
			}
			if w.claims == 0 || w.played == 0 {
				t.Errorf("seed %d: %d claims and %d starts say nothing", seed, w.claims, w.played)
			}
		})
	}
}

// trouble is one minute of it, and one without.
func trouble(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), leases: map[string]cluster.Lease{}, lines: map[string]time.Duration{}}
	for range 3 {
		w.boot()
	}
	for i := range 12 {
		g := &guy{w: w, game: fmt.Sprint("game", i%3)}
		g.fresh()
		w.clients = append(w.clients, g)
		w.after(w.some(time.Second), g.connect)
		w.after(w.some(time.Second), g.think)
	}
	w.faults = true
	for range 20 {
		w.run(w.some(6 * time.Second))
		m := w.nodes[w.rng.IntN(len(w.nodes))]
		switch w.rng.IntN(6) {
		case 0:
			w.kill(m)
		case 1:
			m.asleep = max(m.asleep, w.now+w.some(5*time.Second))
			w.sleeps++
		case 2, 3:
			m.cut = true
			w.cuts++
		default:
			w.heal()
		}
	}
	w.heal()
	w.faults = false
	w.run(40 * time.Second)
	for _, g := range w.clients {
		g.started = 0
	}
	w.run(40 * time.Second)
	return w
}

// kill ends a machine at once, and starts another in its place.
func (w *world) kill(m *machine) {
	w.kills++
	m.dead = true
	for i, o := range w.nodes {
		if o == m {
			w.nodes = append(w.nodes[:i:i], w.nodes[i+1:]...)
		}
	}
	for _, id := range sorted(m.socks) {
		m.socks[id].end()
	}
	w.boot()
}

// heal puts everybody back, who then hears how things are.
func (w *world) heal() {
	for _, m := range w.nodes {
		if m.cut {
			m.cut = false
			for _, k := range sorted(w.leases) {
				m.hears(w.leases[k])
			}
		}
	}
}

// A stranger who names a room just when its owner has died makes none in its
// place: those who were there come back first.
func TestAStrangerIsNotFirst(t *testing.T) {
	now := time.Second
	n := New("a", func() time.Duration { return now }, func() *lobby.Lobby { return lobby.New(lobby.Limits{}, rand.New(rand.NewPCG(1, 1)).Uint64) }, outlet{})
	var said []lobby.Out
	pass := func(d time.Duration) {
		for range d / (100 * time.Millisecond) {
			now += 100 * time.Millisecond
			n.Packet("a", packet{kind: beat}.encode())
			said = append(said, n.Poll()...)
		}
	}
	slot := cluster.SlotOf("pong")
	n.Lease(cluster.Lease{Slot: slot, Node: "dead", Term: 5})
	pass(patience)
	place := protocol.Place{Game: "pong", Code: "A", Min: 2, Max: 3}
	said = append(said, n.Enter(1, place, protocol.Message{Kind: protocol.Hello}, lobby.From{})...)
	pass(200 * time.Millisecond)
	if !n.slots[slot].asking {
		t.Fatal("nobody claims the slot")
	}
	said = append(said, n.Claimed(slot, cluster.Lease{Slot: slot, Node: "a", Term: 6}, nil)...)
	if len(said) > 0 {
		t.Fatalf("the stranger was told %+v", said)
	}
	resume := protocol.Message{Kind: protocol.Hello, Resume: "0123456789abcdef0123456789abcdef", Self: 1, Round: 2}
	if said = n.Enter(2, place, resume, lobby.From{}); len(said) != 1 || said[0].To != 2 || said[0].Message.Kind != protocol.Welcome {
		t.Fatalf("%+v", said)
	}
	said = nil
	pass(100 * time.Millisecond)
	if len(said) == 0 || said[0].To != 1 || said[0].Message.Kind != protocol.Welcome || len(said[0].Message.Members) != 2 {
		t.Fatalf("%+v", said)
	}

	// Where nobody comes back a stranger makes the room after all.
	place.Code = "B"
	said = n.Enter(3, place, protocol.Message{Kind: protocol.Hello}, lobby.From{})
	for end := n.slots[slot].settled; now < end; {
		if len(said) > 0 {
			t.Fatalf("too early: %+v", said)
		}
		n.Claimed(slot, cluster.Lease{Slot: slot, Node: "a", Term: n.slots[slot].lease.Term + 1}, nil)
		pass(100 * time.Millisecond)
	}
	if len(said) != 1 || said[0].To != 3 || said[0].Message.Code != "B" {
		t.Fatalf("%+v", said)
	}
}

// outlet lets everything fall.
type outlet struct{}

func (outlet) Publish(string, []byte) {}
func (outlet) Claim(string, uint64)   {}
func (outlet) Release(string, uint64) {}
func (outlet) Turned(string, Turn)    {}
func (outlet) Seen(string, bool)      {}
func (outlet) Missed(string)          {}

// Whatever comes from another server, nothing breaks, and nothing is kept of
// what makes no sense.
func FuzzNodePacket(f *testing.F) {
	body, _ := json.Marshal(entry{protocol.Place{Game: "pong", Min: 2, Max: 2}, protocol.Message{Kind: protocol.Hello}, lobby.From{}})
	slot := cluster.SlotOf("pong")
	for _, p := range []packet{
		{kind: beat}, {kind: gone}, {kind: seen, end: true, body: []byte("pong/A:1")},
		{kind: enter, conn: 9, seq: 1, slot: slot, body: body},
		{kind: hear, conn: 7, seq: 2, slot: slot, body: []byte(`{"kind":"ping"}`)},
		{kind: lost, conn: 7, slot: slot},
		{kind: out, conn: 1, seq: 1, term: 9, slot: slot, body: []byte(`{"kind":"pong"}`)},
		{kind: out, conn: 2, end: true, slot: slot},
		{kind: none, conn: 2, term: 9, slot: slot, body: []byte("c")},
	} {
		f.Add(p.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		now := time.Second
		n := New("a", func() time.Duration { return now }, func() *lobby.Lobby { return lobby.New(lobby.Limits{}, rand.New(rand.NewPCG(1, 1)).Uint64) }, outlet{})
		n.Packet("b", packet{kind: beat}.encode())
		hello := protocol.Message{Kind: protocol.Hello}
		n.Enter(1, protocol.Place{Game: "pong", Min: 2, Max: 2}, hello, lobby.From{})
		n.Claimed(slot, cluster.Lease{Slot: slot, Node: "a", Term: 3}, nil)
		n.Packet("b", packet{kind: enter, conn: 7, seq: 1, slot: slot, body: body}.encode())
		other := slot
		for i := 0; other == slot; i++ {
			other = cluster.SlotOf(fmt.Sprint(i))
			if other != slot {
				n.Lease(cluster.Lease{Slot: other, Node: "b", Term: 4})
				n.Enter(2, protocol.Place{Game: fmt.Sprint(i), Min: 2, Max: 2}, hello, lobby.From{})
			}
		}
		if rooms, members := n.Count(); rooms != 1 || members != 2 || len(n.guests) != 1 {
			t.Fatalf("%d rooms, %d members, %d guests", rooms, members, len(n.guests))
		}
		n.Packet("b", b)
		now += 100 * time.Millisecond
		n.Poll()
		n.Tick()
		if len(n.guests) != len(n.names) || len(n.guests) > 2 || len(n.ends) > 2 || len(n.slots) > cluster.Slots {
			t.Fatalf("%d guests, %d names, %d sockets", len(n.guests), len(n.names), len(n.ends))
		}
	})
}
