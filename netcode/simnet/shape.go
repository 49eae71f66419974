package simnet

import "github.com/punchback/punchback/netcode"

// Shaper puts a bad network in front of a real Transport: what is sent through
// it suffers the Path before it leaves. What is received passes untouched, so
// that each end answers for its own direction.
type Shaper struct {
	t    netcode.Transport
	rand random
	path Path
	now  int64
	out  queue
}

// Shape wraps t. Call Tick once per tick.
func Shape(t netcode.Transport, seed uint64, p Path) *Shaper {
	return &Shaper{t: t, rand: random(seed), path: p}
}

// Set changes the path of packets sent from now on.
func (s *Shaper) Set(p Path) { s.path = p }

// Tick lets one tick pass and sends what is due.
func (s *Shaper) Tick() {
	s.now += 1000
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
	copies, delay := s.path.fate(&s.rand)
	for k := range copies {
		s.out.push(s.now+int64(delay[k]), to, packet)
	}
	s.flush()
}

// Recv is part of netcode.Transport.
func (s *Shaper) Recv(dst []byte) (int, netcode.Peer, bool) { return s.t.Recv(dst) }
