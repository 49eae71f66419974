package punch

import (
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
	isLively    = 10              // packets and messages in a second, at least
)

// upkeep decides when an open link is to try another path. It sees the link now and
// then, and has no clock of its own.
type upkeep struct {
	moved   time.Time // when the link last went over to another path
	next    time.Time // when another path may be tried
	wait    time.Duration
	silent  bool   // the path is thought to be lost
	network string // this machine's addresses
	looked  time.Time
	counted uint64 // packets heard up to the beginning of this second
	lively  bool   // more than a few came in the second before silence
	renewed bool   // there are servers that no attempt was made with
}

// sight is what upkeep sees of an open link.
type sight struct {
	heard    uint64        // packets and messages
	silence  time.Duration // since the last of them
	relayed  bool
	trying   bool   // another path is being made
	outdated bool   // whoever relays it is no server of ours any more, and ends soon
	better   bool   // it is for this end to try the direct way
	network  string // this machine's addresses, where they were asked for
}

// remedy is what upkeep wants to be tried.
type remedy uint8

const (
	nothing remedy = iota
	another        // path, whichever it is
	direct         // path
)

// move notes that the link has gone over to another path.
func (u *upkeep) move(heard uint64, now time.Time) {
	*u = upkeep{moved: now, network: u.network, looked: u.looked, counted: heard, lively: u.lively, renewed: u.renewed}
}

// renew notes that there are other servers.
func (u *upkeep) renew() { u.renewed = true }

// counts reports whether a second is over, when the next sight is to tell the network.
func (u *upkeep) counts(now time.Time) bool { return now.Sub(u.looked) >= time.Second }

// watch takes a sight and notes whether the path is lost, or well again. What has
// changed is told as events.
func (u *upkeep) watch(s sight, now time.Time) (changed []trace.Event) {
	lost := s.outdated && !u.silent
	renewed := u.renewed
	u.renewed = false
	if u.counts(now) {
		u.lively = s.heard-u.counted >= isLively
		u.looked, u.counted = now, s.heard
		if u.network != "" && s.network != u.network {
			lost = true
			changed = append(changed, trace.Event{Kind: trace.Network})
		}
		u.network = s.network
	}
	if u.lively && s.silence >= silentAfter {
		u.lively, lost = false, true
	}
	switch {
	case lost || u.silent && renewed:
		if !u.silent {
			changed = append(changed, trace.Event{Kind: trace.Silent, N: millis(s.silence)})
		}
		u.silent, u.next, u.wait = true, now, firstRepair
	case u.silent && s.silence < silentAfter && !s.trying && !s.outdated: // It was nothing.
		u.silent, u.next = false, time.Time{}
		changed = append(changed, trace.Event{Kind: trace.Audible})
	}
	return changed
}

// remedy is what is to be tried now.
func (u *upkeep) remedy(s sight, now time.Time) remedy {
	if u.silent {
		if now.Before(u.next) {
			return nothing
		}
		return another
	}
	if !s.relayed || !s.better || s.trying {
		return nothing
	}
	if u.next.IsZero() {
		u.next, u.wait = now.Add(firstBetter), firstBetter
	}
	if now.Before(u.next) {
		return nothing
	}
	return direct
}

// tried notes that it is, and when to try again: less and less often, but for a path
// on which nothing is heard.
func (u *upkeep) tried(s sight, now time.Time) {
	u.wait = min(2*u.wait, lastBetter)
	if u.silent && (!s.outdated || s.silence >= silentAfter) {
		u.wait = min(u.wait, lastRepair)
	}
	u.next = now.Add(u.wait)
}

// maintain looks after an open link.
func (l *Link) maintain(now time.Time) {
	l.mu.Lock()
	network := l.upkeep.counts(now)
	l.mu.Unlock()
	s := sight{}
	if network {
		s.network = addresses()
	}
	l.mu.Lock()
	if l.state != Open {
		l.mu.Unlock()
		return
	}
	s.heard, s.silence = l.in.count, l.in.silent(now)
	s.relayed, s.trying = l.report.Path == Relay, l.negotiation.trying
	s.outdated = s.relayed && l.paths.outdated()
	s.better = l.o.Offer && !l.o.RelayOnly
	spent := l.retire(now)
	if stalled := l.mail.stalled(now); stalled > l.o.Limits.Ack { // A game would wait for ever.
		l.fail(unacknowledged(l.o.Limits.Ack, l.mail.bytes))
	}
	for _, e := range l.upkeep.watch(s, now) {
		l.note(e)
		if e.Kind == trace.Audible {
			l.negotiation.content()
		}
	}
	remedy := l.upkeep.remedy(s, now)
	calm := ""
	if !s.relayed && !s.trying && !l.upkeep.silent && s.silence < silentAfter {
		_, calm, _ = l.quality.last.remote.class()
	}
	l.strangers.rest(calm)
	l.mu.Unlock()
	closeAll(spent)
	if remedy != nothing {
		l.remedy(remedy, s, now)
	}
}

// retire takes away the paths that are not heard any more; the caller holds the lock.
// One end closes them first: both at once, and pion waits for a goodbye that nobody
// says.
func (l *Link) retire(now time.Time) (old []*pipe) {
	later := time.Second
	if l.o.Offer {
		later = 0
	}
	if since := now.Sub(l.upkeep.moved); since >= later {
		old = l.paths.retire(since >= lingers+later)
	}
	return old
}

// remedy tries what upkeep wants. While ports are guessed nothing else is tried.
func (l *Link) remedy(r remedy, s sight, now time.Time) {
	if r == direct && l.guesses(now) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r == direct:
		l.negotiation.offer(manner{direct: true}, now)
	case l.o.Offer:
		l.negotiation.offer(manner{}, now)
	default:
		l.negotiation.ask(now)
	}
	l.upkeep.tried(s, now)
}

// settled reports whether there is nothing to do for now.
func (l *Link) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == Open && !l.negotiation.trying && l.report.Path != Unknown
}
