package punch

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The other end names the addresses at which it says it can be reached, and this
// machine sends to them. One that lies would have it send to whomever it likes:
// so only a few addresses that have not answered are tried, and natively each
// hears a few checks, less and less often. Both are of the whole link, however
// many attempts the other end makes of it.
const (
	mostStrangers = 8  // addresses of one attempt that have not answered
	mostChecks    = 10 // packets to each of them
	linkChecks    = 64 // packets to all of them, and one more a second
	placesKept    = time.Second
)

// strangers counts what a link has to do with addresses that have not answered.
type strangers struct {
	mu     sync.Mutex
	places bucket // addresses, and one more a second: a new attempt brings new ones
	asked  asked
}

func newStrangers() *strangers {
	return &strangers{places: newBucket(mostStrangers, 1), asked: newAsked()}
}

// class of candidates: each gets a place before another gets its second. They are in
// the order in which they are handed over, which is no preference: the stack takes the
// first pair that works, whichever it is. Reflexive and relayed are of either family.
type class uint8

const (
	reflexive class = iota
	hostV4          // and names
	hostV6
	relayed
	classes
)

// class is that of a candidate, and where it is; ok is false for one that no link
// of ours would use: TCP, a group of machines, or a name that is not of multicast DNS,
// which a browser would ask the world for.
func (c candidate) class() (s class, at string, ok bool) {
	f := strings.Fields(c.Text)
	if len(f) < 8 || !strings.EqualFold(f[2], "udp") {
		return 0, "", false
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	if err != nil || port == 0 {
		return 0, "", false
	}
	ip, err := netip.ParseAddr(f[4])
	ip = ip.Unmap().WithZone("")
	switch {
	case err != nil && !strings.HasSuffix(f[4], ".local"), err == nil && (ip.IsUnspecified() || ip.IsMulticast() || ip == broadcast):
		return 0, "", false
	case err != nil:
		at = f[4] + ":" + f[5]
	default:
		at = netip.AddrPortFrom(ip, uint16(port)).String()
	}
	switch kind := c.kind(); {
	case kind == "relay":
		s = relayed
	case kind != "host":
		s = reflexive
	case ip.Is6():
		s = hostV6
	default:
		s = hostV4
	}
	return s, at, true
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// networks are those that this machine is in.
type networks []netip.Prefix

func (n networks) have(ip netip.Addr) bool {
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Masked().Contains(ip) })
}

// distance is 0 for a candidate in one of them, 2 for this machine itself and 1
// for any other.
func (n networks) distance(c candidate) int {
	f := strings.Fields(c.Text)
	if len(f) < 5 || c.kind() != "host" {
		return 1
	}
	ip, err := netip.ParseAddr(f[4])
	if err != nil {
		return 1
	}
	ip = ip.Unmap()
	switch {
	case slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Addr() == ip }):
		return 2
	case n.have(ip):
		return 0
	}
	return 1
}
