package nat

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Verdict is an answer to a question that may have none.
type Verdict uint8

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

// Mapping is how a NAT chooses the public address of a socket, in the words of
// RFC 4787 section 4.1. Where there is no NAT it is EndpointIndependent.
type Mapping uint8

const (
	MappingUnknown          Mapping = iota
	EndpointIndependent             // one address for every destination: peers can be told it
	AddressDependent                // another address for each destination host
	AddressAndPortDependent         // another address for each destination host and port
)

func (m Mapping) String() string {
	switch m {
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

// Report is what a Probe found.
type Report struct {
	UDP     Finding[Verdict]        // do datagrams leave and come back?
	Local   Finding[netip.AddrPort] // our end, as this machine sees it; zero if unknown
	Public  Finding[netip.AddrPort] // our end, as the first server that answered saw it; zero if unknown
	Varies  Finding[Verdict]        // does the public address change with the destination?
	Mapping Finding[Mapping]        // how exactly
	Took    time.Duration
}

// String is the report for a person, a line for each finding.
func (r Report) String() string {
	var b strings.Builder
	line := func(name, value, why string) {
		fmt.Fprintf(&b, "%-8s %s", name, value)
		if why != "" {
			fmt.Fprintf(&b, " (%s)", why)
		}
		b.WriteByte('\n')
	}
	line("udp", r.UDP.Value.String(), r.UDP.Why)
	line("local", address(r.Local.Value), r.Local.Why)
	line("public", address(r.Public.Value), r.Public.Why)
	line("varies", r.Varies.Value.String(), r.Varies.Why)
	line("mapping", r.Mapping.Value.String(), r.Mapping.Why)
	fmt.Fprintf(&b, "%-8s %d ms\n", "took", r.Took.Milliseconds())
	return b.String()
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}
