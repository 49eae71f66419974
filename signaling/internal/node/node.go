package node

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// How long things take. An owner serves for leaseFor from the moment before it
// asked for its lease. Whoever wants to take it over waits patience from the
// moment after it saw that lease. The first began before the lease was
// written, the second after it; and the claim is refused if the lease was
// written again. So an owner has stopped before another begins, without any
// two clocks that agree: all they must do is run at rates that differ by less
// than patience/leaseFor, a third.
const (
	beatEvery  = 200 * time.Millisecond
	goneAfter  = 1000 * time.Millisecond // without a beat
	renewEvery = 300 * time.Millisecond
	leaseFor   = 900 * time.Millisecond
	patience   = 1200 * time.Millisecond
	stuck      = 15 * time.Second       // that an owner may live without renewing, as while the leases can't be written at all
	dozing     = 500 * time.Millisecond // that may pass between two looks at the clock; Poll looks ten times a second
	settling   = 3 * time.Second        // after a takeover, for those who were in a room to come back before others make it
	idle       = 5 * time.Second        // without rooms, until a slot is released
	unanswered = 4 * time.Second        // that a socket may wait for the owner
	silent     = 30 * time.Second       // that a socket of another server may say nothing; clients say something every 5 s
)

// What an owner that waits for its lease keeps of what it is told meanwhile.
const (
	maxHeld      = 4096
	maxHeldBytes = 4 << 20
)

// Outlet does what a Node wants done. It is called from within the Node's
// methods, and must not block or call back.
type Outlet interface {
	Publish(to string, packet []byte)
	Claim(slot string, last uint64) // to be answered by Claimed
	Release(slot string, last uint64)
	Seen(member string, left bool) // Another server has told so, see Tell
	Missed(address string)         // the same, see Missed
	Turned(slot string, what Turn) // what has become of a slot here
}

// Turn is what becomes of a slot at a server, for whoever runs it.
type Turn string

// The turns. Lost and Unsure mean that something is wrong: with NATS, the
// network, or a machine that does too much.
const (
	Owned    Turn = "owned"
	Released Turn = "released"
	Lost     Turn = "lost"   // another owns it since this server could not renew its lease
	Unsure   Turn = "unsure" // the lease could not be renewed, and the rooms wait
)

// Turns are all of them.
var Turns = []Turn{Owned, Released, Lost, Unsure}

// Node is one server of a cluster. To its server it looks like a lobby, and
// like one it is pure: events in, messages out, time is a function. What it
// returns is for the server's own sockets. Its caller holds a lock around it.
type Node struct {
	self   string
	clock  func() time.Duration
	make   func() *lobby.Lobby
	outlet Outlet

	now     time.Duration
	slots   map[string]*slot
	ends    map[lobby.Conn]*end // sockets of this server
	waiting map[lobby.Conn]*end // those of them that the owner has not answered
	guests  map[lobby.Conn]*guest
	names   map[name]*guest
	peers   map[string]time.Duration // when each server was last heard, this one too
	last    lobby.Conn               // given to a guest
	beat    time.Duration            // when the next is due
	sweep   time.Duration
	ticks   int
	notes   int // bytes of all that is noted
	leaving bool
	said    []lobby.Out
}

// end is a socket of this server that has said Hello.
type end struct {
	slot  *slot
	entry entry
	node  string        // the owner that it was given to; empty: none yet
	since time.Duration // it has waited
	up    uint64        // packets sent to the owner
	down  uint64        // packets heard from it
}

// early reports whether it would make a room by name so soon after a takeover that
// those who were in that room may not have come back yet. They would find a
// stranger's in its place.
func (s *slot) early(now time.Duration, e *entry) bool {
	return now < s.settled && e.Place.Code != "" && e.Hello.Resume == "" && !s.lobby.Has(e.Place)
}

