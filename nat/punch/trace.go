package punch

import (
	"errors"
	"strings"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// note tells Options.Trace what has happened, with the lock held or without. Where
// packets come and go nothing is noted.
func (l *Link) note(e trace.Event) {
	if l.o.Trace != nil {
		l.o.Trace(e)
	}
}

// noteClosed tells why the link is closed; the caller holds the lock.
func (l *Link) noteClosed(err error) {
	signals := l.signals.count
	e := trace.Event{Kind: trace.Closed, Signals: &signals}
	if cause := new(Error); errors.As(err, &cause) {
		e.Word = cause.Cause.String()
		e.Text, _, _ = strings.Cut(cause.Text, "; ours: ") // The candidates have been told one by one.
	} else if err != nil {
		e.Text = strings.TrimPrefix(err.Error(), "punch: ")
	}
	l.note(e)
}

// noteOpen tells of the first path; the caller holds the lock.
func (l *Link) noteOpen() {
	signals, p := l.signals.count, l.report.Phases
	l.note(trace.Event{Kind: trace.Open, N: millis(l.report.Connect), Signals: &signals,
		Phases: &trace.Phases{Signal: millis(p.Signal), Gather: millis(p.Gather), Check: millis(p.Check), DTLS: millis(p.DTLS), Open: millis(p.Open)}})
}

// notePath tells which pair of addresses is used; the caller holds the lock.
func (l *Link) notePath(s sample) {
	l.note(trace.Event{Kind: trace.Path, Word: l.report.Path.String(), Here: s.local.traced(), There: s.remote.traced(), N: millis(s.rtt), Text: l.report.Why})
}

// noteAttempt tells that another connection is tried; the caller holds the lock.
func (l *Link) noteAttempt(o order) {
	word, tries := "first", l.negotiation.tries
	switch {
	case o.round != 0:
		word = "guessed"
	case o.direct:
		word = "direct"
	case l.state == Open || tries > 1:
		word = "again"
	}
	l.note(trace.Event{Kind: trace.Attempt, Word: word, N: tries})
}

func (l *Link) noteSignal(k trace.Kind, offer bool) {
	word := "answer"
	if offer {
		word = "offer"
	}
	l.note(trace.Event{Kind: k, Word: word})
}

// noted tells Options.Trace, as long as the pipe is the link's.
func (e events) noted(t trace.Event) {
	e.do(func(l *Link) bool {
		l.note(t)
		return true
	})
}

// ice tells the state of the checks, where it tells something.
func (e events) ice(state string) {
	if state == "checking" || state == "connected" || state == "disconnected" || state == "failed" {
		e.noted(trace.Event{Kind: trace.ICE, Word: state})
	}
}

func millis(d time.Duration) int { return int(d.Round(time.Millisecond) / time.Millisecond) }
