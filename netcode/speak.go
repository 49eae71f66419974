package netcode

// blockEvery is how often, in ticks, a packet tells the confirmed frame and a hash.
const blockEvery = 8

// speak sends one packet to each peer, also when there is nothing new: acks,
// Complete and the clock ride on it, and a silent machine would be taken for
// a lost one.
func (s *Session) speak() {
	for i := range s.peers {
		p := &s.peers[i]
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
	if s.started {
		s.packet = s.encode(s.packet[:0], p)
	} else {
		s.packet = s.encodeHello(s.packet[:0], p)
	}
	s.send(p)
	if s.dispute != nil && s.dispute.peer == p {
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
	if s.leaving {
		flags |= helloBye
	}
	return appendHello(b, s.tag, flags, &s.cfg.Terms, s.order, s.print)
}

// encode writes the packet of this tick for a peer: all inputs that it has not
// acknowledged. When long Commands are too much for one packet, the packets of
// the next ticks go on where this one ended, and then begin again.
func (s *Session) encode(b []byte, p *peer) []byte {
	m := play{
		seq:      byte(s.tick),
		echo:     p.echo,
		complete: s.complete,
		now:      s.now,
		ack:      p.head,
		last:     s.mine,
	}
	if p.hasEcho {
		m.flags |= flagEcho
		p.hasEcho = false
	}
	if s.leaving {
		m.flags |= flagBye
	}
	if s.fin {
		m.flags |= flagFin
	}
	if s.ending || s.dispute != nil || s.tick%blockEvery == 0 {
		m.flags |= flagBlock
		m.confirmed = s.confirmed
		m.hash = s.hashes[(s.confirmed-s.confirmed%markEvery)%hashRing]
	}
	start := p.ack
	if p.sent > p.ack && p.sent < s.mine {
		start = p.sent
	}
	from := start + 1
	for count := min(int(s.mine-start), maxRun); ; count /= 2 {
		m.count = count
		m.head = start + Frame(count)
		m.flags &^= flagCommands
		if s.anyCommand(from, count) {
			m.flags |= flagCommands
		}
		b = m.appendHeader(b[:0], s.tag)
		if count > 0 {
			for _, seat := range s.local {
				b = appendSeat(b, &s.queues[seat], from, count, m.flags&flagCommands != 0)
			}
		}
		if len(b) <= MaxPacket {
			if p.sent = m.head; p.sent == s.mine {
				p.sent = 0
			}
			return b
		}
	}
}

func (s *Session) anyCommand(from Frame, count int) bool {
	for _, seat := range s.local {
		for k := range count {
			if s.queues[seat].size[int(from+Frame(k))&inputMask] > 0 {
				return true
			}
		}
	}
	return false
}
