package punch

import (
	"errors"
	"fmt"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// How often a link looks what there is to do.
const (
	lookConnect = 25 * time.Millisecond
	lookOpen    = 200 * time.Millisecond
	lookPath    = 500 * time.Millisecond
)

// run owns the pipes: it makes them, carries out the orders of the negotiation, and
// closes them.
func (l *Link) run() {
	defer close(l.done)
	var seen time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.quit:
			l.shut(true, false)
			return
		case <-l.wake:
		case <-timer.C:
		}
		if l.State() == Closed {
			err := l.Err() // who is hostile is not listened to while a goodbye leaves
			l.shut(!errors.Is(err, ErrHostile), err == ErrGone)
			l.o.Notify()
			return
		}
		now := time.Now()
		l.mu.Lock()
		l.in.awake(now)
		l.mu.Unlock()
		if l.State() == Open {
			if !l.settled() || now.Sub(seen) >= lookPath {
				l.look()
				seen = now
			}
			l.maintain(now)
		}
		if l.turn(now) {
			l.o.Notify()
		}
		timer.Reset(l.pause(now))
	}
}

// pause is the time until the next turn.
func (l *Link) pause(now time.Time) time.Duration {
	if l.settled() {
		return lookOpen
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.negotiation.waits(); ok {
		return min(max(at.Sub(now), 0), lookConnect)
	}
	return lookConnect
}

// turn hears, tries and speaks; it reports whether there is something new to poll.
func (l *Link) turn(now time.Time) (news bool) {
	if l.State() == Connecting && now.Sub(l.started) >= l.o.Timeout {
		l.giveUp()
		return true
	}
	n := &l.negotiation
	l.mu.Lock()
	heard := l.signals.take()
	n.met = l.birthday.met()
	n.expire(now)
	l.mu.Unlock()
	l.obey(now)
	for _, s := range heard {
		if s.Birthday != nil {
			l.hearBirthday(s.Birthday, now)
			continue
		}
		l.mu.Lock()
		n.hear(s, now)
		l.mu.Unlock()
		l.obey(now)
	}
	l.mu.Lock()
	n.speak(l.report.RTT, now)
	l.mu.Unlock()
	news = l.obey(now)
	l.check(now)
	return news
}

// check lets the path that is tried have candidates, and look at them.
func (l *Link) check(now time.Time) {
	l.mu.Lock()
	p, checks, agreed := l.paths.trial, l.paths.trying() && l.negotiation.checking(), l.negotiation.agreed
	l.mu.Unlock()
	if checks {
		p.admit(l.strangers, now.Sub(agreed) < placesKept, now)
		p.pipe.nudge()
	}
}

// obey carries out what the negotiation orders; it reports whether it said anything.
func (l *Link) obey(now time.Time) (said bool) {
	for {
		l.mu.Lock()
		o, ok := l.negotiation.next()
		if !ok || l.state == Closed {
			l.mu.Unlock()
			return said || ok
		}
		switch o.kind {
		case toBegin, toAccept, toDrop:
			l.mu.Unlock()
			l.connect(o, now)
			continue
		case toTry:
			if p := l.paths.trial; p != nil {
				p.admission.held = append(p.admission.held, o.candidates...)
			}
		case toNote:
			l.note(trace.Event{Kind: trace.Found, There: o.candidates[0].traced()})
		case toSay:
			l.speak(o)
			said = true
		}
		l.mu.Unlock()
	}
}

// connect carries out an order that is about a pipe, which may take its time.
func (l *Link) connect(o order, now time.Time) {
	switch {
	case o.kind == toDrop:
		l.drop()
	case o.kind == toAccept:
		l.accept(o.signal, now)
	case o.signal == nil:
		l.offer(o, now)
	default:
		l.answer(o, now)
	}
}

// drop ends the present attempt.
func (l *Link) drop() {
	l.mu.Lock()
	old := l.paths.drop()
	l.signals.said = nil
	l.mu.Unlock()
	closeAll([]*pipe{old})
}

// begin replaces the path that is tried by another.
func (l *Link) begin(o order) (*pipe, error) {
	l.mu.Lock()
	p, old := l.paths.try(o.attempt)
	l.signals.said = nil
	l.marks.again()
	l.upkeep.renewed = false
	by := l.birthday.won(o.round)
	options := l.o
	l.noteAttempt(o)
	l.mu.Unlock()
	closeAll([]*pipe{old})
	if o.direct {
		options.ICEServers = withoutRelays(options.ICEServers)
	}
	made, err := newPipe(&options, events{l, p}, by)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	p.pipe = made
	l.mu.Unlock()
	return made, nil
}

// offer carries out the order to begin with an offer.
func (l *Link) offer(o order, now time.Time) {
	p, err := l.begin(o)
	sdp := ""
	if err == nil {
		sdp, err = p.offer()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.negotiation.offered(sdp, now)
	case l.state == Open:
		l.negotiation.unable()
	default:
		l.fail(&Error{Unsupported, fmt.Sprintf("this machine can't offer a link: %v", err)})
	}
}

// answer carries out the order to begin with an answer.
func (l *Link) answer(o order, now time.Time) {
	p, err := l.begin(o)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fail(&Error{Unsupported, fmt.Sprintf("this machine can't answer a link: %v", err)})
		return
	}
	sdp, err := p.answer(o.signal.SDP)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.signals.count.Useless++
		l.negotiation.damaged()
		return
	}
	l.noteSignal(trace.Heard, true)
	l.marks.reach(met, time.Now())
	l.negotiation.answered(o.signal, sdp, now)
}

// accept carries out the order to accept an answer.
func (l *Link) accept(s *signal, now time.Time) {
	l.mu.Lock()
	p := l.paths.trial
	l.mu.Unlock()
	if p == nil || p.pipe == nil {
		return // It is open already.
	}
	err := p.pipe.accept(s.SDP)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.signals.count.Useless++ // the right one is said again
		return
	}
	l.noteSignal(trace.Heard, false)
	l.marks.reach(met, time.Now())
	l.negotiation.accepted(s, now)
}

// speak says a signal: by the path that there is, however the server is, where
// something comes by it. The caller holds the lock.
func (l *Link) speak(o order) {
	if o.signal.SDP != "" && o.first {
		l.noteSignal(trace.Said, l.o.Offer)
	} else if o.signal.SDP != "" {
		l.signals.count.Again++
	}
	if l.state == Open && l.in.silent(time.Now()) < silentAfter {
		l.carry(o.signal)
		return
	}
	l.signals.say(o.signal)
}

// shut closes the pipes, with a goodbye that may be an answer; it is run's last act.
func (l *Link) shut(bye, answer bool) {
	l.birthday.stop()
	l.mu.Lock()
	p := l.paths.current
	rest := l.paths.end()
	if l.state != Closed {
		l.noteClosed(nil)
	}
	l.state = Closed
	l.signals.forget()
	l.mu.Unlock()
	if bye && p != nil {
		p.pipe.bye(answer)
	}
	closeAll(rest)
}
