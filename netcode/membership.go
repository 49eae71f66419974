package netcode

// A view is a number and the machines that play. The next view begins when a machine
// has left or is given up. Its members agree by a ballot
// on the last frame of each seat that is gone, fill one another up to there,
// and go on. Confirmed is what every member of the present view has reported as
// complete in it; so no view can take back what another has confirmed.

// quietAfter is for how many ticks nobody hears a machine until it is Quiet.
const quietAfter = 30

// membership is the present view and how it changes: which machines hear each other,
// and the ballot on the next view. It takes in what the others say and how many ticks
// passed, and decides. It sends nothing and steps nothing.
type membership struct {
	self    int
	all     machines // of the first view
	timeout int      // ticks of silence after which a machine is suspected
	others  []member

	view    uint32
	absent  machines          // not in the view
	cuts    [MaxPlayers]Frame // their last frames, by machine
	lastOut int               // of others, the one that left last

	hears    machines // just now
	ballot   ballot   // on the next view
	ballotAt int64    // tick in which the last one was begun
}

// member is what is known of another machine's being there.
type member struct {
	machine int  // as Seats counts them, see machines
	agreed  bool // its hello was heard, and its terms are ours
	heardUs bool // it has heard ours
	foreign bool // it speaks of another match

	silence   int      // ticks since it was heard
	unlinked  int      // ticks since the transport has no way to it any more
	unheard   int      // ticks since anybody heard it, as far as we know: what Terms.Timeout limits
	quietSaid bool     // Quiet was told
	hears     machines // whom it hears, as it told somebody
	heardAt   uint32   // its tick when it did

	view    uint32 // it has told us that it is in this one
	gone    bool   // it is not in the present one
	leaving bool
	last    Frame // its last frame, when it is leaving
	voted   bool  // it leaves, but has voted on the next view
	fin     bool  // it has confirmed everything there will be
}

// present reports whether a machine still has something to do with this match.
func (p *member) present() bool { return !p.gone || p.leaving }

// decision is what the machine has to do about the view.
type decision struct {
	met      machines // they have agreed with those who hear them, and so with us
	next     *outcome // the next view begins
	split    bool     // this side can't decide anything any more,
	suspects machines // since it hears none of these
}

// deliberate follows the ballot on the next view, and begins one if it must. Trip is
// the longest round trip to another machine in thousandths of a tick, held is up
// to where the inputs of each machine are here.
func (m *membership) deliberate(tick int64, trip int, held *[MaxPlayers]Frame, leaving bool) (d decision) {
	b := &m.ballot
	d.met = m.reach(trip)
	for i := range m.others {
		if p := &m.others[i]; p.leaving && !p.voted && p.view == m.view {
			b.resigned |= setOf(p.machine)
		}
	}
	if leaving && !m.voted() {
		b.resigned |= setOf(m.self)
	}
	if d.next = b.decided(); d.next != nil || !b.members.has(m.self) || b.resigned.has(m.self) {
		return d
	}
	suspects := m.suspects()
	if suspects == 0 && !m.voted() && !m.short(held) {
		m.ballotAt = tick
		return d
	}
	if !b.quorum(b.members &^ suspects) {
		d.split, d.suspects = true, suspects
		return d
	}
	// The first of those who are left begins, the others only if that leads to
	// nothing. A ballot that suspects nobody any more lifts the freeze of those
	// before it: the next view has the same members.
	rank := (b.members &^ suspects & (setOf(m.self) - 1)).count()
	wait := int64(rank) * m.patience(trip)
	if m.voted() {
		wait += m.patience(trip)
	}
	if tick-m.ballotAt >= wait {
		m.ballotAt = tick
		b.begin(suspects, held)
		d.next = b.decided()
	}
	return d
}

// calm reports whether everybody was heard in this tick or the one before, and nobody
// leaves or votes: as almost always, there is nothing to decide then.
func (m *membership) calm(tick int64) bool {
	if m.ballot.voters != 0 {
		return false
	}
	for i := range m.others {
		p := &m.others[i]
		if p.silence > 1 || p.leaving || p.gone {
			return false
		}
		p.unheard = p.silence
	}
	m.hears, m.ballotAt = m.ballot.members&^setOf(m.self), tick
	return true
}

// voted reports whether this machine has promised a ballot on the next view.
func (m *membership) voted() bool { return m.ballot.votes[m.self].promised != 0 }

// patience is how many ticks a ballot may take before another is begun: each round
// twice as many, since before the first frame nobody has measured a trip yet.
func (m *membership) patience(trip int) int64 {
	return min(ticksOf(3, trip)<<min(max(m.ballot.votes[m.self].promised.round()-1, 0), 4), 120)
}

// ticksOf is how many ticks so many round trips may take.
func ticksOf(n, trip int) int64 { return int64(min(8+n*trip/1000, 120)) }

