package netcode

import "fmt"

// A view is who plays: a number and the machines that are in. The next view
// begins when a machine has left or is given up. Its members agree by a ballot
// on the last frame of each seat that is gone, fill one another up to there,
// and go on. Confirmed is what every member of the present view has reported as
// complete in it; so no view can take back what another has confirmed.

// council follows the ballot on the next view, and holds one if it must.
func (s *Session) council() {
	if len(s.peers) == 0 || s.err != nil || s.dispute != nil {
		return
	}
	b := &s.ballot
	if s.calm() {
		s.hears, s.ballotAt = b.members&^setOf(s.self), s.tick
		return
	}
	s.reach()
	for i := range s.peers {
		p := &s.peers[i]
		if p.leaving && !p.voted && p.view == s.view {
			b.resigned |= setOf(p.machine)
		}
	}
	if s.leaving && b.votes[s.self].promised == 0 {
		b.resigned |= setOf(s.self)
	}
	if v := b.decided(); v != nil {
		s.decide(v)
		return
	}
	if !b.members.has(s.self) || b.resigned.has(s.self) {
		return
	}
	own := &b.votes[s.self]
	suspects := s.suspects()
	if suspects == 0 && own.promised == 0 {
		s.ballotAt = s.tick
		return
	}
	if !b.quorum(b.members &^ suspects) {
		s.split(suspects)
		return
	}
	// The first of those who are left begins, the others only if that leads to
	// nothing. A ballot that suspects nobody any more lifts the freeze of those
	// before it: the next view has the same members.
	rank := (b.members &^ suspects & (setOf(s.self) - 1)).count()
	wait := int64(rank) * s.patience()
	if own.promised != 0 {
		wait += s.patience()
	}
	if s.tick-s.ballotAt >= wait {
		var heads [MaxPlayers]Frame
		s.holdings(&heads)
		s.ballotAt = s.tick
		b.begin(suspects, &heads)
		if v := b.decided(); v != nil {
			s.decide(v)
		}
	}
}

// calm tells that everybody was heard in this tick and nobody leaves or votes: as
// almost always, there is nothing to do then.
func (s *Session) calm() bool {
	if s.leaving || s.ballot.voters != 0 {
		return false
	}
	for i := range s.peers {
		p := &s.peers[i]
		if p.quiet > 0 || p.leaving || p.gone {
			return false
		}
		p.age = 0
	}
	return true
}

// patience is how many ticks a ballot may take before another is held: each round
// twice as many, since before the first frame nobody has measured a trip yet.
func (s *Session) patience() int64 {
	return min(s.trips(3)<<min(max(s.ballot.votes[s.self].promised.round()-1, 0), 4), 120)
}

// trips is how many ticks so many round trips may take.
func (s *Session) trips(n int) int64 {
	trip := 0
	for i := range s.peers {
		trip = max(trip, s.peers[i].clock.rtt)
	}
	return int64(min(8+n*trip/1000, 120))
}

// reach counts for how long nobody has heard each machine, as far as we know:
// neither we, nor those whom we hear, nor those whom they hear.
func (s *Session) reach() {
	near, seen := machines(0), machines(0)
	for i := range s.peers {
		if p := &s.peers[i]; p.agreed && !p.gone && p.lost == 0 && p.quiet < s.hush() {
			near |= setOf(p.machine)
		}
	}
	s.hears = near
	for next := near; next != 0; {
		seen |= next
		var more machines
		for i := range s.peers {
			if p := &s.peers[i]; next.has(p.machine) {
				more |= p.hears
			}
		}
		next = more &^ seen & s.ballot.members
	}
	for i := range s.peers {
		p := &s.peers[i]
		passed := seen.has(p.machine) && !near.has(p.machine)
		if passed && !(p.agreed && p.heardUs) { // It has agreed with those who hear it, and so with us.
			s.agree(p)
			p.heardUs = true
		}
		if p.quiet == 0 {
			p.age = 0
		} else if p.age++; passed {
			p.age = min(p.age, s.hush()-1)
		} else if int64(p.lost) > s.trips(1) { // The others had the time to say that they hear it.
			p.age = max(p.age, s.cfg.Timeout)
		}
	}
}

// hush is for how many ticks a machine can be silent and still counts as heard.
func (s *Session) hush() int { return min(hushAfter, s.cfg.Timeout/2+1) }

