package punch

import (
	"errors"
	"time"
)

// run owns the pipe: it makes it, feeds it signals, says ours, and closes it.
func (l *Link) run() {
	defer close(l.done)
	a := &attempt{number: uint64(l.started.UnixNano()), interval: firstRepeat, next: l.started}
	var c care
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
		switch l.State() {
		case Closed:
			err := l.Err() // who is hostile is not listened to while a goodbye leaves
			l.shut(!errors.Is(err, ErrHostile), err == ErrGone)
			l.o.Notify()
			return
		default:
			now := time.Now()
			l.mu.Lock()
			l.woke(now)
			l.mu.Unlock()
			if l.State() == Open {
				if !l.settled() || now.Sub(seen) >= lookPath {
					l.look()
					seen = now
				}
				l.tend(a, &c, now)
			}
			if l.connect(a, now) {
				l.o.Notify()
			}
			timer.Reset(lookConnect)
			if d := a.goAt.Sub(now); !a.going && !a.goAt.IsZero() && d < lookConnect {
				timer.Reset(max(d, 0))
			}
			if l.settled() {
				timer.Reset(lookOpen)
			}
		}
	}
}

// shut closes the pipe, with a goodbye that may be an answer; it is run's last act.
func (l *Link) shut(bye, answer bool) {
	l.mu.Lock()
	p := l.pipe
	l.mu.Unlock()
	l.stopLuck(&l.chance)
	l.mu.Lock()
	rest := append(l.spent, l.trial, l.old, p)
	l.pipe, l.trial, l.old, l.spent = nil, nil, nil, nil
	if l.state != Closed {
		l.noteClosed(nil)
	}
	l.state = Closed
	l.attempt, l.live, l.before = 0, 0, 0
	l.heard, l.said, l.fresh = nil, nil, nil
	l.mu.Unlock()
	if bye && p != nil {
		p.bye(answer)
	}
	closeAll(rest)
}

func closeAll(pipes []*pipe) {
	for _, p := range pipes {
		if p != nil {
			p.close()
		}
	}
}

// connect hears, tries and speaks; it reports whether there is something new to poll.
func (l *Link) connect(a *attempt, now time.Time) bool {
	l.mu.Lock()
	heard, broken, state := l.heard, l.broken, l.state
	l.heard, l.broken = nil, nil
	l.mu.Unlock()

	if state == Connecting {
		if now.Sub(l.started) >= l.o.Timeout {
			l.giveUp(broken)
			return true
		}
		if l.o.Offer && (l.trying() == nil || broken != nil || a.remote && now.Sub(a.since) > oneAttempt) {
			l.offer(a, now)
		}
	} else if l.trying() != nil && (broken != nil || now.Sub(a.begun) > oneAttempt) {
		l.drop() // The path that is open may yet be good; tend knows when to try again.
	}
	for _, s := range heard {
		l.hear(a, s, now)
	}
	l.start(a, now)
	l.admit(a, now)
	if p := l.trying(); a.remote && p != nil && (a.going || !a.direct) {
		p.nudge()
	}
	return l.speak(a, now)
}
