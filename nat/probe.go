package nat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// MaxServers is how many servers one Probe asks at the most.
const MaxServers = 8

// Probe asks STUN servers, given as "host:port" or "stun:host:port", all at
// once from one socket. Two servers on different hosts, or one that knows a
// second address of its own (RFC 5780), are needed to tell the mapping; only such
// a one can tell the filtering. Names are asked over IPv4 and IPv6.
//
// It takes some 300 ms where servers answer, of which most is waiting for what a
// filter holds back, and 1.1 s where they do not, and up to a second more for
// names that DNS does not know. When ctx ends
// first, the error is its own and the report holds what was found so far. Any
// other error means that nothing could be asked: silent servers are no error.
func Probe(ctx context.Context, servers ...string) (Report, error) {
	return probe(ctx, servers)
}

// PublicPorts asks STUN servers as Probe does, and tells what it takes to guess the
// public ports of this machine: its public IPv4 address and, where the port changes
// with the destination, the lowest and the highest to be expected. Both are zero
// where it does not change. An error means that nobody can tell. It is there to be
// handed to nat/punch and netcode/rtc, as Options.Birthday.
func PublicPorts(ctx context.Context, servers ...string) (public netip.Addr, low, high uint16, err error) {
	r, err := Probe(ctx, servers...)
	if err != nil {
		return netip.Addr{}, 0, 0, err
	}
	public = r.Public.Value.Addr()
	if !public.Is4() {
		return netip.Addr{}, 0, 0, errors.New("nat: no server answers over IPv4")
	}
	switch p := r.Ports.Value; {
	case r.Varies.Value == Unknown:
		return netip.Addr{}, 0, 0, fmt.Errorf("nat: the servers do not tell whether the public port changes: %s", r.Varies.Why)
	case r.Varies.Value == No:
		return public, 0, 0, nil
	case p.Sockets >= 3: // fewer say nothing of the rest
		return public, p.Low, p.High, nil
	}
	return public, 1, 65535, nil
}

// target is a server as the caller named it.
type target struct {
	name, host string
	port       uint16
}

func parse(servers []string) ([]target, error) {
	if len(servers) == 0 {
		return nil, errors.New("nat: no STUN server to ask")
	}
	if len(servers) > MaxServers {
		return nil, fmt.Errorf("nat: %d servers; at most %d", len(servers), MaxServers)
	}
	var targets []target
	for _, name := range servers {
		host, port, err := net.SplitHostPort(strings.TrimPrefix(name, "stun:"))
		if err != nil {
			return nil, fmt.Errorf("nat: server %q: want host:port", name)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || host == "" {
			return nil, fmt.Errorf("nat: server %q: want a host and a port from 1 to 65535", name)
		}
		targets = append(targets, target{name, host, uint16(n)})
	}
	return targets, nil
}