// suspects are the members that have left, once all their inputs are here, and
// those that nobody has heard for too long. A leaver that has a vote in this view
// is let go from the next one: until then that vote may be needed.
func (s *Session) suspects() (m machines) {
	for i := range s.peers {
		p := &s.peers[i]
		if !p.gone && (s.ballot.resigned.has(p.machine) && (p.head >= p.last || p.age >= hushAfter) || p.age >= s.cfg.Timeout) {
			m |= setOf(p.machine)
		}
	}
	return m
}

// decide begins the next view with what the ballot of this one has decided.
func (s *Session) decide(v *outcome) {
	cuts := s.cuts
	for m := range cuts {
		if (s.absent | v.absent).has(m) {
			cuts[m] = v.cuts[m]
		}
	}
	if !s.install(s.view+1, s.absent|v.absent, &cuts) {
		s.err = fmt.Errorf("netcode: view %d takes back what was confirmed up to frame %d: a machine lies about votes", s.view+1, s.confirmed)
	}
}

// install begins a view, or reports false and has changed nothing.
func (s *Session) install(view uint32, absent machines, cuts *[MaxPlayers]Frame) bool {
	out := absent &^ s.absent
	for m := range cuts {
		if absent.has(s.self) {
			cuts[m] = min(cuts[m], s.farthest()) // We need none beyond our own last frame.
		} else if absent.has(m) && cuts[m] < s.confirmed && (out.has(m) || cuts[m] < s.cuts[m]) {
			return false
		}
		if cuts[m] > s.farthest() {
			return false
		}
	}
	s.view, s.absent, s.cuts = view, absent, *cuts
	for seat, machine := range s.order {
		if machine == open || !absent.has(int(machine)) {
			continue
		}
		q, before := &s.queues[seat], s.queues[seat].gone
		q.gone = cuts[machine] + 1
		if q.gone < before && q.gone <= s.now && (s.wrong == 0 || q.gone < s.wrong) {
			s.wrong = max(q.gone, s.confirmed+1)
		}
	}
	for i := range s.peers {
		p := &s.peers[i]
		p.reported = 0
		if out.has(p.machine) {
			p.gone = true
			s.event(Event{Kind: Left, Peer: p.id, Frame: s.cuts[p.machine], Timeout: s.silent(p)})
			s.lastOut = i
		}
	}
	s.convene()
	if absent.has(s.self) && !s.leaving {
		s.err = &SplitError{Frame: s.confirmed, Out: true}
	}
	return true
}

// convene makes the ballot of the present view.
func (s *Session) convene() {
	s.ballot = ballot{self: s.self, members: s.all &^ s.absent, gone: s.absent, fault: s.fault}
	s.ballotAt = s.tick
}

// alone tells whether nobody else is in the view.
func (s *Session) alone() bool { return len(s.peers) > 0 && s.all&^s.absent == setOf(s.self) }

// split ends the match for a side that can't decide anything any more.
func (s *Session) split(suspects machines) {
	if s.leaving || s.err != nil {
		return // Done looks after that.
	}
	if s.ballot.members.count() == 2 { // There are no sides then: the other one is gone.
		for i := range s.peers {
			if p := &s.peers[i]; suspects.has(p.machine) {
				s.event(Event{Kind: Left, Peer: p.id, Frame: p.head, Timeout: s.silent(p)})
				s.err = s.leftError(p, p.head)
			}
		}
		return
	}
	s.event(Event{Kind: Split, Frame: s.confirmed})
	e := &SplitError{Frame: s.confirmed}
	for i := range s.peers {
		e.note = s.peers[i].strange(e.note)
	}
	s.err = e
}

// troubled tells whether to ask the others how they are.
func (s *Session) troubled() bool {
	for i := range s.peers {
		p := &s.peers[i]
		if !p.gone && (p.quiet >= askAfter || p.lost > 0) || p.gone && p.head < s.cuts[p.machine] || p.view > s.view {
			return true
		}
	}
	return s.ballot.votes[s.self].promised != 0
}

// advise sends a status to a peer, and what it lacks, if either needs it.
func (s *Session) advise(p *peer, troubled bool) {
	asked := s.tick-p.asked < askKept
	behind := p.view < s.view && p.quiet == 0
	if p.gone && !behind {
		return
	}
	if troubled || asked || behind {
		s.packet = s.appendStatus(s.packet[:0], troubled)
		s.send(p)
	}
	if asked {
		s.fill(p)
	}
}
