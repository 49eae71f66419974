//go:build !js

package portmap

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// errNoRouter is why nobody is asked.
var errNoRouter = errors.New("portmap: this machine has no IPv4 default route by a router")

// The tables of routes as other systems hand them out are read here, so that their
// readers are tested on every system.

// decodeForwardTable finds the default route with the lowest metric in Windows'
// MIB_IPFORWARDTABLE: a count, then rows of 14 words, in which the addresses are in
// network byte order.
func decodeForwardTable(b []byte) (best netip.Addr, ok bool) {
	const row, indirect = 14 * 4, 4
	if len(b) < 4 {
		return best, false
	}
	n, b, lowest := binary.LittleEndian.Uint32(b), b[4:], uint32(0)
	for ; n > 0 && len(b) >= row; n, b = n-1, b[row:] {
		word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
		destination, mask, hop, kind, metric := word(0), word(1), netip.AddrFrom4([4]byte(b[12:16])), word(5), word(9)
		if destination != 0 || mask != 0 || kind != indirect || !usable(hop) || ok && metric >= lowest {
			continue
		}
		best, lowest, ok = hop, metric, true
	}
	return best, ok
}

// decodeRIB finds the default route in macOS's table: messages of a head of 92
// bytes (struct rt_msghdr of net/route.h) and the addresses that its bits name, each
// as a sockaddr that begins with its length and is padded to 4 bytes. Routes that are
// for sockets of one interface alone don't count.
func decodeRIB(b []byte) (netip.Addr, bool) {
	const (
		head, version          = 92, 5
		up, router, scoped     = 1, 2, 0x1000000
		destination, hop, mask = 0, 1, 2
		inet                   = 2
	)
	for len(b) >= 4 {
		long := int(binary.LittleEndian.Uint16(b))
		if long < 4 || long > len(b) {
			break
		}
		m := b[:long]
		b = b[long:]
		if long < head || m[2] != version || binary.LittleEndian.Uint32(m[8:])&(up|router|scoped) != up|router {
			continue
		}
		var addresses [3][]byte
		bits, rest := binary.LittleEndian.Uint32(m[12:]), m[head:]
		for i := range addresses {
			if bits&(1<<i) == 0 || len(rest) == 0 {
				continue
			}
			a := rest[:min(int(rest[0]), len(rest))]
			rest = rest[min(max(4, (int(rest[0])+3)&^3), len(rest)):]
			addresses[i] = a
		}
		if zero(addresses[destination]) && zero(addresses[mask]) && len(addresses[hop]) >= 8 && addresses[hop][1] == inet {
			if ip := netip.AddrFrom4([4]byte(addresses[hop][4:8])); usable(ip) {
				return ip, true
			}
		}
	}
	return netip.Addr{}, false
}

// zero reports whether the address in a sockaddr_in is 0.0.0.0; bytes at its end that
// are zero may be missing.
func zero(sockaddr []byte) bool {
	for i := 4; i < min(len(sockaddr), 8); i++ {
		if sockaddr[i] != 0 {
			return false
		}
	}
	return true
}
