package punch

import (
	"fmt"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// A link that is open is made better where it can be: one that is relayed
// becomes direct, and one whose path is lost gets another. That is a second
// attempt beside the first, and not an ICE restart: a restart takes the path
// that is there away first (in pion at least), and this way nothing is lost.

const (
	silentAfter = 600 * time.Millisecond // without anything heard where something came all the time
	firstBetter = time.Second            // from a relayed path to the first try of a direct one
	lastBetter  = time.Minute
	firstRepair = 1500 * time.Millisecond // between tries of another path while nothing is heard
	lastRepair  = 6 * time.Second
	lingers     = 2 * time.Second // what is on its way on the path before may need so long
)

// care is what tend remembers.
type care struct {
	moves     int       // of the link, when tend looked last
	moved     time.Time // when it last went over to another path
	next      time.Time // when another path may be tried
	wait      time.Duration
	silent    bool
	addresses string // of this machine
	looked    time.Time
	counted   uint64 // packets heard up to the beginning of this second
	lively    bool   // more than a few came in the second before silence
	acked     uint32 // messages of ours that the other end is known to have
	progress  time.Time
}

// tend looks after an open link.
func (l *Link) tend(a *attempt, c *care, now time.Time) {
	l.mu.Lock()
	heard, newest, path, moves, trying := l.all, l.newest, l.report.Path, l.report.Moves, l.trial != nil
	renewed := l.renewed
	l.renewed = false
	ends := path == Relay && l.lives != l.era // perhaps soon: whoever relays it is no server of ours any more
	if c.moved.IsZero() || moves != c.moves {
		*c = care{moves: moves, moved: now, addresses: c.addresses, looked: c.looked, counted: heard, lively: c.lively, acked: c.acked, progress: c.progress}
		a.again = 0
	}
	var spent []*pipe
	linger, later := lingers, time.Duration(0)
	if !l.o.Offer { // One end closes them first: both at once, and pion waits for a goodbye that nobody says.
		linger, later = linger+time.Second, time.Second
	}
	if now.Sub(c.moved) >= later {
		spent, l.spent = l.spent, nil
	}
	if l.old != nil && now.Sub(c.moved) >= linger {
		spent = append(spent, l.old)
		l.old, l.before = nil, 0
	}
	switch acked := l.mail.sent - uint32(len(l.mail.kept)); {
	case acked == l.mail.sent || acked > c.acked || c.progress.IsZero():
		c.acked, c.progress = acked, now
	case now.Sub(c.progress) > l.o.Limits.Ack: // A game would wait for ever.
		l.fail(&Error{Unacknowledged, fmt.Sprintf("the other side acknowledged nothing for %v, and %d bytes wait for it", l.o.Limits.Ack, l.mail.bytes)})
	}
	l.mu.Unlock()
	closeAll(spent)

	lost := ends && !c.silent
	if now.Sub(c.looked) >= time.Second {
		c.lively = heard-c.counted >= 10
		c.looked, c.counted = now, heard
		is := addresses()
		if c.addresses != "" && is != c.addresses {
			lost = true
			l.note(trace.Event{Kind: trace.Network})
		}
		c.addresses = is
	}
	if c.lively && now.Sub(newest) >= silentAfter {
		c.lively, lost = false, true
	}
	switch {
	case lost || c.silent && renewed:
		if !c.silent {
			l.note(trace.Event{Kind: trace.Silent, N: millis(now.Sub(newest))})
		}
		c.silent, c.next, c.wait = true, now, firstRepair
	case c.silent && now.Sub(newest) < silentAfter && !trying && !ends: // It was nothing.
		c.silent, c.next, a.again = false, time.Time{}, 0
		l.note(trace.Event{Kind: trace.Audible})
	}
	l.mu.Lock()
	l.seeks = c.silent
	l.mu.Unlock()
	switch {
	case c.silent && !now.Before(c.next):
		l.repair(a, now)
	case !c.silent && path == Relay && l.o.Offer && !l.o.RelayOnly && !trying:
		if c.next.IsZero() {
			c.next, c.wait = now.Add(firstBetter), firstBetter
		}
		if now.Before(c.next) {
			return
		}
		if l.hunting(a, now) {
			return
		}
		a.direct, a.by = true, nil
		l.offer(a, now)
	default:
		return
	}
	c.wait = min(2*c.wait, lastBetter)
	if c.silent && (!ends || now.Sub(newest) >= silentAfter) {
		c.wait = min(c.wait, lastRepair)
	}
	c.next = now.Add(c.wait)
}

// repair begins another path, or asks the other end for one.
func (l *Link) repair(a *attempt, now time.Time) {
	if l.o.Offer {
		a.direct, a.by = false, nil
		l.offer(a, now)
		return
	}
	a.again, _ = l.opened()
	a.next, a.interval = now, firstRepeat
}

// settled tells whether there is nothing to do for now.
func (l *Link) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == Open && l.trial == nil && l.report.Path != Unknown
}