// New makes a Node. clock is monotonic, and make makes an empty lobby.
func New(self string, clock func() time.Duration, make func() *lobby.Lobby, o Outlet) *Node {
	return &Node{
		self: self, clock: clock, make: make, outlet: o,
		slots: map[string]*slot{}, ends: map[lobby.Conn]*end{}, waiting: map[lobby.Conn]*end{},
		guests: map[lobby.Conn]*guest{}, names: map[name]*guest{}, peers: map[string]time.Duration{self: clock()},
		last: 1 << 63, // Sockets are numbered from 1.
	}
}

// Count tells how many rooms this server owns, and how many members are in them.
func (n *Node) Count() (rooms, members int) {
	for _, s := range n.slots {
		if s.lobby != nil {
			r, m := s.lobby.Count()
			rooms, members = rooms+r, members+m
		}
	}
	return rooms, members
}

// Slots are the slots that this server owns.
func (n *Node) Slots() (owned []string) {
	for i := range cluster.Slots {
		if s := n.slots[strconv.Itoa(i)]; s != nil && s.lobby != nil {
			owned = append(owned, s.name)
		}
	}
	return owned
}

// Servers tells how many servers this one hears, itself among them.
func (n *Node) Servers() (alive int) {
	for p := range n.peers {
		if n.alive(p) {
			alive++
		}
	}
	return alive
}

// Ready reports whether this server hears the cluster: its own beats come back to it.
func (n *Node) Ready() bool { return n.Hears() && !n.leaving }

// Hears is the same of a server that may be about to leave.
func (n *Node) Hears() bool {
	n.look()
	return n.alive(n.self)
}

// look looks at the clock. Whoever has slept, as on a machine that does too much,
// has not heard others for as long, and must not hold that against them.
func (n *Node) look() {
	now := n.clock()
	if slept := now - n.now - dozing; slept > 0 && n.now > 0 {
		for p := range n.peers {
			n.peers[p] += slept
		}
		for _, s := range n.slots {
			s.seen += slept
		}
	}
	n.now = now
}

func (n *Node) alive(node string) bool {
	at, ok := n.peers[node]
	return ok && n.now-at < goneAfter
}

// flush is what all methods return.
func (n *Node) flush() []lobby.Out {
	said := n.said
	n.said = nil
	return said
}

// Enter is the Hello of a new socket, see lobby.Enter.
func (n *Node) Enter(c lobby.Conn, p protocol.Place, hello protocol.Message, from lobby.From) []lobby.Out {
	n.look()
	e := &end{slot: n.slot(cluster.SlotOf(p.Game)), entry: entry{p, hello, from}, since: n.now}
	n.ends[c] = e
	n.waiting[c] = e
	n.attach(c, e)
	return n.flush()
}

// attach gives a socket to the owner of its slot, if there is one.
func (n *Node) attach(c lobby.Conn, e *end) {
	s := e.slot
	switch {
	case s.lobby != nil && s.early(n.now, &e.entry):
	case s.lobby != nil:
		e.node = n.self
		delete(n.waiting, c)
		entry := e.entry
		e.entry = entry0
		n.run(s, c, weight(entry.Hello), func() []lobby.Out { return s.lobby.Enter(c, entry.Place, entry.Hello, entry.From) })
	case s.lease.Node != n.self && n.alive(s.lease.Node) && s.denied != s.lease.Term:
		body, err := json.Marshal(e.entry)
		if err != nil {
			panic("node: " + err.Error()) // No field of an entry can fail to marshal.
		}
		e.node, e.up, e.down = s.lease.Node, 1, 0
		n.send(e.node, packet{kind: enter, conn: uint64(c), seq: 1, term: s.lease.Term, slot: s.name, body: body})
	default:
		n.want(s)
	}
}

var entry0 entry

// Hear is a message of a socket that has said Hello, see lobby.Hear.
func (n *Node) Hear(c lobby.Conn, m *protocol.Message) []lobby.Out {
	n.look()
	e := n.ends[c]
	switch {
	case e == nil:
	case e.node == "":
		if m.Kind != protocol.Ping { // Nobody has welcomed it.
			n.cut(c, e)
		}
	case e.node == n.self:
		s, held := e.slot, *m // It may have to wait.
		n.run(s, c, weight(held), func() []lobby.Out { return s.lobby.Hear(c, &held) })
	default:
		e.up++
		n.send(e.node, packet{kind: hear, conn: uint64(c), seq: e.up, slot: e.slot.name, body: protocol.Encode(*m)})
	}
	return n.flush()
}

