package netcode

import "fmt"

// confirm gives out rows up to the frame that every member of the view has
// reported as complete in it. What one machine alone holds is not confirmed: if
// it vanished with it, the others would go on without.
func (s *Session) confirm() {
	to := min(s.complete, s.now, s.end)
	for i := range s.peers {
		if p := &s.peers[i]; !p.gone && s.fault != confirmEarly {
			to = min(to, p.reported)
		}
	}
	if s.fault == takeBack && s.tick%64 == 0 && s.confirmed > 0 {
		s.confirmed--
	}
	for s.confirmed < to {
		s.confirmed++
		s.give(s.confirmed)
	}
	for i := range s.peers {
		s.compare(&s.peers[i])
	}
}

// give hashes one confirmed frame and shows it to the recorders.
func (s *Session) give(f Frame) {
	state := s.states.at(f)
	if s.fault == hashPredicted {
		state = s.states.at(s.now)
	}
	h := HashState(state)
	s.hashes[f%hashRing] = h
	if f%markEvery == 0 {
		m := &s.marks[f/markEvery%markKept]
		m.frame = f
		m.state = append(m.state[:0], state...)
	}
	s.record(f, h, state)
}

// record shows one confirmed frame to the recorders, frame 0 and states only
// to those that want them.
func (s *Session) record(f Frame, hash uint64, state []byte) {
	if len(s.cfg.Recorders) == 0 {
		return
	}
	s.row.Frame, s.row.Hash = f, hash
	for p := range s.row.Inputs {
		s.queues[p].use(f, &s.row.Inputs[p])
	}
	for i, r := range s.cfg.Recorders {
		if s.deaf[i] {
			continue
		}
		s.row.State = nil
		if k, ok := r.(Keyframer); ok && k.Wants(f) {
			s.row.State = state
		} else if f == 0 {
			continue
		}
		if err := r.Record(&s.row); err != nil {
			s.deaf[i] = true
			s.recordErr = fmt.Errorf("netcode: recorder %d at frame %d: %w", i, f, err)
		}
	}
}

// RecordError tells why a Recorder is no longer called: it returned this
// error. The match goes on without it.
func (s *Session) RecordError() error { return s.recordErr }

// noteHash keeps a peer's hash until the same frame is confirmed here. The
// oldest waits first, since the first difference tells most.
func (s *Session) noteHash(p *peer, confirmed Frame, hash uint64) {
	p.confirmed = max(p.confirmed, confirmed)
	f := confirmed - confirmed%markEvery
	if p.pending == 0 && f > p.agreedAt {
		p.pending, p.hash = f, hash
	}
}

// compare looks at a peer's hash of a confirmed frame. Only confirmed frames
// are compared, so a difference is never a prediction.
func (s *Session) compare(p *peer) {
	f := p.pending
	if f == 0 || f > s.confirmed || s.dispute != nil {
		return
	}
	p.pending = 0
	ours, ok := s.Hash(f)
	if !ok {
		return
	}
	if ours == p.hash {
		p.agreedAt = f
		return
	}
	s.disagree(p, f, ours, p.hash)
}
