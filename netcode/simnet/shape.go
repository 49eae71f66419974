package simnet

import "github.com/punchback/punchback/netcode"

// Shaper puts a bad network in front of a real Transport: what is sent through
// it suffers the Path before it leaves. What is received passes untouched, so
// that each end answers for its own direction. The line is that of the machine:
// packets to all others share its Bandwidth, its bursts and its cut.
type Shaper struct {
	t    netcode.Transport
	rand random
	link link
	now  int64
	out  queue
}

// Shape wraps t. Call Tick once per tick.
func Shape(t netcode.Transport, seed uint64, p Path) *Shaper {
	return &Shaper{t: t, rand: random(seed), link: link{path: p}}
}

// Set changes the path of packets sent from now on.
func (s *Shaper) Set(p Path) { s.link.path = p }

// Cut breaks the line, or mends it. Packets on the way arrive.
func (s *Shaper) Cut(broken bool) { s.link.cut = broken }

// Counts tells what has become of what was sent.
func (s *Shaper) Counts() Counts { return s.link.counts }

// Tick lets one tick pass and sends what is due.
func (s *Shaper) Tick() { s.Pass(1000) }

// Pass lets so many thousandths of a tick pass and sends what is due.
func (s *Shaper) Pass(thousandths int) {
	s.now += int64(thousandths)
	s.flush()
}

func (s *Shaper) flush() {
	for {
		packet, to, ok := s.out.pop(s.now)
		if !ok {
			return
		}
		s.t.Send(to, packet)
	}
}

// Send is part of netcode.Transport.
func (s *Shaper) Send(to netcode.Peer, packet []byte) {
	copies, due := s.link.send(&s.rand, s.now, len(packet))
	for k := range copies {
		if !s.out.push(due[k], to, packet) {
			s.link.counts.Dropped++
		}
	}
	s.flush()
}

// Recv is part of netcode.Transport.
func (s *Shaper) Recv(dst []byte) (int, netcode.Peer, bool) { return s.t.Recv(dst) }

// Disconnected is part of netcode.Disconnecter.
func (s *Shaper) Disconnected(p netcode.Peer) bool {
	d, ok := s.t.(netcode.Disconnecter)
	return ok && d.Disconnected(p)
}

// Ended is part of netcode.Ender.
func (s *Shaper) Ended(err error) {
	if e, ok := s.t.(netcode.Ender); ok {
		e.Ended(err)
	}
}