// Lost tells that a socket has ended, see lobby.Lost.
func (n *Node) Lost(c lobby.Conn) []lobby.Out {
	n.look()
	if e := n.ends[c]; e != nil {
		n.lose(c, e)
	}
	return n.flush()
}

// lose tells the owner that a socket has ended.
func (n *Node) lose(c lobby.Conn, e *end) {
	delete(n.ends, c)
	delete(n.waiting, c)
	s := e.slot
	switch e.node {
	case "":
	case n.self:
		n.run(s, c, 0, func() []lobby.Out { return s.lobby.Lost(c) })
	default:
		n.send(e.node, packet{kind: lost, conn: uint64(c), slot: s.name})
	}
}

// cut ends a socket without a word: its client comes back, here or elsewhere,
// and resumes. This is how everything that goes wrong between servers ends.
func (n *Node) cut(c lobby.Conn, e *end) {
	n.said = append(n.said, lobby.Out{To: c, Close: true})
	n.lose(c, e)
}

// cutAll cuts the sockets that have a reason to be cut.
func (n *Node) cutAll(reason func(*end) bool) {
	for _, c := range sorted(n.ends) {
		if e := n.ends[c]; e != nil && reason(e) {
			n.cut(c, e)
		}
	}
}

// Tick is the lobbies' time, see lobby.Tick. It stands still for those whose
// lease is not sure.
func (n *Node) Tick() []lobby.Out {
	n.look()
	n.ticks++
	for _, k := range sorted(n.slots) {
		if s := n.slots[k]; s.lobby != nil && s.sure(n.now) {
			n.say(s, s.lobby.Tick())
		}
	}
	return n.flush()
}

// Poll does what is due. It is to be called ten times a second.
func (n *Node) Poll() []lobby.Out {
	n.look()
	if n.now >= n.beat {
		n.beat = n.now + beatEvery
		n.send("", packet{kind: beat})
	}
	for _, p := range sorted(n.peers) {
		if !n.alive(p) {
			delete(n.peers, p)
			n.dropServer(p)
		}
	}
	for _, k := range sorted(n.slots) {
		n.keep(n.slots[k])
	}
	n.publish()
	for _, c := range sorted(n.waiting) {
		switch e := n.waiting[c]; {
		case e == nil:
		case n.now-e.since > unanswered:
			n.cut(c, e)
		case e.node == "":
			n.attach(c, e)
		}
	}
	if n.now >= n.sweep {
		n.sweep = n.now + silent/8
		n.sweepNotes()
		for _, id := range sorted(n.guests) {
			if g := n.guests[id]; g != nil && n.now-g.heard > silent {
				n.dismiss(g)
			}
		}
	}
	return n.flush()
}

// dropServer is what follows when another server is gone.
func (n *Node) dropServer(node string) {
	for _, id := range sorted(n.guests) {
		if g := n.guests[id]; g != nil && g.node == node {
			n.dismiss(g)
		}
	}
	n.cutAll(func(e *end) bool { return e.node == node && node != n.self })
}

// weight is about what a message takes to keep, in bytes.
func weight(m protocol.Message) int { return 384 + m.Weight() }

func (n *Node) send(to string, p packet) { n.outlet.Publish(to, p.encode()) }

// slot is what is known of a slot; nil if there is none of that name.
func (n *Node) slot(name string) *slot {
	s := n.slots[name]
	if s == nil {
		if i, err := strconv.Atoi(name); err != nil || i < 0 || i >= cluster.Slots || strconv.Itoa(i) != name {
			return nil
		}
		s = &slot{name: name, lease: cluster.Lease{Slot: name}}
		n.slots[name] = s
	}
	return s
}

// sorted are the keys of a map, in an order that is the same in every run.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
