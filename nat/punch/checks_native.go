//go:build !js

package punch

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// asked are the addresses that checks of the link have gone to, and what those cost.
type asked struct {
	known  map[netip.AddrPort]*inquiry
	checks bucket               // packets
	calm   netip.AddrPort       // the other end's address on a path that is well; invalid: it may not be
	by     atomic.Pointer[gate] // the socket that packets take
}

// Where a path is well, the ICE agent checks it twice a second, and all others it has
// met with it. One check tells as much (RFC 7675 section 5.1 wants one in 5 s on
// average), and the others only keep what NATs know of them.
const (
	calmOwn   = 900 * time.Millisecond // the agent's own interval is a second
	calmOther = 15 * time.Second       // less than any NAT forgets in
)

func newAsked() asked { return asked{checks: newBucket(linkChecks, 1)} }

// inquiry is what one address has been asked.
type inquiry struct {
	met  bool       // it has answered as only the other end can
	last time.Time  // when it was asked
	from netip.Addr // the address by which this machine goes there
	near bool       // it is in a network of this machine's
	ids  [][12]byte // of the checks, which an answer names
	ways []way
}

// way is from one of our sockets.
type way struct {
	by   *gate
	next time.Time // of an address that has not answered
	last time.Time // of one that has
	sent int
	owed int // checks that its own checks have earned it
}

// pauses are those between the checks of one way. What opens a NAT is the first,
// and what gets through late is the answer to what the other end asks.
var pauses = [...]time.Duration{20 * time.Millisecond, 45 * time.Millisecond, 70 * time.Millisecond, 145 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond}

const (
	mostAsked     = 64 // addresses that are remembered
	remembers     = time.Minute
	leftForRelays = 2
	astray        = 2 // checks of one address from sockets that this machine would not go there by
)

// rest has checks go out seldom while the path to an address is well; "" ends that. With
// another path come other sockets, so those of before are forgotten.
func (s *strangers) rest(at string) {
	calm, _ := netip.ParseAddrPort(at)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked.calm == calm {
		return
	}
	s.asked.calm = calm
	for _, k := range s.asked.known {
		if k.met {
			k.ways = nil
		}
	}
}

// due reports whether a check may go this way, which is that of the packets, or another.
func (w *way) due(own bool, now time.Time) bool {
	pause := calmOther
	if own {
		pause = calmOwn
	}
	if now.Sub(w.last) < pause { // of what it is now: what was another way may have become that of the packets
		return false
	}
	w.last = now
	return true
}

func (a *asked) has(at netip.AddrPort) bool {
	k := a.known[at]
	return k != nil && k.met
}

// STUN (RFC 8489 section 5), as far as a check is told from other packets. A
// question to a STUN server has no attributes, and its answer no integrity.
const (
	stunHead    = 20
	stunRequest = 0x0001
	stunSuccess = 0x0101
	stunSealed  = 0x0008 // MESSAGE-INTEGRITY
	stunUse     = 0x0025 // USE-CANDIDATE (RFC 8445 section 16.1)
)

func isCheck(b []byte) bool {
	return len(b) > stunHead && binary.BigEndian.Uint16(b) == stunRequest
}

// nominates reports whether a check chooses its pair.
func nominates(b []byte) bool { return hasAttribute(b, stunUse) }

func hasAttribute(b []byte, kind uint16) bool {
	for rest := b[stunHead:]; len(rest) >= 4; {
		n := 4 + (int(binary.BigEndian.Uint16(rest[2:]))+3)&^3
		if binary.BigEndian.Uint16(rest) == kind {
			return true
		}
		rest = rest[min(n, len(rest)):]
	}
	return false
}

// answers tells which check a packet answers, if it does.
func answers(b []byte) (id [12]byte, ok bool) {
	if len(b) <= stunHead || binary.BigEndian.Uint16(b) != stunSuccess || !hasAttribute(b, stunSealed) {
		return id, false
	}
	return [12]byte(b[8:stunHead]), true
}

