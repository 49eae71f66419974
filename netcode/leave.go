package netcode

// A clean end: a machine that leaves names its last frame, the end. Everybody
// plays up to it, confirms it, and says so (fin). Then the match is over for
// all at the same frame. A machine that is done waits a little, so that the
// others hear that it is.

const (
	linger    = 10 // ticks that a finished machine goes on speaking
	hushAfter = 30 // ticks of silence before Quiet
	goneAfter = 90 // ticks of silence after which a finished machine waits no longer
)

// Leave says goodbye in the next Advances; stop calling at Done.
func (s *Session) Leave() {
	if s.leaving {
		return
	}
	s.leaving = true
	s.leftAt = s.tick
	s.foresee(s.mine)
}

// Done tells whether everybody has heard our Leave, or can't any more.
func (s *Session) Done() bool {
	if !s.leaving {
		return false
	}
	if s.err != nil {
		return true
	}
	if !s.started {
		return len(s.peers) == 0 || s.tick-s.leftAt >= hushAfter
	}
	lost := false // somebody is, so that the rest can't be confirmed
	for i := range s.peers {
		lost = lost || s.peers[i].quiet >= s.cfg.Timeout
	}
	for i := range s.peers {
		p := &s.peers[i]
		gone := p.quiet >= s.cfg.Timeout || (s.fin || lost) && p.quiet >= goneAfter
		if !gone && !(p.fin && s.fin) {
			return false
		}
	}
	return true
}

// foresee notes that nobody plays beyond frame f.
func (s *Session) foresee(f Frame) {
	if !s.ending || f < s.end {
		s.end = f
	}
	s.ending = true
}

// finish notes that everything there will be is confirmed. The screen may show
// a prediction beyond; it goes back to the end.
func (s *Session) finish() {
	if !s.ending || s.fin || s.confirmed < s.end {
		return
	}
	s.fin = true
	s.finAt = s.tick
	if s.now > s.end {
		s.game.Load(s.states.at(s.end))
		s.now = s.end
		s.repaired = s.end
	}
}

// watch looks at who is silent and who has left, and ends the match if it must.
func (s *Session) watch() {
	if s.err != nil {
		return
	}
	if s.dispute != nil {
		return // that ends the match soon, and says more
	}
	for i := range s.peers {
		p := &s.peers[i]
		switch {
		case s.started && p.quiet >= hushAfter && !p.hushed:
			p.hushed = true
			s.event(Event{Kind: Quiet, Peer: p.id, Frame: p.head})
		case p.quiet == 0 && p.hushed:
			p.hushed = false
			s.event(Event{Kind: Back, Peer: p.id, Frame: p.head})
		}
	}
	if s.leaving {
		return // silence of others is no error any more, see Done
	}
	over := s.fin && s.tick-s.finAt >= linger
	for i := range s.peers {
		p := &s.peers[i]
		if !s.started && p.leaving {
			s.part(p, 0, false)
			return
		}
		if p.quiet >= s.cfg.Timeout {
			s.part(p, p.head, !p.leaving)
			return
		}
		over = over && (p.fin || p.quiet >= goneAfter)
	}
	if !over {
		return
	}
	for i := range s.peers {
		if p := &s.peers[i]; p.leaving && p.last == s.end {
			s.part(p, s.end, false)
			return
		}
	}
}

// part ends the match because p is gone.
func (s *Session) part(p *peer, last Frame, timeout bool) {
	s.event(Event{Kind: Left, Peer: p.id, Frame: last})
	e := &LeftError{Peer: p.id, Frame: last, Timeout: timeout}
	if !p.agreed && p.foreign {
		e.note = ": it speaks of another match (Nonce differs)"
	}
	s.err = e
}
