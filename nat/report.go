package nat

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Verdict is an answer to a question that may have none.
type Verdict uint8

// Verdicts.
const (
	Unknown Verdict = iota
	No
	Yes
)

func (v Verdict) String() string {
	switch v {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// Behavior is how a NAT treats different destinations, in the words of RFC 4787:
// as a mapping (section 4.1), when it chooses the public address of a socket, and
// as a filter (section 5), when it lets somebody's datagrams in. Where there is no
// NAT both are EndpointIndependent; a firewall may filter all the same.
type Behavior uint8

// Behaviors, in the terms of RFC 4787 section 4.1 and 5.
const (
	UnknownBehavior         Behavior = iota
	EndpointIndependent              // the same for everybody
	AddressDependent                 // of each host on its own
	AddressAndPortDependent          // of each host and port on its own
)

func (b Behavior) String() string {
	switch b {
	case EndpointIndependent:
		return "endpoint-independent"
	case AddressDependent:
		return "address-dependent"
	case AddressAndPortDependent:
		return "address-and-port-dependent"
	}
	return "unknown"
}

// Finding is a value and the evidence for it, in words.
type Finding[T any] struct {
	Value T
	Why   string
}

// Ports are the public ports that sockets of ours were given.
type Ports struct {
	Low, High uint16
	Sockets   int // that were looked at
}

// Report is what a Probe found.
type Report struct {
	UDP       Finding[Verdict]        // do datagrams leave and come back?
	Local     Finding[netip.AddrPort] // our end, as this machine sees it; zero if unknown
	Public    Finding[netip.AddrPort] // our end, as the first server that answered over IPv4 saw it (IPv6 where none did); zero if unknown
	Public6   Finding[netip.AddrPort] // the same over IPv6; zero if unknown
	Varies    Finding[Verdict]        // does the public address change with the destination?
	Mapping   Finding[Behavior]       // how exactly
	Filtering Finding[Behavior]       // whose datagrams get in, without ours having gone out to them?
	Preserves Finding[Verdict]        // is the public port the local one?
	Ports     Finding[Ports]          // where the public ports lie
	Hairpin   Finding[Verdict]        // can two behind the same NAT meet at their public addresses? RFC 4787 section 6
	Nested    Finding[Verdict]        // is there a second NAT behind the first, such as a carrier's (CGNAT, RFC 6598)?
	Mapper    Finding[string]         // the protocols by which the router opens ports when asked; empty: none, or nobody asked
	Took      time.Duration
}

// NAT reports whether there is one on the way.
func (r *Report) NAT() Verdict {
	switch {
	case !r.Public.Value.IsValid() || !r.Local.Value.IsValid():
		return Unknown
	case r.Public.Value == r.Local.Value:
		return No
	}
	return Yes
}

// Router adds what the nearest router said (see nat/portmap): by which protocols
// it opens ports, and the public address that it believes to have, if it told one.
// Another one than the servers see means a second NAT behind it.
func (r *Report) Router(protocol string, external netip.Addr) {
	r.Mapper = Finding[string]{protocol, "the router answers it, so it opens ports when asked"}
	seen := r.Public.Value.Addr()
	switch {
	case !external.IsValid():
	case external.IsUnspecified():
		r.Nested = Finding[Verdict]{Yes, "the router says that it has no address of the internet"}
	case carrier(external) || external.IsPrivate():
		r.Nested = Finding[Verdict]{Yes, fmt.Sprintf("the router's own address %v is none of the internet's", external)}
	case seen.IsValid() && seen != external:
		r.Nested = Finding[Verdict]{Yes, fmt.Sprintf("the router's address is %v, but servers see %v", external, seen)}
	case seen.IsValid():
		r.Nested = Finding[Verdict]{No, fmt.Sprintf("the router's address is %v, as servers see it", external)}
	}
}

// carrier reports whether an address is of the range that carriers use between
// their NAT and their customers' (RFC 6598).
func carrier(ip netip.Addr) bool {
	return netip.MustParsePrefix("100.64.0.0/10").Contains(ip.Unmap())
}

// String is the report for a person, a line for each finding.
func (r Report) String() string {
	var b strings.Builder
	line := func(name, value, why string) {
		fmt.Fprintf(&b, "%-10s %s", name, value)
		if why != "" {
			fmt.Fprintf(&b, " (%s)", why)
		}
		b.WriteByte('\n')
	}
	line("udp", r.UDP.Value.String(), r.UDP.Why)
	line("local", address(r.Local.Value), r.Local.Why)
	line("public", address(r.Public.Value), r.Public.Why)
	line("ipv6", address(r.Public6.Value), r.Public6.Why)
	line("varies", r.Varies.Value.String(), r.Varies.Why)
	line("mapping", r.Mapping.Value.String(), r.Mapping.Why)
	line("filtering", r.Filtering.Value.String(), r.Filtering.Why)
	line("preserves", r.Preserves.Value.String(), r.Preserves.Why)
	ports := "unknown"
	if p := r.Ports.Value; p.Sockets > 0 {
		ports = fmt.Sprintf("%d to %d", p.Low, p.High)
	}
	line("ports", ports, r.Ports.Why)
	line("hairpin", r.Hairpin.Value.String(), r.Hairpin.Why)
	line("nested", r.Nested.Value.String(), r.Nested.Why)
	mapper := r.Mapper.Value
	if mapper == "" {
		mapper = "none"
	}
	line("mapper", mapper, r.Mapper.Why)
	fmt.Fprintf(&b, "%-10s %d ms\n", "took", r.Took.Milliseconds())
	return b.String()
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}
