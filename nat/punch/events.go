package punch

import (
	"slices"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// events is what a pipe tells its link. Nothing here blocks, since browsers
// and pion call it from loops of their own. What a pipe says that is no longer
// the link's is dropped.
type events struct {
	l       *Link
	attempt uint64
}

func (e events) do(f func(l *Link) (quiet bool)) {
	e.l.mu.Lock()
	was := e.l.state
	if e.attempt != e.l.attempt && e.attempt != e.l.live && e.attempt != e.l.before || was == Closed {
		e.l.mu.Unlock()
		return
	}
	quiet := f(e.l)
	quiet = quiet && e.l.state == was // a packet, which is nothing to run
	e.l.mu.Unlock()
	if !quiet {
		e.l.poke()
	}
	e.l.o.Notify()
}

func (e events) candidate(c candidate) {
	e.do(func(l *Link) bool {
		if e.attempt != l.attempt {
			return true
		}
		if l.o.RelayOnly {
			var ok bool
			if c, ok = c.private(); !ok {
				return true
			}
		}
		if len(l.ours) < maxCandidates && len(c.Text) <= maxCandidate && !slices.Contains(l.ours, c) {
			l.marks.gathered = time.Now()
			l.ours = append(l.ours, c)
			l.fresh = append(l.fresh, c)
			l.note(trace.Event{Kind: trace.Found, Here: c.traced()})
		}
		return false
	})
}

// open tells that both channels are. The link goes over to this pipe at once;
// what comes by the one before is heard for some time more.
func (e events) open() {
	e.do(func(l *Link) bool {
		if e.attempt != l.attempt || l.trial == nil {
			return true
		}
		if l.pipe == nil {
			l.state = Open
			l.report.Connect = time.Since(l.started)
			l.report.Phases = l.marks.phases(l.started, time.Now())
			l.noteOpen()
		} else {
			if l.old != nil {
				l.spent = append(l.spent, l.old)
			}
			l.old, l.before = l.pipe, l.live
			l.report.Moves++
			l.note(trace.Event{Kind: trace.Moved, N: l.report.Moves})
			l.report.Path = Unknown
			l.mail.held = true
			l.waiting, l.frames = outbox{}, outbox{}
		}
		first := l.pipe == nil
		l.pipe, l.live, l.lives, l.trial = l.trial, l.attempt, l.made, nil
		l.heard, l.said, l.fresh, l.broken = nil, nil, nil, nil
		l.newest = time.Now()
		if !first {
			l.say(l.mail.ack(frameAgain))
		}
		if l.asked {
			l.asked = false
			l.sayAgain()
		}
		return false
	})
}

// reached tells how far the connection has come.
func (e events) reached(s step) {
	e.do(func(l *Link) bool {
		if e.attempt == l.attempt && l.trial != nil {
			l.marks.reach(s, time.Now())
			if s == secured {
				l.note(trace.Event{Kind: trace.DTLS, Word: "done"})
			}
		}
		return true
	})
}

// denied tells the error code of a relay that does not let us in.
func (e events) denied(code int) {
	e.do(func(l *Link) bool {
		l.denied = code
		l.note(trace.Event{Kind: trace.Denied, N: code})
		return true
	})
}

// failed tells that the pipe can't connect or has lost its way.
func (e events) failed(err error) {
	e.do(func(l *Link) bool {
		switch e.attempt {
		case l.live:
			if err == errLost && l.denied == quotaReached && l.report.Path == Relay {
				err = &Error{RelayQuota, errLost.Text + ": " + l.refusal()}
			}
			l.fail(err)
		case l.attempt:
			l.broken = err
			if err == errDTLS {
				l.note(trace.Event{Kind: trace.DTLS, Word: "failed"})
			}
		}
		return false
	})
}

// hostile ends the link at once: the other end did what none of ours does.
func (e events) hostile(err error) {
	e.do(func(l *Link) bool {
		l.fail(err)
		return false
	})
}
