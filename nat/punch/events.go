package punch

import (
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// events is what a pipe tells its link. Nothing here blocks, since browsers
// and pion call it from loops of their own. What a pipe says that is no longer
// the link's is dropped.
type events struct {
	l    *Link
	path *path
}

func (e events) do(f func(l *Link) (quiet bool)) {
	e.l.mu.Lock()
	was := e.l.state
	if !e.l.paths.have(e.path) || was == Closed {
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

// candidate tells one of ours.
func (e events) candidate(c candidate) {
	e.do(func(l *Link) bool {
		if l.o.RelayOnly {
			var ok bool
			if c, ok = c.private(); !ok {
				return true
			}
		}
		if l.negotiation.found(e.path.attempt, c) {
			l.marks.gathered = time.Now()
			l.note(trace.Event{Kind: trace.Found, Here: c.traced()})
		}
		return false
	})
}

// open tells that both channels are. The link goes over to this path at once;
// what comes by the one before is heard for some time more.
func (e events) open() {
	e.do(func(l *Link) bool {
		if e.path != l.paths.trial || e.path.pipe == nil {
			return true
		}
		now := time.Now()
		moved := l.paths.move()
		if moved {
			l.report.Moves++
			l.note(trace.Event{Kind: trace.Moved, N: l.report.Moves})
			l.report.Path = Unknown
			l.mail.held = true
			l.out.moved()
		} else {
			l.state = Open
			l.report.Connect = now.Sub(l.started)
			l.report.Phases = l.marks.phases(l.started, now)
			l.noteOpen()
		}
		l.negotiation.opened(e.path.attempt)
		l.signals.forget()
		l.in.newest = now
		l.upkeep.move(l.in.count, now)
		if moved {
			l.say(l.mail.ack(frameAgain))
		}
		if e.path.asked {
			l.sayAgain()
		}
		return false
	})
}

// reached tells how far the connection has come.
func (e events) reached(s step) {
	e.do(func(l *Link) bool {
		if e.path == l.paths.trial {
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
		switch e.path {
		case l.paths.current:
			if err == errLost && l.denied == quotaReached && l.report.Path == Relay {
				err = &Error{RelayQuota, errLost.Text + ": " + l.refusal()}
			}
			l.fail(err)
		case l.paths.trial:
			e.path.err = err
			l.negotiation.broke(e.path.attempt)
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
