package punch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How patient a link is.
const (
	firstRepeat  = 250 * time.Millisecond // what we said is said again, in case it was lost
	lastRepeat   = time.Second            // and then less often
	oneAttempt   = 6 * time.Second        // from an accepted answer to giving an attempt up
	leastAttempt = 100 * time.Millisecond // however often the other end offers
	lookConnect  = 25 * time.Millisecond
	lookOpen     = 500 * time.Millisecond
)

// attempt is what run knows of the connection that it tries to make.
type attempt struct {
	number   uint64
	sdp      string // ours
	remote   bool   // their description is in
	since    time.Time
	from     uint64      // whose description that is
	added    []candidate // theirs that the pipe has
	next     time.Time   // when all of ours is said again
	interval time.Duration
	said     time.Time // when it was last
	lacking  bool      // the other end shows that it lacks it
	early    signal    // theirs for an attempt whose offer is not here yet
	tries    int
	begun    time.Time
}

// run owns the pipe: it makes it, feeds it signals, says ours, and closes it.
func (l *Link) run() {
	defer close(l.done)
	a := &attempt{number: uint64(l.started.UnixNano()), interval: firstRepeat, next: l.started}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.quit:
			l.shut(true)
			return
		case <-l.wake:
		case <-timer.C:
		}
		switch l.State() {
		case Closed:
			err := l.Err() // who is hostile is not listened to while a goodbye leaves
			l.shut(err != ErrGone && !errors.Is(err, ErrHostile))
			l.o.Notify()
			return
		case Open:
			l.look()
			l.await(time.Now())
			timer.Reset(lookOpen)
			if l.Report().Path == Unknown {
				timer.Reset(lookConnect)
			}
		case Connecting:
			if l.connect(a, time.Now()) {
				l.o.Notify()
			}
			timer.Reset(lookConnect)
		}
	}
}

// shut closes the pipe; it is run's last act.
func (l *Link) shut(bye bool) {
	l.mu.Lock()
	p, open := l.pipe, l.state == Open || l.report.Connect > 0
	l.pipe = nil
	l.state = Closed
	l.attempt = 0
	l.heard, l.said, l.fresh = nil, nil, nil
	l.mu.Unlock()
	if p == nil {
		return
	}
	if bye && open {
		p.bye()
	}
	p.close()
}

// connect hears, tries and speaks; it reports whether there is something new to poll.
func (l *Link) connect(a *attempt, now time.Time) bool {
	l.mu.Lock()
	heard, broken := l.heard, l.broken
	l.heard, l.broken = nil, nil
	l.mu.Unlock()

	if now.Sub(l.started) >= l.o.Timeout {
		l.giveUp(a, broken)
		return true
	}
	if l.o.Offer && (l.pipe == nil || broken != nil || a.remote && now.Sub(a.since) > oneAttempt) {
		l.offer(a, now)
	}
	for _, s := range heard {
		l.hear(a, s, now)
	}
	if a.remote && l.pipe != nil {
		l.pipe.nudge()
	}
	return l.speak(a, now)
}

// begin replaces the pipe by one for the attempt.
func (l *Link) begin(a *attempt, number uint64) error {
	l.mu.Lock()
	old := l.pipe
	l.pipe, l.attempt = nil, number
	l.broken, l.ours, l.fresh = nil, nil, nil
	l.mu.Unlock()
	if old != nil {
		old.close()
	}
	*a = attempt{number: number, early: a.early, tries: a.tries + 1, interval: firstRepeat, begun: time.Now()}
	p, err := newPipe(&l.o, events{l, number})
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.pipe = p
	l.mu.Unlock()
	return nil
}

func (l *Link) offer(a *attempt, now time.Time) {
	number := a.number
	if a.tries > 0 {
		number++
	}
	err := l.begin(a, number)
	if err == nil {
		a.sdp, err = l.pipe.offer()
	}
	if err != nil {
		l.mu.Lock()
		l.fail(fmt.Errorf("punch: offer: %w", err))
		l.mu.Unlock()
	}
	a.next = now
}

