// Package mesh decides which members of a room are linked to each other. It takes in
// messages of the signaling server and the states of links, and gives orders: open
// this link, close that one, send this to the server, start this match.
//
// It is pure. It opens no link, sends nothing itself and reads no clock: time is the
// number of calls of Tick. It is the same native and in the browser.
package mesh

import (
	"bytes"
	"slices"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// TickRate is how many times a second Tick is to be called.
const TickRate = 10

const (
	retryTicks   = 3             // between a link that failed and the next try; after each that failed it is twice as long,
	maxRetry     = 10 * TickRate // but no longer
	missingTicks = 10 * TickRate // after a restart of the server, for a member to come back
)

// Unreachable is after how many tries that failed a peer counts as one that can't
// be reached. They go on.
const Unreachable = 2

// Kind of an Order.
type Kind uint8

// Kinds of an Order.
const (
	Open   Kind = iota + 1 // a link to Peer, with Offer
	Close                  // the link to Peer
	Signal                 // hand Payload to the link to Peer
	Say                    // Message to the server
	Start                  // Match
	Post                   // send Payload over the link to Peer, reliable
	Anew                   // ask the server to tell everything anew
)

// Order is one thing to do, in order.
type Order struct {
	Kind    Kind
	Peer    protocol.ID
	Offer   bool
	Payload []byte
	Message protocol.Message
	Match   *protocol.Match
}

// Link is how far the link to a peer is.
type Link uint8

// States of a link.
const (
	None       Link = iota
	Connecting      // an Open was ordered
	Linked          // open
	Waiting         // it failed and will be tried again
	Banned          // the other machine is hostile: it is not linked to again
)

// Path is the way of a link, as far as it is known.
type Path uint8

// Paths of a link.
const (
	UnknownPath Path = iota
	DirectPath
	RelayedPath
)

// Peer is another machine of the room.
type Peer struct {
	protocol.Member
	Link   Link
	Tries  int         // that failed in a row
	Reason string      // why the last one did
	Gone   int         // ticks since the server calls it away, or does not name it
	Left   bool        // the server said so; it is kept for the match that it is still in
	Told   string      // why another machine says to have banned it; a lie, perhaps
	Teller protocol.ID // who says so
}

// Mesh is one machine's view of its room.
type Mesh struct {
	self     protocol.ID
	code     string
	lo, hi   int
	servers  []protocol.Server
	next     int             // the round that the room starts next
	played   int             // the last round that is over for this machine
	match    *protocol.Match // that this machine is in
	latest   *protocol.Match // the last that it heard of, with or without it
	room     protocol.Room
	talk     talk    // this machine's
	lines    []Line  // that wait for NextLine
	peers    []*peer // by ID
	lastLeft Peer    // who left last, as long as nobody came
	ready    bool
	data     []byte
	said     protocol.Message // the last State
	stranded bool             // the server took us for somebody new in mid-match
	down     bool             // the server is away
	orders   []Order
	failures int                    // tries that failed, of all peers
	banned   map[protocol.ID]string // why; those who left may come back under their numbers
}

type peer struct {
	Peer
	try     uint64 // of this pair that is under way, or else the next, as both ends count
	age     int    // ticks since this try began
	wait    int    // ticks until the next try
	path    Path   // of the link
	talk    talk
	missing int // ticks until a member that a Welcome did not name is gone; zero: it was named
}

// Next takes the next order, if there is one.
func (m *Mesh) Next() (o Order, ok bool) {
	if len(m.orders) == 0 {
		return o, false
	}
	o = m.orders[0]
	m.orders = slices.Delete(m.orders, 0, 1)
	return o, true
}

func (m *Mesh) order(o Order) { m.orders = append(m.orders, o) }

// Self is this machine; zero before the first Welcome.
func (m *Mesh) Self() protocol.ID { return m.self }

// Code is the room's.
func (m *Mesh) Code() string { return m.code }

// Players is how many machines a match needs, and takes.
func (m *Mesh) Players() (lo, hi int) { return m.lo, m.hi }

// Servers are the STUN and TURN servers to use.
func (m *Mesh) Servers() []protocol.Server { return m.servers }

// Ready reports whether this machine is ready: by itself where the number of
// players leaves nothing to decide.
func (m *Mesh) Ready() bool { return m.ready || m.lo == m.hi }

// LastLeft is who left last, as it was then; its ID is zero where somebody
// came since, or nobody left.
func (m *Mesh) LastLeft() Peer { return m.lastLeft }

// Peers appends the other machines to dst, by ID.
func (m *Mesh) Peers(dst []Peer) []Peer {
	for _, p := range m.peers {
		dst = append(dst, p.Peer)
	}
	return dst
}

// SetReady says whether this machine wants to start.
func (m *Mesh) SetReady(ready bool) {
	m.ready = ready
	m.say(false)
}

// SetData sets what the others see of this machine.
func (m *Mesh) SetData(data []byte) {
	m.data = bytes.Clone(data)
	m.say(false)
}

// Hear takes a message of the server.
func (m *Mesh) Hear(msg protocol.Message) {
	if (m.stranded || m.self == 0) && msg.Kind != protocol.Welcome {
		return
	}
	switch msg.Kind {
	case protocol.Welcome:
		m.welcome(msg)
	case protocol.Update:
		if msg.Round > 0 {
			m.next = msg.Round
		}
		if len(msg.Servers) > 0 {
			m.servers = msg.Servers // Credentials age, and whoever has come may need fresh ones.
		}
		if msg.Room != nil {
			m.become(msg.Room, false)
		}
		for _, member := range msg.Members {
			m.meet(member)
		}
	case protocol.Left:
		if i := m.index(msg.From); i >= 0 {
			m.leave(i)
		}
	case protocol.Start:
		m.start(msg.Match)
	case protocol.Signal:
		m.signal(msg.From, msg.Payload)
	}
	m.say(msg.Kind == protocol.Welcome)
}

func (m *Mesh) welcome(msg protocol.Message) {
	other := m.self != 0 && (msg.Self != m.self || !strings.EqualFold(msg.Code, m.code))
	if m.stranded = other && (m.match != nil || msg.Resumed); m.stranded {
		return // Peers are numbered anew: the match keeps its own numbers to its end.
	}
	if msg.Resumed { // What was missed follows, in order.
		m.servers = msg.Servers
		return
	}
	if other {
		for len(m.peers) > 0 {
			m.remove(len(m.peers) - 1)
		}
		m.played, m.lastLeft, m.banned, m.latest = 0, Peer{}, nil, nil
	}
	same := m.self != 0 && !other
	m.self, m.code, m.lo, m.hi, m.next, m.servers = msg.Self, msg.Code, msg.Min, msg.Max, msg.Round, msg.Servers
	for _, p := range m.peers {
		if p.missing == 0 && !p.Left {
			p.missing = missingTicks
		}
	}
	for _, member := range msg.Members {
		m.meet(member)
	}
	m.become(msg.Room, same)
	m.start(msg.Match)
}

// meet hears of a member. A link is made at once, long before a start, so that
// a start has nothing to wait for.
func (m *Mesh) meet(member protocol.Member) {
	if member.ID == m.self || member.ID == 0 {
		return
	}
	i, known := slices.BinarySearchFunc(m.peers, member.ID, func(p *peer, id protocol.ID) int { return int(p.ID) - int(id) })
	if !known {
		if len(m.peers) >= protocol.MaxMembers {
			return
		}
		m.peers = slices.Insert(m.peers, i, &peer{try: 1})
		m.lastLeft = Peer{}
	}
	p := m.peers[i]
	p.Member, p.Left, p.missing = member, false, 0
	if !p.Away {
		p.Gone = 0
	}
	m.hasten(p)
	if reason, banned := m.banned[p.ID]; banned {
		p.Link, p.Reason = Banned, reason
		m.expel()
	}
	if p.Link == None {
		m.open(p)
	}
	if !known {
		m.reportBans(p)
	}
}

// leave: the server says that a member is gone. It introduces, but a link that
// plays a match is between the two machines alone.
func (m *Mesh) leave(i int) {
	p := m.peers[i]
	if m.plays(p.ID) && p.Link == Linked {
		p.Left, p.missing = true, 0
		return
	}
	m.dropPeer(i)
}

func (m *Mesh) dropPeer(i int) {
	m.lastLeft = m.peers[i].Peer
	m.remove(i)
}

func (m *Mesh) remove(i int) {
	p := m.peers[i]
	m.peers = slices.Delete(m.peers, i, i+1)
	if p.Link == Connecting || p.Link == Linked {
		m.order(Order{Kind: Close, Peer: p.ID})
	}
}

// Tick lets a tenth of a second pass.
func (m *Mesh) Tick() {
	m.talk.tick()
	for i := len(m.peers) - 1; i >= 0; i-- {
		p := m.peers[i]
		p.age++
		p.talk.tick()
		if p.Away || p.missing > 0 {
			p.Gone++
		}
		if p.missing > 0 {
			if p.missing--; p.missing == 0 {
				m.leave(i)
				continue
			}
		}
		if p.Link == Waiting && !m.lost(p) {
			if p.wait--; p.wait <= 0 {
				m.open(p)
			}
		}
	}
	m.say(false)
}

// say tells the server about this machine when there is something new, or it
// may have forgotten.
func (m *Mesh) say(again bool) {
	if m.self == 0 || m.stranded {
		return
	}
	s := protocol.Message{Kind: protocol.State, Round: m.Round(), Ready: m.Ready(), Data: m.data, Failed: m.failures}
	for _, p := range m.peers {
		if p.Link == Linked && !p.Left && len(s.Linked) < protocol.MaxMembers {
			s.Linked = append(s.Linked, p.ID)
			switch p.path {
			case DirectPath:
				s.Direct = append(s.Direct, p.ID)
			case RelayedPath:
				s.Relayed = append(s.Relayed, p.ID)
			}
		}
	}
	if !again && s.Round == m.said.Round && s.Ready == m.said.Ready && bytes.Equal(s.Data, m.said.Data) && slices.Equal(s.Linked, m.said.Linked) &&
		slices.Equal(s.Direct, m.said.Direct) && slices.Equal(s.Relayed, m.said.Relayed) {
		return
	}
	m.said = s
	m.order(Order{Kind: Say, Message: s})
}

func (m *Mesh) index(id protocol.ID) int {
	return slices.IndexFunc(m.peers, func(p *peer) bool { return p.ID == id })
}
