package mesh

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

var seed = flag.Uint64("seed", 0, "play only this seed")

// TestRandomOrders plays rooms of two to four with a server that restarts and
// loses, doubles and reorders signals, and links that break, in every order
// that a seed may think of. Whatever happened, once it is over everybody is
// linked to everybody, plays the same match, and the next one after it.
func TestRandomOrders(t *testing.T) {
	for s := uint64(1); s <= 500; s++ {
		if *seed != 0 {
			s = *seed
		}
		if err := playRoom(s); err != nil {
			t.Fatalf("%v\ngo test ./netcode/rtc/mesh -run TestRandomOrders -seed %d", err, s)
		}
		if *seed != 0 {
			return
		}
	}
}

// A room of machines, the server, and what is on its way.
type world struct {
	*rand.Rand
	machines []*machine
	links    []*link       // that signalled
	present  []protocol.ID // members, as the server knows
	states   map[protocol.ID]protocol.Message
	round    int
	matches  map[int]string // seats by round
	loss     float64
	trouble  bool
	down     int // ticks until the server is back
	err      error
}

type machine struct {
	Mesh
	id     protocol.ID
	links  map[protocol.ID]*link
	inbox  []protocol.Message
	state  string // the last State said
	starts []int
}

type link struct {
	offer, open bool
	confused    bool // it heard what was for another link, and will never open
	age         int
	peer        *link // of the offer or answer that this end heard
}

func playRoom(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	n := 2 + r.IntN(3)
	w := &world{Rand: r, states: map[protocol.ID]protocol.Message{}, round: 1, matches: map[int]string{}, loss: 0.2}
	for i := range n {
		w.machines = append(w.machines, &machine{id: protocol.ID(i + 1), links: map[protocol.ID]*link{}})
	}
	all := func(ok func(*machine) bool) func() bool {
		return func() bool {
			return !slices.ContainsFunc(w.machines, func(m *machine) bool { return !ok(m) })
		}
	}
	for _, m := range w.machines {
		w.enter(m)
		w.run(r.IntN(20), nil)
	}
	in := func(round int) func() bool {
		return all(func(m *machine) bool { return m.Match() != nil && m.Match().Round == round })
	}
	if !w.run(300, in(1)) {
		return w.fail("no first match")
	}
	w.trouble, w.loss = true, 0.5
	w.run(300, nil)
	w.trouble, w.loss = false, 0
	linked := all(func(m *machine) bool {
		for _, p := range m.Peers(nil) {
			if p.Link != Linked {
				return false
			}
		}
		return len(m.peers) == n-1 && w.down == 0
	})
	if !w.run(500, linked) {
		return w.fail("not healed")
	}
	for round := 2; round < 5; round++ {
		for _, i := range r.Perm(n) {
			w.machines[i].EndMatch()
			w.run(r.IntN(5), nil)
		}
		if !w.run(100, in(round)) {
			return w.fail(fmt.Sprintf("no match %d", round))
		}
	}
	return w.err
}

func (w *world) fail(what string) error {
	if w.err != nil {
		return w.err
	}
	for _, m := range w.machines {
		what += fmt.Sprintf("\n  %d: match %v, %s", m.id, m.Match(), m.state)
		for _, p := range m.peers {
			what += fmt.Sprintf("\n    %d: %v", p.ID, *p)
		}
	}
	return fmt.Errorf("%s", what)
}

// run lets ticks pass until ok, and tells whether it came to that.
func (w *world) run(ticks int, ok func() bool) bool {
	for range ticks {
		if ok != nil && ok() || w.err != nil {
			return w.err == nil
		}
		w.tick()
	}
	return ok != nil && ok()
}

func (w *world) tick() {
	if w.trouble && w.down == 0 && w.IntN(60) == 0 { // The server is killed, and started again with nothing in its head.
		w.down, w.present, w.states = 1+w.IntN(80), nil, map[protocol.ID]protocol.Message{}
		for _, m := range w.machines {
			m.inbox = nil
		}
	}
	if w.down > 0 {
		w.down--
	} else {
		for _, i := range w.Perm(len(w.machines)) {
			if m := w.machines[i]; m.self != 0 && !slices.Contains(w.present, m.id) && w.IntN(5) == 0 {
				w.enter(m)
			}
		}
	}
	for _, i := range w.Perm(len(w.machines)) {
		m := w.machines[i]
		for len(m.inbox) > 0 && w.IntN(4) > 0 {
			msg := m.inbox[0]
			m.inbox = m.inbox[1:]
			m.Hear(msg)
			w.obey(m)
		}
		for _, p := range w.machines {
			if l := m.links[p.id]; l != nil {
				w.drive(m, p, l)
			}
		}
		m.Tick()
		w.obey(m)
	}
	w.start()
}

