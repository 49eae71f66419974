package node

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// world is a cluster and its clients in a variable: nodes whose clocks run at
// different rates and which die, sleep and are cut off; packets, leases and
// notices that come late or never.
type world struct {
	rng    *rand.Rand
	now    time.Duration
	events events
	order  int // of events at one time

	term    uint64
	leases  map[string]cluster.Lease
	nodes   []*machine
	named   int
	lines   map[string]time.Duration // when the last packet of a pair arrives
	clients []*guy
	faults  bool
	fault   string // the first that was seen

	claims, cuts, kills, sleeps, played int
}

type event struct {
	at    time.Duration
	order int
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(e[i].at, e[j].at), cmp.Compare(e[i].order, e[j].order)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.events, event{w.now + d, w.order, do})
}

// some is a random time up to d.
func (w *world) some(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }

func (w *world) run(d time.Duration) {
	for end := w.now + d; len(w.events) > 0 && w.events[0].at <= end && w.fault == ""; {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
		w.check()
	}
}

// check is what must hold at any moment: of no slot two nodes think that it is theirs.
func (w *world) check() {
	owner := map[string]string{}
	for _, m := range w.nodes {
		if m.dead || w.now < m.asleep {
			continue // Whoever sleeps looks at the clock before it acts.
		}
		now := m.clock()
		for k, s := range m.node.slots {
			if s.lobby == nil || !s.sure(now) {
				continue
			}
			if o := owner[k]; o != "" && w.fault == "" {
				w.fault = fmt.Sprintf("%v: %s and %s both act for slot %s", w.now, o, m.node.self, k)
			}
			owner[k] = m.node.self
		}
	}
}

// machine is a server: a node, its sockets, and how it is doing.
type machine struct {
	w      *world
	node   *Node
	rate   float64
	cut    bool
	dead   bool
	asleep time.Duration // until
	inbox  []func() []lobby.Out
	alarm  bool // wake is due
	last   lobby.Conn
	socks  map[lobby.Conn]*sock
}

func (m *machine) clock() time.Duration { return time.Duration(float64(m.w.now) * m.rate) }

func (w *world) boot() *machine {
	w.named++
	m := &machine{w: w, rate: 0.9 + 0.2*w.rng.Float64(), socks: map[lobby.Conn]*sock{}}
	rng := rand.New(rand.NewPCG(w.rng.Uint64(), 2))
	m.node = New(fmt.Sprint("n", w.named), m.clock, func() *lobby.Lobby {
		return lobby.New(lobby.Limits{Notes: true, Grace: 40, PlayGrace: 40}, rng.Uint64)
	}, m)
	w.nodes = append(w.nodes, m)
	var poll, tick func()
	poll = func() { m.do(m.node.Poll); m.again(100*time.Millisecond, poll) }
	tick = func() { m.do(m.node.Tick); m.again(250*time.Millisecond, tick) }
	poll()
	tick()
	for _, l := range w.leases {
		m.hears(l)
	}
	return m
}

func (m *machine) again(d time.Duration, f func()) {
	if !m.dead {
		m.w.after(max(d, m.asleep-m.w.now), f)
	}
}

// do lets the node do something, when it is awake.
func (m *machine) do(f func() []lobby.Out) {
	m.inbox = append(m.inbox, f)
	m.wake()
}

// wake does what there is to do, in order.
func (m *machine) wake() {
	if m.w.now < m.asleep {
		if !m.alarm {
			m.alarm = true
			m.w.after(m.asleep-m.w.now, func() { m.alarm = false; m.wake() })
		}
		return
	}
	inbox := m.inbox
	m.inbox = nil
	for _, f := range inbox {
		if m.dead {
			return
		}
		for _, o := range f() {
			if s := m.socks[o.To]; s != nil {
				s.say(o)
			}
		}
	}
}

func (m *machine) hears(l cluster.Lease) {
	if m.w.faults && m.w.rng.IntN(10) == 0 {
		return // The watch is broken; what comes later heals it.
	}
	m.w.after(m.w.some(200*time.Millisecond), func() {
		if !m.cut {
			m.do(func() []lobby.Out { return m.node.Lease(l) })
		}
	})
}