// may reports whether a packet may leave by a socket, and counts it. Only checks
// are counted: what else leaves answers somebody or goes where an answer came from.
func (s *strangers) may(by *gate, b []byte, to netip.AddrPort) bool {
	if !isCheck(b) {
		if len(b) > 0 && b[0] >= 20 && s.asked.by.Load() != by { // DTLS
			s.asked.by.Store(by)
		}
		return true
	}
	to = netip.AddrPortFrom(to.Addr().Unmap().WithZone(""), to.Port())
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	k := s.ask(to, by, now)
	if k == nil {
		return false
	}
	k.last = now
	if k.met {
		return !s.asked.calm.IsValid() || nominates(b) || k.way(by).due(to == s.asked.calm && by == s.asked.by.Load(), now)
	}
	w := k.way(by)
	may := func() bool { ok, _ := s.asked.checks.take(1, now); return ok }
	switch {
	case w.owed > 0: // One for one, so that whoever asks in another's name gains nothing by it.
		w.owed--
		k.ids = append(k.ids[max(0, len(k.ids)-2*mostChecks):], [12]byte(b[8:stunHead]))
		return true
	case len(k.ids) >= mostChecks, !by.relay && len(k.ids) >= mostChecks-leftForRelays, now.Before(w.next), k.strays(w), !may():
		return false
	}
	k.ids = append(k.ids, [12]byte(b[8:stunHead]))
	w.next = now.Add(pauses[min(w.sent, len(pauses)-1)])
	w.sent++
	return true
}

// ask finds what is known of an address; nil: too many are known.
func (s *strangers) ask(to netip.AddrPort, by *gate, now time.Time) *inquiry {
	if k := s.asked.known[to]; k != nil {
		return k
	}
	if len(s.asked.known) >= mostAsked {
		for at, k := range s.asked.known {
			if now.Sub(k.last) > remembers {
				delete(s.asked.known, at)
			}
		}
	}
	if len(s.asked.known) >= mostAsked {
		return nil
	}
	if s.asked.known == nil {
		s.asked.known = make(map[netip.AddrPort]*inquiry)
	}
	k := &inquiry{}
	if by.home.IsValid() {
		if c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)); err == nil { // which sends nothing
			k.from = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
			_ = c.Close()
		}
		k.near = vicinity().have(to.Addr())
	}
	s.asked.known[to] = k
	return k
}

func (k *inquiry) way(by *gate) *way {
	i := slices.IndexFunc(k.ways, func(w way) bool { return w.by == by })
	if i < 0 {
		i = len(k.ways)
		k.ways = append(k.ways, way{by: by})
	}
	return &k.ways[i]
}

// strays reports whether a way has been tried and another is more likely to get
// there: what is left is for that one.
func (k *inquiry) strays(w *way) bool {
	n := 0
	for _, other := range k.ways {
		if worth := k.worth(other.by); worth > k.worth(w.by) && w.sent > 0 {
			return true
		} else if worth == 0 {
			n += other.sent
		}
	}
	return k.worth(w.by) == 0 && (w.sent > 0 || n >= astray)
}

// worth is that of a way. Beyond its own networks, the other end's NAT lets in
// the socket alone whose reflexive address it has been told, which is the one that is
// bound to no address; and none gets anywhere that is bound to one by which this
// machine would not go there.
func (k *inquiry) worth(by *gate) int {
	switch {
	case !by.home.IsValid():
		return 1
	case !by.home.IsUnspecified() && by.home != k.from:
		return 0
	case by.home.IsUnspecified() != k.near:
		return 2
	}
	return 1
}

// came hears what a socket has received.
func (s *strangers) came(by *gate, b []byte, from netip.AddrPort) {
	id, answer := answers(b)
	if !answer && !isCheck(b) {
		return
	}
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !answer {
		if k := s.ask(from, by, now); k != nil && !k.met {
			k.last = now
			k.way(by).owed = 1
		}
		return
	}
	if k := s.asked.known[from]; k != nil && !k.met && slices.Contains(k.ids, id) {
		s.meet(k, 1)
	}
}

// meet notes that an address is the other end's.
func (s *strangers) meet(k *inquiry, places int) {
	s.asked.checks.back(len(k.ids))
	s.places.back(places)
	k.met, k.ids, k.ways = true, nil, nil
}

// knows notes that an address has answered already, by other means.
func (s *strangers) knows(at netip.AddrPort, by *gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.ask(at, by, time.Now()); k != nil {
		s.meet(k, 0)
	}
}

// vicinity is the networks that this machine is in.
func vicinity() (n networks) {
	addrs, err := net.InterfaceAddrs()
	if err != nil || virtual != nil {
		return nil
	}
	for _, a := range addrs {
		if p, ok := a.(*net.IPNet); ok {
			ip, _ := netip.AddrFromSlice(p.IP)
			ones, _ := p.Mask.Size()
			n = append(n, netip.PrefixFrom(ip.Unmap(), ones))
		}
	}
	return n
}
