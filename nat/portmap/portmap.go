package portmap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Protocol is a way of asking a router.
type Protocol uint8

// Protocols.
const (
	None   Protocol = iota
	PCP             // RFC 6887
	NATPMP          // RFC 6886
	UPnP            // WANIPConnection:1 and 2, WANPPPConnection:1 of the UPnP Forum
)

func (p Protocol) String() string {
	switch p {
	case PCP:
		return "PCP"
	case NATPMP:
		return "NAT-PMP"
	case UPnP:
		return "UPnP"
	}
	return "none"
}

// Request is what Map asks for.
type Request struct {
	Port     uint16         // of our UDP socket; not zero
	Lifetime time.Duration  // of the mapping, renewed at half; zero means an hour, at most a day
	Gateway  netip.AddrPort // the router, and its port for PCP and NAT-PMP; zero means that of the IPv4 default route, at port 5351
	Seen     netip.Addr     // this machine's public address as a STUN server saw it; zero if unknown
}

// Report is what Find found.
type Report struct {
	Gateway  netip.AddrPort
	PCP      bool
	NATPMP   bool
	UPnP     bool
	External netip.Addr // the router's own outer address, as NAT-PMP or else UPnP tells it; zero if unknown, 0.0.0.0 if it says that it has none
}

// Protocols are those that were found, in the order of the constants.
func (r Report) Protocols() (all []Protocol) {
	for p, found := range map[Protocol]bool{PCP: r.PCP, NATPMP: r.NATPMP, UPnP: r.UPnP} {
		if found {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

// nested reports whether an address that a router has at its outer side is not
// this machine's address on the internet, so that another NAT must be behind it.
func nested(external, seen netip.Addr) bool {
	external, seen = external.Unmap(), seen.Unmap()
	switch {
	case external.IsPrivate(), external.IsLoopback(), external.IsLinkLocalUnicast(),
		netip.MustParsePrefix("100.64.0.0/10").Contains(external): // RFC 6598
		return true
	}
	return seen.Is4() == external.Is4() && seen.IsValid() && seen != external
}

// ErrSilent is the error of Map and Find where no router answers.
var ErrSilent = errors.New("portmap: the router answers neither PCP nor NAT-PMP nor UPnP")

// Mapping is a port that a router opened. It lives until Close.
type Mapping struct {
	at   *mapping
	seen netip.Addr
}

// Map asks the router to open a port, until ctx ends or the router has been
// silent for two seconds; the first way by which it grants one is kept. It fails where Request has a field out of bounds, where
// the router refuses, and with ErrSilent where none answers.
func Map(ctx context.Context, req Request) (*Mapping, error) {
	switch {
	case req.Port == 0:
		return nil, errors.New("portmap: Request.Port is 0; name the port of the socket")
	case req.Lifetime < 0 || req.Lifetime > 24*time.Hour:
		return nil, fmt.Errorf("portmap: Request.Lifetime is %v; at most a day", req.Lifetime)
	case req.Lifetime == 0:
		req.Lifetime = time.Hour
	}
	at, err := open(ctx, req)
	if err != nil {
		return nil, err
	}
	return &Mapping{at, req.Seen}, nil
}

// External is the address at which others reach our port; zero while the router
// has let the mapping go.
func (m *Mapping) External() netip.AddrPort { return m.at.address() }

// Protocol is the one by which the router was asked.
func (m *Mapping) Protocol() Protocol { return m.at.protocol }

// Nested tells that the address is none of the internet's, or not the one that a
// STUN server saw: another NAT is behind this router, and the mapping helps only
// those between the two.
func (m *Mapping) Nested() bool { return nested(m.External().Addr(), m.seen) }

// Close deletes the mapping. It waits for the router's answer, but not for long;
// the error says that the mapping may live on until it expires, or for ever where
// that is all that a router grants, as some do by UPnP.
func (m *Mapping) Close() error { return m.at.close() }

// Find tells what the router speaks and changes nothing there. A zero address
// means the router of the IPv4 default route, at port 5351.
func Find(ctx context.Context, router netip.AddrPort) (Report, error) { return find(ctx, router) }
