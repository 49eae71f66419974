package nat

import (
	"context"
	"net/netip"
)

// probe has nothing to ask with: a page has no UDP socket.
func probe(context.Context, []string) (Report, error) {
	const why = "a browser gives a page no UDP socket"
	return Report{
		UDP:     Finding[Verdict]{Unknown, why},
		Local:   Finding[netip.AddrPort]{Why: why},
		Public:  Finding[netip.AddrPort]{Why: why},
		Varies:  Finding[Verdict]{Unknown, why},
		Mapping: Finding[Behavior]{UnknownBehavior, why},
	}, nil
}
