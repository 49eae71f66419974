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
		p.quiet++
		if p.lost++; s.wire == nil || p.quiet <= lostAfter || !s.wire.Disconnected(p.id) {
			p.lost = 0
		}
	}
	if len(s.peers) == 0 {
		return
	}
	for range recvPerPeer * len(s.peers) {
		n, from, ok := s.net.Recv(s.incoming[:])
		if !ok {
			break
		}
		s.stats.PacketsRecv++
		s.stats.BytesRecv += uint64(max(n, 0))
		if n < 3 || n > MaxPacket || !s.receive(s.incoming[:n], from) {
			s.stats.Dropped++
		}
		if s.err != nil {
			return
		}
	}
}

// begin starts the match once everybody in the view has agreed with this machine
// and has heard it, or others say so. Who leaves before that never starts.
func (s *Session) begin() {
	if s.started || s.leaving {
		return
	}
	for i := range s.peers {
		if p := &s.peers[i]; !p.gone && !(p.agreed && p.heardUs) {
			return
		}
	}
	s.started = true
}

// agree notes that the terms of another machine are ours.
func (s *Session) agree(p *peer) {
	if !p.agreed {
		p.agreed = true
		s.event(Event{Kind: Synced, Peer: p.id})
	}
}

// receive takes one packet in, or reports false and has changed nothing.
func (s *Session) receive(b []byte, from Peer) bool {
	i := s.find(from)
	if i < 0 {
		return false
	}
	p := &s.peers[i]
	switch b[2] & kindMask {
	case kindHello:
		return s.receiveHello(p, b[2:])
	case kindPlay:
		return p.agreed && uint16(b[0])|uint16(b[1])<<8 == s.tag && s.receivePlay(p, b[2:])
	case kindStatus:
		return p.agreed && uint16(b[0])|uint16(b[1])<<8 == s.tag && s.receiveStatus(p, b[2:])
	case kindDispute:
		return p.agreed && uint16(b[0])|uint16(b[1])<<8 == s.tag && s.receiveDispute(i, b[2:])
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
	p.quiet, p.heardUs = 0, h.flags&helloHeard != 0
	if p.gone {
		return true // It comes too late, and is told so.
	}
	if !p.agreed {
		if field, here, there := h.differs(&s.cfg.Terms, s.order, s.print); field != "" {
			s.err = &TermsError{Peer: p.id, Field: field, Here: here, There: there}
			return true
		}
		s.agree(p)
	}
	if h.flags&helloBye != 0 {
		p.leaving, p.fin = true, true
	}
	return true
}

// receivePlay checks the whole packet before anything changes.
func (s *Session) receivePlay(p *peer, b []byte) bool {
	m := &s.parsed
	if !m.parse(b, p.complete) {
		return false
	}
	if p.gone && !p.leaving && m.flags&flagBye == 0 { // It was given up, and is told so.
		p.quiet, p.view = 0, max(p.view, m.view)
		return true
	}
	// Nobody can hold what we have not sent, show what the window forbids, or
	// send far beyond what it shows. Complete is at most ack, so all of it is
	// bounded by what we have sent, and fits the rings.
	if m.ack > s.mine || m.now > m.complete+MaxWindow || m.head > m.now+MaxDelay+2 {
		return false
	}
	if m.flags&flagBye != 0 && m.last < p.head || p.leaving && m.head > p.last {
		return false // its last frame is before one that it has sent, or after the last
	}
	from := m.head - Frame(m.count) + 1
	if (m.head > p.head || m.uneven) && from <= p.head+1 && !p.gone && !s.ballot.frozen.has(p.machine) { // beyond a gap inputs wait for their turn to come again
		r := reader{packet: m.inputs}
		var counts [MaxPlayers]int
		for i := range p.seats {
			counts[i] = m.count
			if m.uneven {
				counts[i] += int(r.u8())
			}
			if from+Frame(counts[i])-1 > m.now+MaxDelay+2 {
				return false
			}
		}
		for i := range p.seats {
			s.blocks[i].parse(&r, counts[i], m.flags&flagCommands != 0)
		}
		if r.bad || r.left() > 0 {
			return false
		}
		for i, seat := range p.seats {
			s.absorb(&s.queues[seat], &s.blocks[i], from, counts[i])
		}
		p.head = max(p.head, s.headOf(p))
	}
	p.playing, p.heardUs = true, true
	p.quiet = 0
	p.view = max(p.view, m.view)
	if m.now >= p.now && m.complete >= p.complete && p.clock.hear(m.seq, m.now > p.now || m.complete > p.complete, s.tick) {
		p.now = m.now
		p.echo, p.hasEcho = m.seq, true
		if m.flags&flagEcho != 0 {
			p.clock.echoed = true
			p.clock.sent = s.tick - int64(byte(s.tick)-m.echo)
		}
	}
	p.complete = max(p.complete, m.complete)
	p.ack = max(p.ack, m.ack)
	if m.view == s.view || s.fault == otherView {
		p.report(m.complete)
		p.voted = m.voted
	}
	if m.flags&flagBlock != 0 {
		s.noteHash(p, m.confirmed, m.hash)
	}
	if m.flags&flagBye != 0 && !p.leaving {
		p.leaving = true
		p.last = m.last
	}
	if m.flags&flagFin != 0 {
		p.fin = true
	}
	return true
}

// absorb adds a seat's new inputs and notes the lowest frame that was stepped
// with something else. Most of a packet is known already; that is passed over.
func (s *Session) absorb(q *queue, block *seatBlock, from Frame, count int) {
	known := int(q.head + 1 - from)
	if known >= count {
		return
	}
	block.skip(known)
	for k := known; k < count; k++ {
		v, command := block.next(k, q.at(q.head))
		if q.put(v, command, s.now) && (s.wrong == 0 || q.head < s.wrong) && s.fault != blindCompare {
			s.wrong = q.head
		}
	}
}
