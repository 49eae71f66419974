package punch

import (
	"fmt"
	"slices"
	"strings"
)

// why tells why the path is no direct one; the caller holds the lock.
func (l *Link) why() string {
	ours, theirs := kinds(l.negotiation.ours), kinds(l.negotiation.theirs)
	switch {
	case l.o.RelayOnly:
		return "this end shows no address"
	case len(theirs) == 0 || theirs["relay"] == len(l.negotiation.theirs):
		return "the other end shows no address but a relay's"
	case len(ours) == 0 || ours["relay"] == len(l.negotiation.ours):
		return "this end has no address but a relay's: UDP is blocked here"
	case apart(l.negotiation.ours, l.negotiation.theirs):
		return apartText
	case ours["srflx"] == 0 && len(l.o.ICEServers) > 0 && theirs["srflx"] > 0:
		return "no STUN server told this end its address: UDP may be blocked here"
	case theirs["srflx"] == 0 && len(l.o.ICEServers) > 0 && ours["srflx"] > 0:
		return "no STUN server told the other end its address: UDP may be blocked there"
	}
	return fmt.Sprintf("nothing came through directly (%d addresses here, %d there): a symmetric NAT?",
		len(l.negotiation.ours)-ours["relay"], len(l.negotiation.theirs)-theirs["relay"])
}

const apartText = "one end has IPv4 alone and the other IPv6 alone"

// apart reports whether the ends' own addresses are of two families. Names that
// browsers show may be of either.
func apart(ours, theirs []candidate) bool {
	a, b := families(ours), families(theirs)
	return a != 0 && b != 0 && a&b == 0
}

func kinds(cs []candidate) map[string]int {
	n := map[string]int{}
	for _, c := range cs {
		n[c.kind()]++
	}
	return n
}

// giveUp ends the link with what was tried.
func (l *Link) giveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	cause := l.diagnose()
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
	if cause == ChecksFailed && apart(l.negotiation.ours, l.negotiation.theirs) {
		text += ": " + apartText + ", and no relay led from the one to the other"
	}
	text += fmt.Sprintf(" in %v", l.o.Timeout)
	if cause != NoAnswer || l.o.Offer {
		text += "; " + strings.Join(l.tried(), "; ")
	}
	l.fail(&Error{cause, text})
}

// quotaReached is the error code of a relay for whoever has had its share (RFC 8656 section 19).
const quotaReached = 486

// refusal tells what a relay said that does not let us in; the caller holds the lock.
func (l *Link) refusal() string {
	if l.denied == quotaReached {
		return fmt.Sprintf("the relay has carried for this player what it may, or as many links (error %d)", l.denied)
	}
	return fmt.Sprintf("the relay does not let us in (error %d)", l.denied)
}

// diagnose finds why nothing came of connecting; the caller holds the lock.
func (l *Link) diagnose() Cause {
	ours := kinds(l.negotiation.ours)
	switch {
	case l.marks.furthest == begun:
		return NoAnswer
	case l.marks.furthest == secured:
		return ChannelsFailed
	case l.marks.furthest == checked || l.paths.trial != nil && l.paths.trial.err == errDTLS:
		return DTLSFailed
	case l.denied == quotaReached && ours["relay"] == 0:
		return RelayQuota
	case l.denied != 0 && ours["relay"] == 0:
		return RelayRefused
	case len(l.negotiation.ours) == 0 || len(l.negotiation.theirs) == 0:
		return NoCandidates
	case ours["srflx"] == 0 && ours["relay"] == 0 && slices.ContainsFunc(l.o.ICEServers, func(s ICEServer) bool { return len(s.URLs) > 0 }):
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
	return []string{side("ours", l.negotiation.ours), side("theirs", l.negotiation.theirs)}
}
