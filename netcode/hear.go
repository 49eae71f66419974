package netcode

// recvPerPeer bounds the packets taken in one tick; the rest waits in the
// transport, whose queue is bounded, too.
const recvPerPeer = 256

// lostAfter is for how many ticks a machine is silent before the transport is
// asked whether it has gone.
const lostAfter = 2

// hear takes in what has arrived.
func (s *Session) hear() {
	for i := range s.peers {
		p := &s.peers[i]
		p.silence++
		if p.unlinked++; p.silence <= lostAfter || !s.port.lost(p.id) {
			p.unlinked = 0
		}
	}
	if len(s.peers) == 0 {
		return
	}
	for range recvPerPeer * len(s.peers) {
		b, from, ok := s.port.recv()
		if !ok {
			break
		}
		if b == nil || !s.receive(b, from) {
			s.port.dropped++
		}
		if s.err != nil {
			return
		}
	}
}

// receive takes one packet in, or reports false and has changed nothing.
func (s *Session) receive(b []byte, from Peer) bool {
	p := s.find(from)
	if p == nil {
		return false
	}
	kind := b[2] & kindMask
	if kind == kindHello {
		return s.receiveHello(p, b[2:])
	}
	if !p.agreed || !s.port.ours(b) {
		return false
	}
	switch kind {
	case kindPlay:
		return s.receivePlay(p, b[2:])
	case kindStatus:
		return s.receiveStatus(p, b[2:])
	case kindDispute:
		return s.receiveDispute(p, b[2:])
	}
	return false
}

func (s *Session) receiveHello(p *peer, b []byte) bool {
	var h hello
	if !h.parse(b) {
		return false
	}
	if h.nonce != s.cfg.Nonce {
		p.foreign = true
		return false
	}
	if p.playing && !p.gone {
		return true // late; the match runs
	}
	p.silence, p.heardUs = 0, h.flags&helloHeard != 0
	if p.gone {
		return true // It comes too late, and is told so.
	}
	if !p.agreed {
		if field, here, there := h.differs(&s.cfg.Terms, s.order, endsOf(p.machine, s.members.self), byte(s.ledger.every), s.print); field != "" {
			s.err = &TermsError{Peer: p.id, Field: field, Here: here, There: there}
			return true
		}
		p.window = Frame(h.window)
		s.synced(p)
	}
	if h.flags&helloBye != 0 {
		p.leaving, p.fin = true, true
	}
	return true
}

// synced notes that the terms of another machine are ours.
func (s *Session) synced(p *peer) {
	if !p.agreed {
		p.agreed = true
		s.events.add(Event{Kind: Synced, Peer: p.id})
	}
}

// receivePlay checks the whole packet before anything changes.
func (s *Session) receivePlay(p *peer, b []byte) bool {
	m := &s.port.play
	if !m.parse(b, p.complete) {
		return false
	}
	if p.gone && !p.leaving && m.flags&flagBye == 0 { // It was given up, and is told so.
		p.silence, p.view = 0, max(p.view, m.view)
		return true
	}
	// Nobody can hold what we have not sent, show what the window forbids, or
	// send far beyond what it shows. Complete is at most ack, so all of it is
	// bounded by what we have sent, and fits the rings.
	if m.ack > s.local.mine || m.now > m.complete+MaxWindow || m.head > m.now+MaxDelay+2 {
		return false
	}
	if m.flags&flagBye != 0 && m.last < p.head || p.leaving && m.head > p.last {
		return false // its last frame is before one that it has sent, or after the last
	}
	if m.flags&flagBye != 0 && m.last > s.farthest()+mostAhead {
		return false // It can't play on for so long.
	}
	if !s.receiveInputs(p, m) {
		return false
	}
	p.channel.hear(m, s.tick)
	p.heardUs, p.silence, p.view = true, 0, max(p.view, m.view)
	if m.view == s.members.view {
		p.report(m.complete)
		p.voted = m.voted
	}
	if m.flags&flagBlock != 0 {
		p.note(m.confirmed, m.hash)
	}
	if m.flags&flagBye != 0 && !p.leaving {
		p.leaving, p.last = true, m.last
	}
	p.fin = p.fin || m.flags&flagFin != 0
	return true
}

// receiveInputs takes in the inputs of a packet, if they are new and none is missing
// before them: beyond a gap they wait for their turn to come again.
func (s *Session) receiveInputs(p *peer, m *play) bool {
	from := m.head - Frame(m.count) + 1
	most := s.members.takes(p.member)
	if m.head <= p.head && !m.uneven || from > p.head+1 || m.head > most {
		return true
	}
	r := reader{packet: m.inputs}
	var counts [MaxPlayers]int
	for i := range p.seats {
		counts[i] = m.count
		if m.uneven {
			counts[i] += int(r.u8())
		}
		if to := from + Frame(counts[i]) - 1; to > m.now+MaxDelay+2 {
			return false
		} else if to > most {
			return true
		}
	}
	for i := range p.seats {
		s.port.blocks[i].parse(&r, counts[i], m.flags&flagCommands != 0)
	}
	if r.bad || r.left() > 0 {
		return false
	}
	for i, seat := range p.seats {
		s.timeline.absorb(seat, &s.port.blocks[i], from, counts[i])
	}
	p.head = max(p.head, s.timeline.head(p.seats))
	return true
}
