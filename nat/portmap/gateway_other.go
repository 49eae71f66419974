//go:build !linux && !js

package portmap

import (
	"errors"
	"net/netip"
)

// gateway is not known here: the caller has to name it.
func gateway() (netip.Addr, error) {
	return netip.Addr{}, errors.New("portmap: the router's address is found on Linux only; name it in Request.Gateway")
}
