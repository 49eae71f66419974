package node

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// slot is some of the games, and what this server knows of their owner.
type slot struct {
	name   string
	lease  cluster.Lease // as last seen
	seen   time.Duration // when
	denied uint64        // the term whose owner says that it leaves, and never acts again
	freed  time.Duration // when it was last seen to become free

	asking bool          // a claim is under way
	asked  time.Duration // when the last began
	prior  cluster.Lease // when it began

	// While this server is the owner:
	lobby   *lobby.Lobby  // nil: it is not
	until   time.Duration // it may act
	unsure  bool          // it has been told that it may not
	settled time.Duration // from when newcomers may make rooms by name
	empty   time.Duration // since when there is no room
	held    []func() []lobby.Out
	weight  int           // of what is held, in bytes
	since   uint64        // the term with which that began
	retell  time.Duration // when all is to be noted again

	notes map[string]heard // by game and code
}

// sure reports whether no other server can be the owner.
func (s *slot) sure(now time.Duration) bool { return now < s.until }

// guest is a socket of another server, whose slot we own.
type guest struct {
	name
	id       lobby.Conn
	slot     *slot
	up, down uint64
	heard    time.Duration
}

// name is what a socket is called among servers.
type name struct {
	node string
	conn uint64
}

// want claims a slot that somebody waits for, if it may be claimed.
func (n *Node) want(s *slot) {
	age := n.now - s.seen
	switch l := s.lease; {
	case n.leaving:
	case l.Node == "" || l.Node == n.self || s.denied == l.Term:
		n.claim(s)
	case age > patience && !n.alive(l.Node), age > stuck:
		n.claim(s)
	}
}

func (n *Node) claim(s *slot) {
	if !s.asking {
		s.asking, s.asked, s.prior = true, n.now, s.lease
		n.outlet.Claim(s.name, s.lease.Term)
	}
}

// Claimed is the answer to a Claim of the Outlet's.
func (n *Node) Claimed(slot string, l cluster.Lease, err error) []lobby.Out {
	n.look()
	s := n.slot(slot)
	asked := s.asked // What follows may ask again.
	s.asking = false
	switch {
	case errors.Is(err, cluster.ErrTaken):
		n.see(s, l)
	case err != nil:
		// It may or may not have happened: Poll asks again, and the lease is not
		// longer for it.
	case l.Term < s.lease.Term && s.lease.Node != n.self:
		// Others have claimed it since.
	case n.leaving:
		n.outlet.Release(s.name, l.Term)
	default:
		s.until, s.unsure = asked+leaseFor, false
		if s.lobby == nil {
			n.own(s, l.Term)
		}
		n.see(s, l)
		n.admit(s)
		n.catchUp(s)
	}
	return n.flush()
}

// own begins to own a slot.
func (n *Node) own(s *slot, term uint64) {
	s.lobby, s.empty, s.settled, s.since, s.retell = n.make(), n.now, n.now, term, n.now+retell
	n.recall(s)
	n.outlet.Turned(s.name, Owned)
	if p := s.prior; p.Node != "" && p.Node != n.self || p.Term > 0 && n.now-s.freed < 2*settling {
		s.settled = n.now + settling
	}
}

// admit attaches those who wait.
func (n *Node) admit(s *slot) {
	for _, c := range sorted(n.waiting) {
		if e := n.waiting[c]; e != nil && e.slot == s && e.node == "" {
			n.attach(c, e)
		}
	}
}

// Lease is a change of a lease, as all servers hear of it, perhaps late.
func (n *Node) Lease(l cluster.Lease) []lobby.Out {
	n.look()
	if s := n.slot(l.Slot); s != nil && l.Term > s.lease.Term {
		n.see(s, l)
	}
	return n.flush()
}

// see is what follows from a lease.
func (n *Node) see(s *slot, l cluster.Lease) {
	before := s.lease
	if before == l {
		return
	}
	s.lease, s.seen = l, n.now
	if before.Node == l.Node {
		return
	}
	if l.Node == "" {
		s.freed = n.now
	}
	if s.lobby != nil && l.Node != n.self {
		n.outlet.Turned(s.name, Lost)
		n.drop(s)
	}
	n.cutAll(func(e *end) bool { return e.slot == s && e.node != "" && e.node != l.Node })
	n.admit(s)
}

// drop ends being the owner: what was said since the lease was sure is
// forgotten, and the clients come back to whoever is the owner then.
func (n *Node) drop(s *slot) {
	s.lobby.Close()
	s.lobby, s.held, s.weight, s.until = nil, nil, 0, 0
	for _, c := range sorted(n.ends) {
		if e := n.ends[c]; e.slot == s && e.node == n.self {
			e.node = ""
			n.cut(c, e)
		}
	}
	for _, id := range sorted(n.guests) {
		if g := n.guests[id]; g.slot == s {
			n.dismiss(g)
		}
	}
}

// keep does what is due in a slot.
func (n *Node) keep(s *slot) {
	if s.lobby == nil {
		return
	}
	if n.now-s.asked >= renewEvery {
		n.claim(s)
	}
	if !s.sure(n.now) {
		if !s.unsure {
			s.unsure = true
			n.outlet.Turned(s.name, Unsure)
		}
		if !n.alive(n.self) {
			// This server is cut off: its clients may reach another.
			n.cutAll(func(e *end) bool { return e.slot == s && e.node == n.self })
		}
		return
	}
	if rooms, _ := s.lobby.Count(); rooms > 0 {
		s.empty = n.now
	} else if n.now-s.empty > idle {
		n.release(s)
	}
}

