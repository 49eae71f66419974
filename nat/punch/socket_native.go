//go:build !js

package punch

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/ice/v4"
)

// socket is one of ours that has met one of theirs.
type socket struct {
	conn   *net.UDPConn
	remote netip.AddrPort
}

// candidate is the other end's, as ICE has it.
func (s *socket) candidate() candidate {
	return candidate{fmt.Sprintf("candidate:4 1 udp 2130706431 %v %d typ host", s.remote.Addr(), s.remote.Port()), "0"}
}

// mux is what pion's ICE takes instead of sockets of its own.
func (s *socket) mux(link *strangers) ice.UDPMux {
	g := newGate(s.conn, new(atomic.Bool), link)
	link.knows(s.remote, g)
	return ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: g, Logger: silent{}.NewLogger("")})
}