func (m *machine) Publish(to string, b []byte) {
	w := m.w
	for _, o := range w.nodes {
		if to != "" && o.node.self != to {
			continue
		}
		line := m.node.self + ">" + o.node.self
		at := max(w.now+w.some(30*time.Millisecond), w.lines[line])
		w.lines[line] = at
		if m.cut || w.faults && w.rng.IntN(300) == 0 {
			continue
		}
		w.after(at-w.now, func() {
			if !o.cut && !m.cut {
				o.do(func() []lobby.Out { return o.node.Packet(m.node.self, b) })
			}
		})
	}
}

var errTimeout = errors.New("no answer")

func (m *machine) Claim(slot string, last uint64) {
	m.set(cluster.Lease{Slot: slot, Node: m.node.self}, last, func(l cluster.Lease, err error) {
		m.do(func() []lobby.Out { return m.node.Claimed(slot, l, err) })
	})
}

func (m *machine) Release(slot string, last uint64) {
	m.set(cluster.Lease{Slot: slot}, last, func(cluster.Lease, error) {})
}

func (m *machine) Turned(string, Turn) {}
func (m *machine) Seen(string, bool)   {}
func (m *machine) Missed(string)       {}

// set writes a lease after a while, and answers after another; or not, and
// then it may have been written.
func (m *machine) set(l cluster.Lease, last uint64, answer func(cluster.Lease, error)) {
	w := m.w
	answered := false
	reply := func(l cluster.Lease, err error) {
		if !answered {
			answered = true
			answer(l, err)
		}
	}
	w.after(time.Second, func() { reply(cluster.Lease{}, errTimeout) })
	lossy := func() bool { return m.cut || w.faults && w.rng.IntN(50) == 0 }
	if lossy() {
		return
	}
	late := 20 * time.Millisecond
	if w.faults && w.rng.IntN(50) == 0 {
		late = 3 * time.Second // It stays on its way for longer than its lease is.
	}
	w.after(w.some(late), func() {
		now := w.leases[l.Slot]
		now.Slot = l.Slot
		result, err := now, cluster.ErrTaken
		if now.Term == last {
			w.term++
			w.claims++
			l.Term = w.term
			w.leases[l.Slot] = l
			result, err = l, nil
			for _, o := range w.nodes {
				o.hears(l)
			}
		}
		back := w.some(20 * time.Millisecond)
		if w.faults && w.rng.IntN(10) == 0 {
			back = w.some(time.Second)
		}
		if !lossy() {
			w.after(back, func() { reply(result, err) })
		}
	})
}

// sock is a WebSocket between a client and a machine.
type sock struct {
	m       *machine
	id      lobby.Conn
	guy     *guy
	entered bool
	down    time.Duration // when the last message arrives
	up      time.Duration
	over    bool
}

// say takes something to the client.
func (s *sock) say(o lobby.Out) {
	w := s.m.w
	s.down = max(s.down, w.now+w.some(20*time.Millisecond))
	w.after(s.down-w.now, func() {
		if s.over || s.guy.sock != s {
			return
		}
		if o.Message.Kind != "" {
			s.guy.hear(o.Message)
		}
		if o.Close {
			s.end()
		}
	})
}

// end is the end of the socket at both ends.
func (s *sock) end() {
	if s.over {
		return
	}
	s.over = true
	if s.guy.sock == s {
		s.guy.sock = nil
		s.guy.later()
	}
	delete(s.m.socks, s.id)
	s.m.do(func() []lobby.Out { return s.m.node.Lost(s.id) })
}

// hear takes what the client says to the node.
func (s *sock) hear(msg protocol.Message) {
	w := s.m.w
	s.up = max(s.up, w.now+w.some(20*time.Millisecond))
	w.after(s.up-w.now, func() {
		if s.over || s.m.dead {
			return
		}
		s.m.do(func() []lobby.Out {
			if !s.entered {
				s.entered = true
				return s.m.node.Enter(s.id, s.guy.place(), msg, lobby.From{})
			}
			return s.m.node.Hear(s.id, &msg)
		})
	})
}
