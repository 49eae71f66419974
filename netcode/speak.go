package netcode

import "fmt"

// blockEvery is how often, in ticks, a packet tells the confirmed frame and a hash.
const blockEvery = 8

// speak sends one packet to each peer, also when there is nothing new: acks,
// Complete and the clock ride on it, and a silent machine would be taken for
// a lost one.
func (s *Session) speak() {
	troubled := s.troubled()
	for i := range s.peers {
		p := &s.peers[i]
		s.advise(p, troubled)
		if p.gone && (!p.leaving || p.quiet >= hushAfter) && (p.heardUs || p.quiet > 0) {
			continue
		}
		if s.fault == lostAck && p.ack == s.mine {
			continue
		}
		s.speakTo(p)
	}
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
	if p.heardUs && (s.started || s.leaving) {
		s.packet = s.encode(s.packet[:0], p)
	} else {
		s.packet = s.encodeHello(s.packet[:0], p)
	}
	s.send(p)
	if s.dispute != nil {
		s.packet = s.appendDispute(s.packet[:0])
		s.send(p)
	}
}

func (s *Session) send(p *peer) {
	s.net.Send(p.id, s.packet)
	s.stats.PacketsSent++
	s.stats.BytesSent += uint64(len(s.packet))
}

func (s *Session) encodeHello(b []byte, p *peer) []byte {
	flags := byte(0)
	if p.agreed {
		flags |= helloHeard
	}
	if s.leaving && !s.started && s.view == 0 && s.ballot.votes[s.self].promised == 0 {
		flags |= helloBye
	}
	return appendHello(b, s.tag, flags, &s.cfg.Terms, s.order, s.print)
}

// encode writes the packet of this tick for a peer: all inputs that it has not
// acknowledged, the oldest first. When long Commands are too much for one
// packet, the packets of the next ticks go on where this one ended, and then
// begin again. Seats with a longer delay than others add what they have beyond
// the head that all share.
func (s *Session) encode(b []byte, p *peer) []byte {
	mine, most := s.mine, s.most
	if !s.started { // It leaves before its first frame, and has given nothing.
		mine, most = 0, 0
	}
	var m play
	m.seq, m.echo, m.view = byte(s.tick), p.echo, s.view
	m.complete, m.now, m.ack, m.last = s.complete, s.now, p.head, mine
	m.voted = s.ballot.votes[s.self].promised != 0
	if s.view > 0 {
		m.flags |= flagView
	}
	if p.gone { // It leaves, and needs to know how far we are only up to its end.
		cut := s.cuts[p.machine]
		m.complete, m.now = min(m.complete, cut), min(m.now, cut)
		mine, most = min(mine, cut), min(most, cut)
		if s.confirmed >= cut {
			m.flags |= flagFin
		}
	}
	if p.hasEcho {
		m.flags |= flagEcho
		p.hasEcho = false
	}
	if s.leaving {
		m.flags |= flagBye
	}
	if s.fin || !s.started {
		m.flags |= flagFin
	}
	if s.end < never || s.dispute != nil || s.tick%blockEvery == 0 {
		m.flags |= flagBlock
		m.confirmed = s.confirmed
		m.hash = s.hashes[(s.confirmed-s.confirmed%markEvery)%hashRing]
	}
	start := min(p.ack, mine)
	if p.sent > p.ack && p.sent < mine {
		start = p.sent
	}
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
	return b
}

// appendInputs writes a whole packet, until it is too long.
func (s *Session) appendInputs(b []byte, m *play, from Frame) []byte {
	var counts [MaxPlayers]int
	m.flags &^= flagCommands
	for i, seat := range s.local {
		q := &s.queues[seat]
		counts[i] = m.count
		if m.uneven {
			counts[i] = int(q.head - from + 1)
		}
		if q.anyCommand(from, counts[i]) {
			m.flags |= flagCommands
		}
	}
	b = m.appendHeader(b, s.tag)
	if m.count == 0 && !m.uneven {
		return b
	}
	for i := range s.local {
		if m.uneven {
			b = append(b, byte(counts[i]-m.count))
		}
	}
	for i, seat := range s.local {
		if len(b) <= MaxPacket {
			b = appendSeat(b, &s.queues[seat], from, counts[i], m.flags&flagCommands != 0)
		}
	}
	return b
}
