//go:build !js

package punch

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/transport/v5"
)

// gated is a network whose sockets let in nothing but STUN and DTLS, which is
// all that a link is made of. Left alone, what looks like RTP or RTCP waits in
// a megabyte each for a reader that no link has.
type gated struct {
	transport.Net
	deaf *atomic.Bool
	over <-chan struct{} // closed when no relay is needed any more
}

func (n gated) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, local)
	if u, ok := c.(*net.UDPConn); ok && err == nil && (local == nil || !local.IP.IsMulticast()) { // names are asked for by multicast
		return gate{u, n.deaf}, nil
	}
	return c, err
}

// DialTCP gives up when no relay is needed any more. Left alone it asks for two
// minutes where a firewall drops TCP, and whoever closes the link waits for that.
func (n gated) DialTCP(network string, _, remote *net.TCPAddr) (transport.TCPConn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-n.over:
			cancel()
		case <-ctx.Done():
		}
	}()
	c, err := new(net.Dialer).DialContext(ctx, network, remote.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// gate is such a socket.
type gate struct {
	*net.UDPConn
	deaf *atomic.Bool // true: STUN alone comes in
}

// admitted tells STUN and DTLS by the first byte (RFC 7983).
func admitted(first byte) bool { return first <= 3 || 20 <= first && first <= 63 }

func (g gate) ReadFromAddrPort(b []byte) (n int, from netip.AddrPort, err error) {
	for {
		if n, from, err = g.ReadFromUDPAddrPort(b); err != nil || n > 0 && admitted(b[0]) && (b[0] <= 3 || !g.deaf.Load()) {
			return n, from, err
		}
	}
}

func (g gate) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return g.WriteToUDPAddrPort(b, to)
}

func (g gate) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := g.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}
