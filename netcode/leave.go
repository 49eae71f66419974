package netcode

import (
	"fmt"
	"slices"
)

// A machine that leaves names its last frame and votes no more; the others let
// it go by the next view, in which it has no input beyond. It stays until all of
// them have confirmed that frame, and so has it. Where only one machine is left,
// the match is over for that one, too, at the last frame of who was with it.

const (
	linger    = 10 // ticks that a finished machine goes on speaking
	hushAfter = 30 // ticks of silence before Quiet
	goneAfter = 90 // ticks of silence after which a finished machine waits no longer
)

// Leave says goodbye in the next Advances, as soon as every Command that they
// took has its frame; those given from now on are not taken. Stop calling at Done.
func (s *Session) Leave() {
	if !s.parting {
		s.parting, s.leftAt = true, s.tick
		s.depart()
	}
}

// depart leaves if nothing that was given waits any more, or nobody stays to
// hear it, or it will not get on.
func (s *Session) depart() {
	if s.leaving || !s.parting {
		return
	}
	waits := slices.ContainsFunc(s.orders[:], func(o orders) bool { return o.count > 0 })
	stays := slices.ContainsFunc(s.peers, func(p peer) bool { return !p.gone && !p.leaving && p.quiet < s.hush() })
	if !waits || !stays || !s.started || s.tick-s.leftAt >= goneAfter {
		s.leaving = true
		s.foresee()
	}
}

// Done tells whether everybody has heard our Leave, or can't any more.
func (s *Session) Done() bool {
	if !s.parting {
		return false
	}
	if s.err != nil || s.tick-s.leftAt >= int64(2*s.cfg.Timeout+goneAfter) {
		return true // The others can't let us go, whoever still speaks.
	}
	if !s.leaving {
		return false
	}
	if !s.started {
		return len(s.peers) == 0 || s.tick-s.leftAt >= hushAfter
	}
	lost := false // somebody is, so that the rest can't be confirmed
	for i := range s.peers {
		lost = lost || s.present(i) && s.peers[i].age >= s.cfg.Timeout
	}
	for i := range s.peers {
		p := &s.peers[i]
		gone := p.age >= s.cfg.Timeout || (s.fin || lost) && p.age >= goneAfter
		if s.present(i) && !gone && !(p.fin && s.fin) {
			return false
		}
	}
	return true
}

// present tells whether a peer still has something to do with this match.
func (s *Session) present(i int) bool { return !s.peers[i].gone || s.peers[i].leaving }

// foresee finds the frame beyond which nobody plays, as far as that is known.
func (s *Session) foresee() {
	end := never
	if s.alone() {
		end = 0
		for i := range s.peers {
			end = max(end, s.cuts[s.peers[i].machine])
		}
		if s.leaving {
			end = min(end, s.mine)
		}
	} else if s.leaving {
		end = s.mine
		if s.absent.has(s.self) { // What came too late for the others does not count.
			end = min(end, s.cuts[s.self])
		}
		for i := range s.peers {
			if p := &s.peers[i]; !p.gone && !p.leaving {
				s.end = end
				return
			}
		}
		for i := range s.peers { // Everybody leaves: then nobody is let go.
			if p := &s.peers[i]; !p.gone {
				end = min(end, p.last)
			}
		}
	}
	s.end = end
}

// finish notes that everything there will be is confirmed. The screen may show
// a prediction beyond; it goes back to the end.
func (s *Session) finish() {
	if s.fin || s.confirmed < s.end {
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
	if s.err != nil || s.dispute != nil {
		return // A dispute ends the match soon, and says more.
	}
	for i := range s.peers {
		p := &s.peers[i]
		switch {
		case p.gone:
		case s.started && p.age >= hushAfter && p.lost == 0 && !p.hushed:
			p.hushed = true
			s.event(Event{Kind: Quiet, Peer: p.id, Frame: p.head})
		case p.age == 0 && p.hushed:
			p.hushed = false
			s.event(Event{Kind: Back, Peer: p.id, Frame: p.head})
		}
	}
	if s.leaving {
		return // silence of others is no error any more, see Done
	}
	if !s.fin {
		return
	}
	for i := range s.peers { // Who leaves shall hear that its end is confirmed.
		p := &s.peers[i]
		if p.leaving && (s.tick-s.finAt < linger || !p.fin && p.age < goneAfter) {
			return
		}
	}
	p := &s.peers[s.lastOut]
	s.err = s.leftError(p, s.cuts[p.machine])
}

func (s *Session) leftError(p *peer, last Frame) *LeftError {
	return &LeftError{Peer: p.id, Frame: last, Timeout: s.silent(p), note: p.strange("")}
}

// silent reports whether a machine that is out was given up: it said no goodbye,
// and has not gone for good as far as the transport knows.
func (s *Session) silent(p *peer) bool {
	return !p.leaving && p.lost == 0 && p.age >= s.hush()
}

// strange adds to a note that a machine is in another match.
func (p *peer) strange(note string) string {
	if p.agreed || !p.foreign {
		return note
	}
	return fmt.Sprintf("%s: peer %d speaks of another match (Nonce differs)", note, p.id)
}
