// Package limit says which networks an address counts in, and how often something may be
// done: token buckets for networks, in bounded memory. It opens no socket and reads no clock.
// It is not for the browser.
package limit

import "net/netip"

// A Network is an address, or a network that an address is in. All of it together
// may do Share times what one address may.
type Network struct {
	netip.Prefix
	Share int
}

// Sizes are the sizes of networks, in bits, that an address counts in, the smallest
// first.
type Sizes struct{ v4, v6 []size }

type size struct{ bits, share int }

var (
	// Clients are for those that connect, guess and send messages. An attacker has all
	// 65,536 networks of 64 bits in a /48 for nothing (RFC 6177 gives homes 56 bits),
	// and rents the addresses of a /24 together; but other people may be in them, too.
	Clients = &Sizes{v4: []size{{32, 1}, {24, 4}}, v6: []size{{64, 1}, {56, 2}, {48, 4}}}

	// Homes are for those that are relayed. A home of IPv6 has 56 bits. An address of
	// IPv4 may be that of many homes, as may those beside it: a /24 has no limit.
	Homes = &Sizes{v4: []size{{32, 1}}, v6: []size{{56, 1}, {48, 4}}}
)

// Of is the networks that an address counts in.
func (s *Sizes) Of(at netip.Addr) (n Networks) {
	sizes := s.v4
	if at.Is6() {
		sizes = s.v6
	}
	for _, size := range sizes {
		p, _ := at.Prefix(size.bits)
		n.all[n.len] = Network{p, size.share}
		n.len++
	}
	return n
}

// Networks are those of one address, the smallest first.
type Networks struct {
	all [3]Network
	len int
}

// All is them as a slice.
func (n *Networks) All() []Network { return n.all[:n.len] }
