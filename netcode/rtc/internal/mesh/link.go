package mesh

import "github.com/punchback/punchback/signaling/protocol"

// A link to each other member is made as soon as it is there, and again when it
// failed, for as long as both are in the room.

// Server hears whether the connection to the server is there. What fails without
// it is no try: signals go by the server.
func (m *Mesh) Server(up bool) {
	if m.down == up {
		m.down = !up
		for _, p := range m.peers {
			m.hasten(p)
		}
	}
}

// lost reports whether no signal reaches a peer just now.
func (m *Mesh) lost(p *peer) bool { return m.down || p.Away || p.missing > 0 }

// hasten tries at once to reach a peer that signals reach again.
func (m *Mesh) hasten(p *peer) {
	if !m.lost(p) && p.Link == Waiting {
		p.Tries, p.wait = 0, 0
	}
}

// open begins a try. The younger of a pair offers: it comes into a room that
// is there, and whoever finds nobody answering can say what it has tried.
func (m *Mesh) open(p *peer) {
	p.Link, p.age = Connecting, 0
	m.order(Order{Kind: Open, Peer: p.ID, Offer: m.self > p.ID})
	if p.try > 1 && m.self < p.ID {
		m.carry(p, nil) // The end that offers may not know yet that this is another try.
	}
}

// Opened hears that the link to a peer is open.
func (m *Mesh) Opened(id protocol.ID) {
	if i := m.index(id); i >= 0 && m.peers[i].Link == Connecting {
		p := m.peers[i]
		p.Link, p.Tries, p.Reason, p.path = Linked, 0, "", UnknownPath
		m.say(false)
	}
}

// Path tells by which way the link to a peer goes; the server counts that.
func (m *Mesh) Path(id protocol.ID, p Path) {
	if i := m.index(id); i >= 0 && m.peers[i].Link == Linked && m.peers[i].path != p {
		m.peers[i].path = p
		m.say(false)
	}
}

// Closed hears that the link to a peer has failed or ended. The caller has none any more.
func (m *Mesh) Closed(id protocol.ID, reason string) {
	i := m.index(id)
	if i < 0 || m.peers[i].Link != Connecting && m.peers[i].Link != Linked {
		return
	}
	p := m.peers[i]
	if p.Left {
		m.lastLeft = p.Peer
		p.Link = None
		m.remove(i)
	} else {
		m.failed(p, reason)
	}
	m.say(false)
}

// failed ends a try. No pair that can't be linked ends anything: the others play
// without one of the two, and tries go on, less and less often.
func (m *Mesh) failed(p *peer, reason string) {
	p.Link, p.Reason = Waiting, reason
	p.try++
	p.wait = min(retryTicks<<min(p.Tries, 8), maxRetry)
	if !m.lost(p) {
		p.Tries++
		m.failures++
	}
}
