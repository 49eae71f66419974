package punch

import (
	"fmt"
	"slices"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// How patient a link is.
const (
	firstRepeat  = 250 * time.Millisecond // what we said is said again, in case it was lost
	lastRepeat   = time.Second            // and then less often
	oneAttempt   = 6 * time.Second        // from an accepted answer to giving an attempt up
	leastAttempt = 100 * time.Millisecond // however often the other end offers
	gathering    = 400 * time.Millisecond // for candidates of a direct attempt, before it begins without some
	lookConnect  = 25 * time.Millisecond
	lookOpen     = 200 * time.Millisecond
	lookPath     = 500 * time.Millisecond
)

// attempt is what run knows of the connection that it tries to make.
type attempt struct {
	number   uint64
	sdp      string // ours
	remote   bool   // their description is in
	since    time.Time
	from     uint64      // whose description that is
	told     []candidate // theirs
	held     []candidate // those of them that the pipe does not have yet
	admitted admission   // those that it has
	next     time.Time   // when all of ours is said again
	interval time.Duration
	said     time.Time // when it was last
	spoken   bool      // ours has been said once
	lacking  bool      // the other end shows that it lacks it
	early    signal    // theirs for an attempt whose offer is not here yet
	tries    int
	begun    time.Time
	direct   bool      // it uses no relay
	by       *socket   // it uses this one alone, which has met one of the other end's
	goAt     time.Time // when that is for the end that offers; zero: not yet known
	going    bool      // it is over
	again    uint64    // we ask for another path than that of this attempt
}

// trying is the pipe of the present attempt, if one goes on.
func (l *Link) trying() *pipe {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trial
}

// opened tells whether the link is open, and by the pipe of which attempt.
func (l *Link) opened() (live uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live, l.state == Open
}

// drop ends the present attempt.
func (l *Link) drop() {
	l.mu.Lock()
	p := l.trial
	l.trial, l.said, l.fresh = nil, nil, nil
	l.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// begin replaces the pipe by one for the attempt.
func (l *Link) begin(a *attempt, number uint64) (*pipe, error) {
	l.drop()
	l.mu.Lock()
	l.attempt = number
	l.broken, l.ours = nil, nil
	l.marks.again()
	if l.state == Open {
		l.theirs = nil
	}
	o := l.o
	l.made, l.renewed = l.era, false
	l.mu.Unlock()
	*a = attempt{number: number, early: a.early, tries: a.tries + 1, interval: firstRepeat, begun: time.Now(), direct: a.direct, by: a.by}
	l.noteAttempt(a)
	if a.direct {
		o.Servers = withoutRelays(o.Servers)
	}
	p, err := newPipe(&o, events{l, number}, a.by)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.trial = p
	l.mu.Unlock()
	return p, nil
}

func (l *Link) offer(a *attempt, now time.Time) {
	number := a.number
	if a.tries > 0 {
		number++
	}
	p, err := l.begin(a, number)
	if err == nil {
		a.sdp, err = p.offer()
	}
	if _, open := l.opened(); err != nil && open {
		l.drop()
	} else if err != nil {
		l.mu.Lock()
		l.fail(&Error{Unsupported, fmt.Sprintf("this machine can't offer a link: %v", err)})
		l.mu.Unlock()
	}
	a.next = now
}

// hear takes one signal. It is safe to hear any of them again.
func (l *Link) hear(a *attempt, s *signal, now time.Time) {
	if s.Luck != nil {
		if _, open := l.opened(); open {
			l.hearLuck(&l.chance, s.Luck, now)
		}
		return
	}
	if s.Again != 0 {
		if live, open := l.opened(); l.o.Offer && open && s.Again == live && l.trying() == nil {
			a.direct, a.by = false, nil
			l.offer(a, now)
		}
		return
	}
	if !l.o.Offer && s.Attempt > a.early.Attempt {
		a.early = signal{Attempt: s.Attempt}
	}
	if !l.o.Offer && s.Attempt == a.early.Attempt && (s.Attempt > l.attempt) {
		for _, c := range s.Candidates {
			if len(a.early.Candidates) < maxCandidates && !slices.Contains(a.early.Candidates, c) {
				a.early.Candidates = append(a.early.Candidates, c)
			}
		}
		if s.Direct && l.o.RelayOnly {
			return
		}
		if s.SDP != "" && now.Sub(a.begun) >= leastAttempt { // the offer is said again
			a.direct, a.by = s.Direct, nil
			if s.Round != 0 {
				if a.by = l.chance.won(s.Round); a.by == nil {
					return // not yet: the offer is said again
				}
			}
			l.answer(a, s, now)
		}
		return
	}
	if l.o.Offer && s.Attempt == 0 || !l.o.Offer && s.Attempt == l.attempt && s.SDP != "" {
		a.lacking = true // our offer, or our answer to theirs
	}
	if s.Attempt != l.attempt && (s.Attempt != 0 || !l.o.Offer) || l.trying() == nil {
		return
	}
	if l.o.Offer && a.remote && s.From != a.from && now.Sub(a.begun) >= leastAttempt {
		l.offer(a, now) // whoever answered is not there any more
		return
	}
	if s.Attempt == 0 {
		return
	}
	if l.o.Offer && s.SDP != "" && !a.remote {
		p := l.trying()
		if p == nil || p.accept(s.SDP) != nil {
			l.useless()
			return // a damaged answer; the right one is said again
		}
		a.remote, a.since, a.from = true, now, s.From
		l.noteSignal(trace.Heard, false)
		l.meet(s.From)
		for _, c := range a.early.Candidates {
			l.add(a, c)
		}
		a.early.Candidates = nil
		l.aim(a)
	}
	if s.Go && !l.o.Offer && a.direct && a.remote && !a.going {
		l.release(a)
	}
	for _, c := range s.Candidates {
		if a.remote {
			l.add(a, c)
		} else if len(a.early.Candidates) < maxCandidates && !slices.Contains(a.early.Candidates, c) {
			a.early.Candidates = append(a.early.Candidates, c)
		}
	}
}

func (l *Link) answer(a *attempt, s *signal, now time.Time) {
	waiting := a.early.Candidates
	a.early.Candidates = nil
	p, err := l.begin(a, s.Attempt)
	if err != nil {
		l.mu.Lock()
		l.fail(&Error{Unsupported, fmt.Sprintf("this machine can't answer a link: %v", err)})
		l.mu.Unlock()
		return
	}
	sdp, err := p.answer(s.SDP)
	if err != nil {
		l.useless()
		l.drop()
		l.mu.Lock()
		l.attempt = l.live // a damaged offer; the right one is said again
		l.mu.Unlock()
		a.early = signal{}
		return
	}
	a.sdp, a.remote, a.since, a.next = sdp, true, now, now
	l.noteSignal(trace.Heard, true)
	l.meet(s.From)
	for _, c := range waiting {
		l.add(a, c)
	}
	l.aim(a)
}

// aim tells an attempt over sockets that have met where the other one is.
func (l *Link) aim(a *attempt) {
	if a.by != nil {
		l.add(a, a.by.candidate())
	}
}

// meet notes who is at the other end.
func (l *Link) meet(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.other = id
	l.marks.reach(met, time.Now())
}

// start lets both ends of a direct attempt begin at once, as DCUtR does (libp2p's
// relay specification), over the path that there is: a router to which the other
// end's packet comes before ours has gone out may take it for itself, and give our
// packet another port than the one that we have told.
func (l *Link) start(a *attempt, now time.Time) {
	if !a.direct || a.going || !l.o.Offer || !a.remote || l.trying() == nil {
		return
	}
	if a.goAt.IsZero() {
		reflexive := func(c candidate) bool { return c.kind() == "srflx" }
		l.mu.Lock()
		ready, trip := slices.ContainsFunc(a.held, reflexive) && slices.ContainsFunc(l.ours, reflexive), l.report.RTT
		l.mu.Unlock()
		if !ready && now.Sub(a.since) < gathering {
			return
		}
		a.goAt, a.next = now.Add(trip/2), now
	}
	if !now.Before(a.goAt) {
		l.release(a)
	}
}

// release lets the stack have the candidates that were held back.
func (l *Link) release(a *attempt) {
	a.going = true
	l.admit(a, time.Now())
}

// add takes a candidate of theirs, which waits until there is a place for it.
func (l *Link) add(a *attempt, c candidate) {
	if c.Text == "" || slices.Contains(a.told, c) || len(a.told) >= maxCandidates {
		return
	}
	a.told = append(a.told, c)
	a.held = append(a.held, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.theirs) < maxCandidates && !slices.Contains(l.theirs, c) {
		l.theirs = append(l.theirs, c)
		l.note(trace.Event{Kind: trace.Found, There: c.traced()})
	}
}

// speak says what is new, and from time to time everything.
func (l *Link) speak(a *attempt, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == Closed {
		return true
	}
	s := signal{From: l.id, Attempt: l.attempt}
	if a.by != nil { // The other end knows where that is.
		l.ours, l.fresh, s.Round = nil, nil, l.chance.round
	}
	trying := l.state == Connecting || l.trial != nil
	switch {
	case !trying && a.again == 0:
		return false
	case !now.Before(a.next) || a.lacking && now.Sub(a.said) >= firstRepeat:
		a.said, a.lacking = now, false
		a.next = now.Add(a.interval)
		a.interval = min(2*a.interval, lastRepeat)
		if !trying {
			s.Again = a.again
			break
		}
		s.SDP, s.Direct, s.Go = a.sdp, a.direct, !a.goAt.IsZero()
		if l.attempt == 0 && l.o.Offer {
			return false
		}
		if s.SDP != "" && !a.spoken {
			a.spoken = true
			l.noteSignal(trace.Said, l.o.Offer)
		} else if s.SDP != "" {
			l.signals.Again++
		}
		s.Candidates = l.ours
	case len(l.fresh) > 0 && l.attempt != 0:
		s.Candidates = l.fresh
	default:
		return false
	}
	l.fresh = nil
	if l.state == Open && now.Sub(l.newest) < silentAfter {
		l.carry(&s) // however the server is
		return true
	}
	b := s.encode()
	if len(l.said) >= 64 { // nobody carries them: the last repeat holds everything
		l.said = l.said[1:]
		l.signals.Dropped++
	}
	l.signals.Said++
	l.said = append(l.said, b)
	return true
}
