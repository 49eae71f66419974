//go:build !linux && !windows && !darwin && !js

package portmap

import (
	"errors"
	"net/netip"
)

// gateway is not known here: the caller has to name it.
func gateway() (netip.Addr, error) {
	return netip.Addr{}, errors.New("portmap: the router's address is found on Linux, macOS and Windows only; name it in Request.Gateway")
}