// hear takes one signal. It is safe to hear any of them again.
func (l *Link) hear(a *attempt, s *signal, now time.Time) {
	if !l.o.Offer && s.Attempt > a.early.Attempt {
		a.early = signal{Attempt: s.Attempt}
	}
	if !l.o.Offer && s.Attempt == a.early.Attempt && (s.Attempt > l.attempt) {
		for _, c := range s.Candidates {
			if len(a.early.Candidates) < maxCandidates && !slices.Contains(a.early.Candidates, c) {
				a.early.Candidates = append(a.early.Candidates, c)
			}
		}
		if s.SDP != "" && now.Sub(a.begun) >= leastAttempt { // the offer is said again
			l.answer(a, s, now)
		}
		return
	}
	if l.o.Offer && s.Attempt == 0 || !l.o.Offer && s.Attempt == l.attempt && s.SDP != "" {
		a.lacking = true // our offer, or our answer to theirs
	}
	if s.Attempt != l.attempt && (s.Attempt != 0 || !l.o.Offer) || l.pipe == nil {
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
		if err := l.pipe.accept(s.SDP); err != nil {
			return // a damaged answer; the right one is said again
		}
		a.remote, a.since, a.from = true, now, s.From
		for _, c := range a.early.Candidates {
			l.add(a, c)
		}
		a.early.Candidates = nil
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
	if err := l.begin(a, s.Attempt); err != nil {
		l.mu.Lock()
		l.fail(err)
		l.mu.Unlock()
		return
	}
	sdp, err := l.pipe.answer(s.SDP)
	if err != nil {
		l.mu.Lock()
		p := l.pipe
		l.pipe, l.attempt = nil, 0 // a damaged offer; the right one is said again
		l.mu.Unlock()
		p.close()
		a.early = signal{}
		return
	}
	a.sdp, a.remote, a.since, a.next = sdp, true, now, now
	for _, c := range waiting {
		l.add(a, c)
	}
}

func (l *Link) add(a *attempt, c candidate) {
	if c.Text == "" || slices.Contains(a.added, c) || len(a.added) >= maxCandidates {
		return
	}
	a.added = append(a.added, c)
	l.mu.Lock()
	if len(l.theirs) < maxCandidates && !slices.Contains(l.theirs, c) {
		l.theirs = append(l.theirs, c)
	}
	l.mu.Unlock()
	l.pipe.add(c) // one that the stack can't read is one that does not help
}

// speak says what is new, and from time to time everything.
func (l *Link) speak(a *attempt, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != Connecting {
		return true
	}
	s := signal{From: l.id, Attempt: l.attempt}
	switch {
	case !now.Before(a.next) || a.lacking && now.Sub(a.said) >= firstRepeat:
		a.said, a.lacking = now, false
		s.SDP = a.sdp
		if l.attempt == 0 && l.o.Offer {
			return false
		}
		s.Candidates = l.ours
		a.next = now.Add(a.interval)
		a.interval = min(2*a.interval, lastRepeat)
	case len(l.fresh) > 0 && l.attempt != 0:
		s.Candidates = l.fresh
	default:
		return false
	}
	l.fresh = nil
	if len(l.said) >= 64 { // nobody carries them: the last repeat holds everything
		l.said = l.said[1:]
	}
	l.said = append(l.said, s.encode())
	return true
}

// look asks the pipe how it goes.
func (l *Link) look() {
	local, remote, rtt, ok := l.pipe.selected()
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Local, l.report.Remote, l.report.RTT = local.String(), remote.String(), rtt
	l.report.Path = Direct
	if local.kind() == "relay" || remote.kind() == "relay" {
		l.report.Path = Relay
	}
}

// giveUp ends the link with what was tried.
func (l *Link) giveUp(a *attempt, broken error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := l.o.Timeout
	switch {
	case !a.remote && !l.o.Offer:
		l.fail(fmt.Errorf("punch: no offer from the other side in %v", took))
	case !a.remote:
		l.fail(fmt.Errorf("punch: no answer from the other side in %v; %s", took, strings.Join(l.tried(), "; ")))
	default:
		why := ""
		if broken != nil {
			why = ": " + broken.Error()
		}
		l.fail(fmt.Errorf("punch: no pair of addresses worked in %v%s; %s", took, why, strings.Join(l.tried(), "; ")))
	}
}

// tried lists the candidates of both ends; the caller holds the lock.
func (l *Link) tried() []string {
	side := func(name string, cs []candidate) string {
		if len(cs) == 0 {
			return name + ": none"
		}
		var s []string
		for _, c := range cs {
			s = append(s, c.String())
		}
		return name + ": " + strings.Join(s, ", ")
	}
	return []string{side("ours", l.ours), side("theirs", l.theirs)}
}

// await ends a link whose other end takes what we send in order and says
// nothing of it: what waits is bounded, but a game would wait for ever.
func (l *Link) await(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.pipe.waiting()
	if acked := l.sent.messages.bytes - waiting; waiting == 0 || acked > l.acked || l.ackedAt.IsZero() {
		l.acked, l.ackedAt = acked, now
	} else if now.Sub(l.ackedAt) > l.o.Limits.Ack {
		l.fail(fmt.Errorf("punch: the other side acknowledged nothing for %v, and %d bytes wait for it", l.o.Limits.Ack, waiting))
	}
}
