package netcode

import "fmt"

// How the session carries out what its membership decides, and when the match is
// over.

// agree lets this machine leave, if it is time, and follows the ballot on the next
// view.
func (s *Session) agree() {
	s.leave()
	if len(s.peers) == 0 || s.dispute != nil || !s.farewell.leaving && s.members.calm(s.tick) {
		return
	}
	trip := 0
	for i := range s.peers {
		trip = max(trip, s.peers[i].clock.rtt)
	}
	held := s.pledges()
	d := s.members.deliberate(s.tick, trip, &held, s.farewell.leaving)
	for i := range s.peers {
		if p := &s.peers[i]; d.met.has(p.machine) {
			s.synced(p)
			p.heardUs = true
		}
	}
	switch {
	case d.next != nil:
		absent, cuts := s.members.after(d.next)
		if !s.install(s.members.view+1, absent, &cuts) {
			s.err = fmt.Errorf("netcode: view %d takes back what was confirmed up to frame %d: a machine lies about votes", s.members.view+1, s.ledger.confirmed)
		}
	case d.split:
		s.split(d.suspects)
	}
}

// install begins a view, or reports false and has changed nothing.
func (s *Session) install(view uint32, absent machines, cuts *[MaxPlayers]Frame) bool {
	m := &s.members
	out, ok := m.install(view, absent, cuts, s.tick, s.ledger.confirmed, s.farthest())
	if !ok {
		return false
	}
	for seat, machine := range s.order {
		if machine != open && absent.has(int(machine)) {
			s.timeline.vacate(Player(seat), m.cuts[machine]+1, s.ledger.confirmed)
		}
	}
	for i := range s.peers {
		p := &s.peers[i]
		p.reported = 0
		if out.has(p.machine) {
			s.events.add(Event{Kind: Left, Peer: p.id, Frame: m.cuts[p.machine], Timeout: m.silent(p.member)})
		}
	}
	if absent.has(m.self) && !s.farewell.leaving {
		s.err = &SplitError{Frame: s.ledger.confirmed, Out: true}
	}
	return true
}

// split ends the match for a side that can't decide anything any more.
func (s *Session) split(suspects machines) {
	if s.farewell.leaving {
		return // Done looks after that.
	}
	if s.members.ballot.members.count() == 2 { // There are no sides then: the other one is gone.
		for i := range s.peers {
			if p := &s.peers[i]; suspects.has(p.machine) {
				s.events.add(Event{Kind: Left, Peer: p.id, Frame: p.head, Timeout: s.members.silent(p.member)})
				s.err = s.leftError(p, p.head)
			}
		}
		return
	}
	s.events.add(Event{Kind: Split, Frame: s.ledger.confirmed})
	e := &SplitError{Frame: s.ledger.confirmed}
	for i := range s.peers {
		e.note = s.peers[i].strange(e.note)
	}
	s.err = e
}

// leave leaves if it is time: while somebody stays to hear it, what was given comes
// first.
func (s *Session) leave() {
	f := &s.farewell
	if f.leaving || !f.parting {
		return
	}
	stay, trip, last := 0, 0, Frame(0)
	for i := range s.peers {
		p := &s.peers[i]
		trip = max(trip, p.clock.rtt)
		if !p.gone && !p.leaving && p.silence < s.members.quietLimit() {
			stay++
		}
	}
	if s.started {
		last = s.local.mine
		if stay > 1 { // Two and more have to agree that it has gone.
			last += Frame(min(ticksOf(2, trip), mostAhead))
		}
	}
	if f.leave(s.tick, s.started && stay > 0 && s.local.waiting(), last); f.leaving {
		f.setEnd(&s.members)
	}
}

// judge looks at who is silent and who has left, and ends the match if it must.
func (s *Session) judge() {
	if s.dispute != nil { // It ends the match soon, and says more.
		if s.err == nil && s.dispute.over(s.tick) {
			s.dispute.conclude()
			s.dispute.err.Dump = s.dispute.dump(&s.cfg)
			s.err = s.dispute.err
		}
		return
	}
	if s.err != nil {
		return
	}
	for i := range s.peers {
		p := &s.peers[i]
		switch {
		case p.gone:
		case s.started && p.unheard >= quietAfter && p.unlinked == 0 && !p.quietSaid:
			p.quietSaid = true
			s.events.add(Event{Kind: Quiet, Peer: p.id, Frame: p.head})
		case p.unheard == 0 && p.quietSaid:
			p.quietSaid = false
			s.events.add(Event{Kind: Back, Peer: p.id, Frame: p.head})
		}
	}
	if s.farewell.leaving || !s.farewell.fin || s.farewell.lingers(s.tick, &s.members) {
		return // silence of others is no error for whoever leaves, see Done
	}
	p := &s.peers[s.members.lastOut]
	s.err = s.leftError(p, s.members.cuts[p.machine])
}

func (s *Session) leftError(p *peer, last Frame) *LeftError {
	return &LeftError{Peer: p.id, Frame: last, Timeout: s.members.silent(p.member), note: p.strange("")}
}

// strange adds to a note that a machine is in another match.
func (p *peer) strange(note string) string {
	if p.agreed || !p.foreign {
		return note
	}
	return fmt.Sprintf("%s: peer %d speaks of another match (Nonce differs)", note, p.id)
}