func (n *Node) release(s *slot) {
	n.publishSlot(s, false)
	n.drop(s)
	n.outlet.Turned(s.name, Released)
	n.outlet.Release(s.name, s.lease.Term)
}

// Leave gives up all slots, as the first part of a server's end. Its sockets
// go on to be carried to other owners.
func (n *Node) Leave() []lobby.Out {
	n.look()
	n.leaving = true
	for _, k := range sorted(n.slots) {
		if s := n.slots[k]; s.lobby != nil {
			n.release(s)
		}
	}
	return n.flush()
}

// Close tells the others that this server is gone. It is the last call.
func (n *Node) Close() []lobby.Out {
	outs := n.Leave()
	n.send("", packet{kind: gone})
	return outs
}

// run does something in the lobby of a slot that this server owns: now if its
// lease is sure, else when it is again, in order. Then nobody else has owned
// it in between, since the lease could be renewed by compare-and-set. bytes is
// what f keeps; 0: it must be kept.
func (n *Node) run(s *slot, c lobby.Conn, bytes int, f func() []lobby.Out) {
	switch {
	case s.lobby == nil:
	case s.sure(n.now) && len(s.held) == 0:
		n.say(s, f())
	case bytes == 0 || len(s.held) < maxHeld && s.weight+bytes < maxHeldBytes:
		s.held = append(s.held, f)
		s.weight += bytes
	default:
		// Too much to keep: the socket ends instead. Of these there are at most
		// as many as there are sockets.
		s.held = append(s.held, func() []lobby.Out { return s.lobby.Lost(c) })
		if g := n.guests[c]; g != nil {
			n.dismissed(g)
		} else if e := n.ends[c]; e != nil {
			delete(n.ends, c)
			n.said = append(n.said, lobby.Out{To: c, Close: true})
		}
	}
}

// catchUp does what was held.
func (n *Node) catchUp(s *slot) {
	for len(s.held) > 0 && s.lobby != nil && s.sure(n.now) {
		f := s.held[0]
		s.held = s.held[1:]
		n.say(s, f())
	}
	if len(s.held) == 0 {
		s.held, s.weight = nil, 0
	}
}

// say carries what a lobby says to where the sockets are.
func (n *Node) say(s *slot, outs []lobby.Out) {
	var ended []lobby.Conn
	for _, o := range outs {
		g := n.guests[o.To]
		if g == nil {
			n.said = append(n.said, o)
			continue
		}
		var body []byte
		if o.Message.Kind != "" {
			body = protocol.Encode(o.Message)
		}
		g.down++
		n.send(g.node, packet{kind: out, end: o.Close, conn: g.conn, seq: g.down, term: s.lease.Term, slot: s.name, body: body})
		if o.Close {
			n.forget(g)
			ended = append(ended, g.id)
		}
	}
	for _, id := range ended { // Now, since the lobby uses outs again.
		n.say(s, s.lobby.Lost(id))
	}
}

// host is what another server says of a socket that it gave to us.
func (n *Node) host(from string, p packet) {
	g := n.names[name{from, p.conn}]
	switch {
	case p.kind == lost && g == nil:
	case p.kind == lost:
		n.forget(g)
		n.run(g.slot, g.id, 0, func() []lobby.Out { return g.slot.lobby.Lost(g.id) })
	case p.kind == enter && g == nil:
		n.receive(from, p)
	case g == nil:
		n.send(from, packet{kind: out, end: true, conn: p.conn, slot: p.slot})
	case p.seq <= g.up: // It was said twice.
	case p.seq != g.up+1: // Something was lost.
		n.dismiss(g)
	default:
		m, err := protocol.Decode(p.body)
		if err != nil {
			n.dismiss(g)
			return
		}
		g.up++
		g.heard = n.now
		n.run(g.slot, g.id, len(p.body)+256, func() []lobby.Out { return g.slot.lobby.Hear(g.id, &m) })
	}
}

// receive is a new guest.
func (n *Node) receive(from string, p packet) {
	s := n.slot(p.slot)
	var e entry
	if s == nil || json.Unmarshal(p.body, &e) != nil || cluster.SlotOf(e.Place.Game) != s.name || p.seq != 1 {
		n.send(from, packet{kind: out, end: true, conn: p.conn, slot: p.slot})
		return
	}
	if s.lobby == nil && (s.lease.Node == n.self || p.term > s.lease.Term) {
		n.want(s) // It is ours and we did not hear so, or others know more than we do.
	}
	if s.lobby == nil || s.early(n.now, &e) {
		n.send(from, packet{kind: none, end: n.leaving, conn: p.conn, term: s.lease.Term, slot: p.slot, body: []byte(s.lease.Node)})
		return
	}
	n.last++
	g := &guest{name: name{from, p.conn}, id: n.last, slot: s, up: 1, heard: n.now}
	n.guests[g.id], n.names[g.name] = g, g
	n.run(s, g.id, len(p.body)+256, func() []lobby.Out { return s.lobby.Enter(g.id, e.Place, e.Hello, e.From) })
}

func (n *Node) forget(g *guest) {
	delete(n.guests, g.id)
	delete(n.names, g.name)
}

// dismissed tells a guest's server that its socket ends.
func (n *Node) dismissed(g *guest) {
	n.forget(g)
	n.send(g.node, packet{kind: out, end: true, conn: g.conn, slot: g.slot.name})
}

// dismiss ends a guest.
func (n *Node) dismiss(g *guest) {
	n.dismissed(g)
	n.run(g.slot, g.id, 0, func() []lobby.Out { return g.slot.lobby.Lost(g.id) })
}
