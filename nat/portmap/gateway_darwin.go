package portmap

import (
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/net/route"
)

// gateway is the router of the IPv4 default route.
func gateway() (netip.Addr, error) {
	b, err := route.FetchRIB(syscall.AF_INET, route.RIBTypeRoute, 0)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("portmap: %w", err)
	}
	if ip, ok := decodeRIB(b); ok {
		return ip, nil
	}
	return netip.Addr{}, errNoRouter
}
