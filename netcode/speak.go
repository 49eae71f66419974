package netcode

import "fmt"

// blockEvery is how often, in ticks, a packet tells the confirmed frame and a hash.
const blockEvery = 8

// roomy is how many frames a screen is from the end of its window where a packet can be
// spared: so that it does not wait for one that is lost.
const roomy = 5

// speak sends one packet to each peer, also when there is nothing new: acks,
// Complete and the clock ride on it, and a silent machine would be taken for
// a lost one.
func (s *Session) speak() {
	troubled := s.troubled()
	for i := range s.peers {
		p := &s.peers[i]
		s.sendStatus(p, troubled)
		if p.gone && (!p.leaving || p.silence >= quietAfter) && (p.heardUs || p.silence > 0) {
			continue
		}
		if troubled || !s.rests(p) {
			s.speakTo(p)
		}
	}
}

// rests reports whether the packet of this tick is spared: the other machine has all
// that has changed here, and time to wait for the rest.
func (s *Session) rests(p *peer) bool {
	return s.tick%2 == 1 && !s.cfg.EveryTick && (p.ack >= s.local.changed || p.again.narrow(s.tick) && p.again.newest >= s.local.changed) && p.now+roomy-p.ack <= p.window && p.clock.theta.n >= settled &&
		s.farewell.end == never && !s.farewell.leaving && !p.leaving && !s.waiting && s.dispute == nil
}

// speakLast tells the others, more than once since packets get lost, what made
// us stop: our terms, or the hash that differs from theirs.
func (s *Session) speakLast() {
	for range 3 {
		for i := range s.peers {
			s.speakTo(&s.peers[i])
		}
	}
}

func (s *Session) speakTo(p *peer) {
	if p.heardUs && (s.started || s.farewell.leaving) {
		s.port.out = s.encode(s.port.out[:0], p)
	} else {
		s.port.out = s.encodeHello(s.port.out[:0], p)
	}
	s.port.send(p.id)
	if s.dispute != nil {
		s.port.out = s.dispute.append(s.port.out[:0], s.port.tag)
		s.port.send(p.id)
	}
}

func (s *Session) encodeHello(b []byte, p *peer) []byte {
	flags := byte(0)
	if p.agreed {
		flags |= helloHeard
	}
	if s.farewell.leaving && !s.started && s.members.view == 0 && !s.members.voted() {
		flags |= helloBye
	}
	return appendHello(b, s.port.tag, flags, &s.cfg.Terms, s.order, endsOf(s.members.self, p.machine), byte(s.ledger.every), s.cfg.Window, s.print)
}

// encode writes the packet of this tick for a peer: all inputs that it has not
// acknowledged, the oldest first. When long Commands are too much for one
// packet, the packets of the next ticks go on where this one ended, and then
// begin again. Seats with a longer delay than others add what they have beyond
// the head that all share.
func (s *Session) encode(b []byte, p *peer) []byte {
	mine, most := s.local.mine, s.local.most
	if !s.started { // It leaves before its first frame, and has given nothing.
		mine, most = 0, 0
	}
	var m play
	m.seq, m.echo, m.view = byte(s.tick), p.echo+byte(s.tick-p.clock.at), s.members.view // as if heard in this tick
	m.complete, m.now, m.ack, m.last = s.complete, s.timeline.now, p.head, mine
	m.voted = s.members.voted()
	if s.members.view > 0 {
		m.flags |= flagView
	}
	if p.gone { // It leaves, and needs to know how far we are only up to its end.
		cut := s.members.cuts[p.machine]
		m.complete, m.now = min(m.complete, cut), min(m.now, cut)
		mine, most = min(mine, cut), min(most, cut)
		if s.ledger.confirmed >= cut {
			m.flags |= flagFin
		}
	}
	if p.hasEcho {
		m.flags |= flagEcho
		p.hasEcho = false
	}
	if s.farewell.leaving {
		m.flags |= flagBye
		m.last = s.farewell.last
	}
	if s.farewell.fin || !s.started {
		m.flags |= flagFin
	}
	if s.farewell.end < never || s.dispute != nil || s.tick%blockEvery == 0 {
		m.flags |= flagBlock
		m.confirmed, m.hash = s.ledger.confirmed, s.ledger.newest()
	}
	start := s.startFor(p, mine)
	m.count = max(0, min(int(mine-start), maxRun))
	m.uneven = most > mine && start+Frame(m.count) == mine
	for {
		m.head = start + Frame(m.count)
		if b = s.appendInputs(b[:0], &m, start+1); len(b) <= MaxPacket {
			break
		}
		if m.uneven {
			m.uneven = false
		} else if m.count == 1 {
			panic(fmt.Sprintf("netcode: the inputs of frame %d are %d bytes in a packet", m.head, len(b)))
		} else {
			m.count = max(1, min(m.count-1, m.count*MaxPacket/len(b)))
		}
	}
	if p.sent = m.head; p.sent >= mine {
		p.sent = 0
	}
	p.again.sent(m.head, s.tick)
	return b
}

// startFor is the frame after which the next packet for a peer has inputs: where the
// last one ended that could not hold all, or what again says.
func (s *Session) startFor(p *peer, mine Frame) Frame {
	start := p.start(mine)
	if start == p.ack && start < p.again.newest && p.again.newest <= mine {
		cost, last := s.local.spent(&s.timeline, start, p.again.newest)
		start = p.again.from(start, last, cost, s.tick)
	}
	return start
}

// appendInputs writes a whole packet, until it is too long.
func (s *Session) appendInputs(b []byte, m *play, from Frame) []byte {
	var counts [MaxPlayers]int
	m.flags &^= flagCommands
	for i := range s.local.list {
		q := &s.timeline.queues[s.local.list[i].player]
		counts[i] = m.count
		if m.uneven {
			counts[i] = int(q.head - from + 1)
		}
		if q.anyCommand(from, counts[i]) {
			m.flags |= flagCommands
		}
	}
	b = m.appendHeader(b, s.port.tag)
	if m.count == 0 && !m.uneven {
		return b
	}
	for i := range s.local.list {
		if m.uneven {
			b = append(b, byte(counts[i]-m.count))
		}
	}
	for i := range s.local.list {
		if len(b) <= MaxPacket {
			b = appendSeat(b, &s.timeline.queues[s.local.list[i].player], from, counts[i], m.flags&flagCommands != 0)
		}
	}
	return b
}