// reach counts for how long nobody has heard each machine, as far as we know:
// neither we, nor those whom we hear, nor those whom they hear.
func (m *membership) reach(trip int) (met machines) {
	near, seen := machines(0), machines(0)
	for i := range m.others {
		if p := &m.others[i]; p.agreed && !p.gone && p.unlinked == 0 && p.silence < m.quietLimit() {
			near |= setOf(p.machine)
		}
	}
	m.hears = near
	for next := near; next != 0; {
		seen |= next
		var more machines
		for i := range m.others {
			if p := &m.others[i]; next.has(p.machine) {
				more |= p.hears
			}
		}
		next = more &^ seen & m.ballot.members
	}
	for i := range m.others {
		p := &m.others[i]
		passed := seen.has(p.machine) && !near.has(p.machine)
		if passed && !(p.agreed && p.heardUs) {
			met |= setOf(p.machine)
		}
		if p.silence == 0 {
			p.unheard = 0
		} else if p.unheard++; passed {
			p.unheard = min(p.unheard, m.quietLimit()-1)
		} else if int64(p.unlinked) > ticksOf(1, trip) { // The others had the time to say that they hear it.
			p.unheard = max(p.unheard, m.timeout)
		}
	}
	return met
}

// quietLimit is for how many ticks a machine can be silent and still counts as heard.
func (m *membership) quietLimit() int { return min(quietAfter, m.timeout/2+1) }

// lastOf is up to where the inputs of a leaver count.
func (m *membership) lastOf(p *member) Frame {
	if p.gone {
		return min(p.last, m.cuts[p.machine])
	}
	return p.last
}

// takes is up to where inputs of a machine are taken from itself. Of one that a
// promised ballot suspects, or that has gone, it is what the promise allows for.
func (m *membership) takes(p *member) Frame {
	frozen, last := m.ballot.frozen.has(p.machine), m.lastOf(p)
	if !frozen && !p.gone {
		return never
	}
	if p.leaving && (!frozen || m.ballot.pledged[p.machine] >= last) {
		return last
	}
	return -1
}

// short reports whether a leaver fell silent before it gave all inputs up to its
// cut: the next view has a lower one.
func (m *membership) short(held *[MaxPlayers]Frame) bool {
	for i := range m.others {
		if p := &m.others[i]; p.gone && p.leaving && held[p.machine] < m.cuts[p.machine] {
			return true
		}
	}
	return false
}

// suspects are the members that have left, and those that nobody has heard for too
// long. A leaver that has a vote in this view is let go from the next one: until
// then that vote may be needed.
func (m *membership) suspects() (set machines) {
	for i := range m.others {
		p := &m.others[i]
		if !p.gone && (m.ballot.resigned.has(p.machine) || p.unheard >= m.timeout) {
			set |= setOf(p.machine)
		}
	}
	return set
}

// silent reports whether a machine that is out was given up: it said no goodbye,
// and has not gone for good as far as the transport knows.
func (m *membership) silent(p *member) bool {
	return !p.leaving && p.unlinked == 0 && p.unheard >= m.quietLimit()
}

// after is the set of absent machines after a decision, with their cuts.
func (m *membership) after(v *outcome) (absent machines, cuts [MaxPlayers]Frame) {
	absent, cuts = m.absent|v.absent, m.cuts
	for i := range cuts {
		if absent.has(i) {
			cuts[i] = v.cuts[i]
		}
	}
	return absent, cuts
}

// install begins a view and returns the machines that have gone with it; or it reports false and
// has changed nothing, since the view takes back what is confirmed or cuts beyond
// the farthest frame that anybody can have.
func (m *membership) install(view uint32, absent machines, cuts *[MaxPlayers]Frame, tick int64, confirmed, farthest Frame) (out machines, ok bool) {
	out = absent &^ m.absent
	for i := range cuts {
		if absent.has(m.self) {
			cuts[i] = min(cuts[i], farthest) // We need none beyond our own last frame.
		} else if absent.has(i) && cuts[i] < confirmed && (out.has(i) || cuts[i] < m.cuts[i]) {
			return 0, false
		}
		if cuts[i] > farthest+mostAhead {
			return 0, false
		}
	}
	m.view, m.absent, m.cuts = view, absent, *cuts
	for i := range m.others {
		if p := &m.others[i]; out.has(p.machine) {
			p.gone = true
			m.lastOut = i
		}
	}
	m.newBallot(tick)
	return out, true
}

// newBallot makes the ballot of the present view.
func (m *membership) newBallot(tick int64) {
	m.ballot = ballot{self: m.self, members: m.all &^ m.absent, gone: m.absent}
	m.ballotAt = tick
}

// alone reports whether nobody else is in the view.
func (m *membership) alone() bool { return len(m.others) > 0 && m.all&^m.absent == setOf(m.self) }
