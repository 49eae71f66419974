package node

import (
	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// What servers say to one another.

// Announce tells all other servers that a member, of whatever name they know it by, is
// served by this one, or has left its room here. What they do for it can outlast
// its socket, so they must know.
func (n *Node) Announce(member string, left bool) {
	n.send("", packet{kind: seen, end: left, body: []byte(member)})
}

// Missed tells all other servers of a wrong guess from an address.
func (n *Node) Missed(address string) { n.send("", packet{kind: miss, body: []byte(address)}) }

// Packet is what another server says, or this one to all.
func (n *Node) Packet(from string, b []byte) []lobby.Out {
	n.look()
	p, err := decode(b)
	if err != nil {
		return nil
	}
	if _, known := n.peers[from]; !known { // It is new, or has heard nothing for a while.
		for _, s := range n.slots {
			s.retell = 0
		}
	}
	n.peers[from] = n.now
	if p.kind == note {
		n.note(p)
	}
	if from == n.self {
		return nil
	}
	switch p.kind {
	case gone:
		delete(n.peers, from)
		n.dropServer(from)
	case enter, hear, lost:
		n.host(from, p)
	case out:
		n.deliver(from, p)
	case seen:
		n.outlet.Seen(string(p.body), p.end)
	case miss:
		n.outlet.Missed(string(p.body))
	case none:
		if e := n.ends[lobby.Conn(p.conn)]; e != nil && e.node == from {
			e.node = "" // Poll tries again.
			if s := e.slot; p.end && s.lease.Node == from {
				s.denied = s.lease.Term
			} else if p.term > s.lease.Term {
				n.see(s, cluster.Lease{Slot: s.name, Node: string(p.body), Term: p.term})
			}
		}
	}
	return n.flush()
}

// deliver is what the owner wants said to one of our sockets.
func (n *Node) deliver(from string, p packet) {
	c := lobby.Conn(p.conn)
	e := n.ends[c]
	if e == nil || e.node != from {
		if !p.end {
			n.send(from, packet{kind: lost, conn: p.conn, slot: p.slot}) // It has not heard that this socket ended.
		}
		return
	}
	l := e.slot.lease
	if p.seq != e.down+1 || l.Node != from && p.term < l.Term { // Something was lost, or the owner is it no more.
		n.cut(c, e)
		return
	}
	e.down++
	e.entry = entry0
	delete(n.waiting, c)
	o := lobby.Out{To: c, Close: p.end}
	if len(p.body) > 0 {
		m, err := protocol.Decode(p.body)
		if err != nil {
			n.cut(c, e)
			return
		}
		o.Message = m
	}
	n.said = append(n.said, o)
	if p.end {
		delete(n.ends, c)
	}
}