// name is the signal of a link: who it is.
func (w *world) name(l *link) []byte {
	i := slices.Index(w.links, l)
	if i < 0 {
		i = len(w.links)
		w.links = append(w.links, l)
	}
	return fmt.Append(nil, i)
}

// drive lets one end of a link live for a tick.
func (w *world) drive(m, p *machine, l *link) {
	l.age++
	switch other := p.links[m.id]; {
	case l.open && (other == nil || other != l.peer && other.peer != l), // The other end is gone.
		w.trouble && w.IntN(200) == 0, !l.open && l.age > 80:
		delete(m.links, p.id)
		m.Closed(p.id, "broken")
	case !l.open && l.offer && l.age%5 == 1:
		m.Carry(p.id, w.name(l))
	case !l.open && !l.confused && l.peer != nil && (l.offer || l.peer.open):
		l.open = true
		m.Opened(p.id)
	}
	w.obey(m)
}

func (w *world) enter(m *machine) {
	msg := protocol.Message{Kind: protocol.Welcome, Self: m.id, Code: "fox", Min: len(w.machines), Max: len(w.machines)}
	for _, id := range w.present {
		msg.Members = append(msg.Members, protocol.Member{ID: id})
		other := w.machines[id-1]
		other.inbox = append(other.inbox, protocol.Message{Kind: protocol.Update, Members: []protocol.Member{{ID: m.id}}})
	}
	msg.Round = w.round
	w.present = append(w.present, m.id)
	m.inbox = append(m.inbox, msg)
}

// start is the server's rule: everybody here, for the same round, and linked.
func (w *world) start() {
	if len(w.present) < len(w.machines) {
		return
	}
	for _, id := range w.present {
		if s := w.states[id]; s.Round != w.round || len(s.Linked) != len(w.machines)-1 {
			return
		}
	}
	match := &protocol.Match{Round: w.round, Seats: slices.Clone(w.present), Nonce: make([]byte, 16)}
	w.matches[w.round] = fmt.Sprint(match.Seats)
	w.round++
	for _, m := range w.machines {
		m.inbox = append(m.inbox, protocol.Message{Kind: protocol.Start, Match: match})
	}
}

// obey carries out what a mesh wants, and looks whether it may.
func (w *world) obey(m *machine) {
	for o, ok := m.Next(); ok; o, ok = m.Next() {
		l := m.links[o.Peer]
		bad := func(what string) { w.err = fmt.Errorf("%d: %s: %+v", m.id, what, o) }
		switch o.Kind {
		case Open:
			if l != nil {
				bad("opened twice")
			}
			if o.Offer != (m.id > o.Peer) {
				bad("wrong end offers")
			}
			m.links[o.Peer] = &link{offer: o.Offer}
		case Close:
			if l == nil {
				bad("nothing to close")
			}
			delete(m.links, o.Peer)
		case Signal:
			if l == nil {
				bad("signal for no link")
				continue
			}
			var i int
			fmt.Sscan(string(o.Payload), &i)
			heard := w.links[i]
			l.confused = l.confused || heard.offer == l.offer || l.peer != nil && heard != l.peer
			if l.peer = heard; !l.offer {
				m.Carry(o.Peer, w.name(l))
			}
		case Start:
			if len(m.starts) > 0 && m.starts[len(m.starts)-1] >= o.Match.Round {
				bad("started again")
			}
			m.starts = append(m.starts, o.Match.Round)
			if fmt.Sprint(o.Match.Seats) != w.matches[o.Match.Round] {
				bad("other seats")
			}
		case Say:
			if w.down > 0 || !slices.Contains(w.present, m.id) {
				continue
			}
			if o.Message.Kind == protocol.State {
				m.state = fmt.Sprintf("state %d %v", o.Message.Round, o.Message.Linked)
				w.states[m.id] = o.Message
				continue
			}
			to := w.machines[o.Message.To-1]
			msg := protocol.Message{Kind: protocol.Signal, From: m.id, Payload: o.Message.Payload}
			for w.Float64() > w.loss {
				to.inbox = append(to.inbox, msg)
				if k := len(to.inbox); k > 1 && w.IntN(3) == 0 && to.inbox[k-2].Kind == protocol.Signal {
					to.inbox[k-1], to.inbox[k-2] = to.inbox[k-2], to.inbox[k-1]
				}
				if w.loss == 0 || w.IntN(5) > 0 {
					break
				}
			}
		}
	}
}
