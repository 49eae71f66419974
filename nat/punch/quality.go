package punch

import (
	"time"
)

// step is how far a connection has come.
type step uint8

const (
	begun   step = iota
	met          // both ends have the description of the other
	checked      // a pair of addresses works (ICE)
	secured      // and the handshake is done (DTLS)
)

// marks are when the present attempt came to a step.
type marks struct {
	at       [secured + 1]time.Time
	gathered time.Time // our last candidate
	furthest step      // of all attempts
}

func (m *marks) again() {
	*m = marks{furthest: m.furthest, at: [secured + 1]time.Time{begun: time.Now()}}
}

func (m *marks) reach(s step, now time.Time) {
	if m.at[s].IsZero() {
		m.at[s] = now
	}
	m.furthest = max(m.furthest, s)
}

// phases of a connect; a stack may tell of a step only after the next.
func (m *marks) phases(started, open time.Time) (p Phases) {
	for s := secured; s > begun; s-- {
		next := open
		if s < secured {
			next = m.at[s+1]
		}
		if m.at[s].IsZero() || m.at[s].After(next) {
			m.at[s] = next
		}
	}
	p.Signal = m.at[met].Sub(started)
	p.Check = m.at[checked].Sub(m.at[met])
	p.DTLS = m.at[secured].Sub(m.at[checked])
	p.Open = open.Sub(m.at[secured])
	if !m.gathered.IsZero() {
		p.Gather = m.gathered.Sub(m.at[begun])
	}
	return p
}

// sample is what a pipe tells of the pair of candidates that packets take.
type sample struct {
	local, remote  candidate
	rtt            time.Duration // of the last check that was answered
	sent, answered uint64        // checks
}

// quality is how the checks of one path go.
type quality struct {
	attempt uint64 // whose path
	last    sample
	jitter  time.Duration
	noted   [2]candidate // the pair that was told of last
}

// news reports whether the pair is another than the one that was told of last.
func (q *quality) news(s sample) bool {
	pair := [2]candidate{s.local, s.remote}
	was := q.noted
	q.noted = pair
	return pair != was
}

// add takes the counts of now and tells the jitter.
func (q *quality) add(attempt uint64, s sample) (jitter time.Duration) {
	if q.attempt != attempt || s.local != q.last.local || s.remote != q.last.remote || s.sent < q.last.sent {
		*q = quality{attempt: attempt, last: s, noted: q.noted}
	}
	if q.last.rtt > 0 && s.answered > q.last.answered {
		q.jitter += ((s.rtt - q.last.rtt).Abs() - q.jitter) / 4
	}
	q.last = s
	return q.jitter
}

// look asks the pipe how it goes.
func (l *Link) look() {
	l.mu.Lock()
	p := l.paths.current
	l.mu.Unlock()
	s, ok := p.pipe.selected()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok || p != l.paths.current {
		return
	}
	r := &l.report
	r.Jitter, r.Loss = l.quality.add(p.attempt, s), l.in.numbers.loss()
	r.Local, r.Remote, r.RTT = s.local.String(), s.remote.String(), s.rtt
	r.Path = Direct
	if s.local.kind() == "relay" || s.remote.kind() == "relay" {
		r.Path = Relay
	}
	switch {
	case r.Path == Direct:
		r.Why = ""
	case r.Why == "" || !l.negotiation.trying:
		r.Why = l.why()
	}
	if l.quality.news(s) {
		l.notePath(s)
	}
}
