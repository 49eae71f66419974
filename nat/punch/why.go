package punch

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
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
	first   sample // checks before it was open are not counted
	last    sample
	jitter  time.Duration
}

// add takes the counts of now and tells the jitter and the share that is lost.
func (q *quality) add(attempt uint64, s sample) (jitter time.Duration, loss float64) {
	if q.attempt != attempt || s.local != q.first.local || s.remote != q.first.remote || s.sent < q.last.sent {
		*q = quality{attempt: attempt, first: s, last: s}
	}
	if q.last.rtt > 0 && s.answered > q.last.answered {
		q.jitter += ((s.rtt - q.last.rtt).Abs() - q.jitter) / 4
	}
	q.last = s
	if sent, answered := s.sent-q.first.sent, s.answered-q.first.answered; sent > answered {
		loss = float64(sent-answered-1) / float64(sent) // one may be on its way
	}
	return q.jitter, loss
}

// look asks the pipe how it goes.
func (l *Link) look() {
	l.mu.Lock()
	p, live := l.pipe, l.live
	l.mu.Unlock()
	s, ok := p.selected()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok || p != l.pipe {
		return
	}
	r := &l.report
	r.Jitter, r.Loss = l.quality.add(live, s)
	r.Local, r.Remote, r.RTT = s.local.String(), s.remote.String(), s.rtt
	r.Path = Direct
	if s.local.kind() == "relay" || s.remote.kind() == "relay" {
		r.Path = Relay
	}
	switch {
	case r.Path == Direct:
		r.Why = ""
	case r.Why == "" || l.trial == nil:
		r.Why = l.why()
	}
	l.notePath(s)
}

// why tells why the path is no direct one; the caller holds the lock.
func (l *Link) why() string {
	ours, theirs := kinds(l.ours), kinds(l.theirs)
	switch {
	case l.o.RelayOnly:
		return "this end shows no address"
	case len(theirs) == 0 || theirs["relay"] == len(l.theirs):
		return "the other end shows no address but a relay's"
	case len(ours) == 0 || ours["relay"] == len(l.ours):
		return "this end has no address but a relay's: UDP is blocked here"
	case apart(l.ours, l.theirs):
		return apartText
	case ours["srflx"] == 0 && len(l.o.Servers) > 0 && theirs["srflx"] > 0:
		return "no STUN server told this end its address: UDP may be blocked here"
	case theirs["srflx"] == 0 && len(l.o.Servers) > 0 && ours["srflx"] > 0:
		return "no STUN server told the other end its address: UDP may be blocked there"
	}
	return fmt.Sprintf("nothing came through directly (%d addresses here, %d there): a symmetric NAT?",
		len(l.ours)-ours["relay"], len(l.theirs)-theirs["relay"])
}

const apartText = "one end has IPv4 alone and the other IPv6 alone"

// apart reports whether the ends' own addresses are of two families. Names that
// browsers show may be of either.
func apart(ours, theirs []candidate) bool {
	a, b := families(ours), families(theirs)
	return a != 0 && b != 0 && a&b == 0
}

// families are bits: 1 for IPv4, 2 for IPv6, both for what can't be known.
func families(cs []candidate) (bits int) {
	for _, c := range cs {
		if c.kind() == "relay" {
			continue
		}
		text := ""
		if f := strings.Fields(c.Text); len(f) > 4 {
			text = f[4]
		}
		ip, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			bits |= 3
		case ip.Unmap().Is4():
			bits |= 1
		default:
			bits |= 2
		}
	}
	return bits
}

func kinds(cs []candidate) map[string]int {
	n := map[string]int{}
	for _, c := range cs {
		n[c.kind()]++
	}
	return n
}

// giveUp ends the link with what was tried.
func (l *Link) giveUp(broken error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cause := l.diagnose(broken)
	text := map[Cause]string{
		NoAnswer:       "no answer from the other side",
		NoCandidates:   "one of the ends has no address to be reached at",
		NoUDP:          "no server told an address of ours, so UDP is blocked here",
		RelayRefused:   l.refusal(),
		RelayQuota:     l.refusal(),
		ChecksFailed:   "no pair of addresses worked",
		DTLSFailed:     "packets came through, but DTLS made no handshake",
		ChannelsFailed: "the handshake was done, but no channel opened",
	}[cause]
	if cause == NoAnswer && !l.o.Offer {
		text = "no offer from the other side"
	}
	if cause == ChecksFailed && apart(l.ours, l.theirs) {
		text += ": " + apartText + ", and no relay led from the one to the other"
	}
	text += fmt.Sprintf(" in %v", l.o.Timeout)
	if cause != NoAnswer || l.o.Offer {
		text += "; " + strings.Join(l.tried(), "; ")
	}
	l.fail(&Error{cause, text})
}

// quotaReached is the error code of a relay for who has had its share (RFC 8656 section 19).
const quotaReached = 486

// refusal tells what a relay said that does not let us in; the caller holds the lock.
func (l *Link) refusal() string {
	if l.denied == quotaReached {
		return fmt.Sprintf("the relay has carried for this player what it may, or as many links (error %d)", l.denied)
	}
	return fmt.Sprintf("the relay does not let us in (error %d)", l.denied)
}

// diagnose finds why nothing came of connecting; the caller holds the lock.
func (l *Link) diagnose(broken error) Cause {
	ours := kinds(l.ours)
	switch {
	case l.marks.furthest == begun:
		return NoAnswer
	case l.marks.furthest == secured:
		return ChannelsFailed
	case l.marks.furthest == checked || broken == errDTLS:
		return DTLSFailed
	case l.denied == quotaReached && ours["relay"] == 0:
		return RelayQuota
	case l.denied != 0 && ours["relay"] == 0:
		return RelayRefused
	case len(l.ours) == 0 || len(l.theirs) == 0:
		return NoCandidates
	case ours["srflx"] == 0 && ours["relay"] == 0 && slices.ContainsFunc(l.o.Servers, func(s Server) bool { return len(s.URLs) > 0 }):
		return NoUDP
	}
	return ChecksFailed
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
