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
	link *strangers
	over <-chan struct{} // closed when no relay is needed any more
}

func (n gated) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, local)
	if err != nil || local != nil && local.IP.IsMulticast() { // names are asked for by multicast
		return c, err
	}
	return newGate(c, n.deaf, n.link), nil
}

// DialTCP gives up when no relay is needed any more. Left alone it asks for two
// minutes where a firewall drops TCP, and whoever closes the link waits for that.
func (n gated) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	if virtual != nil {
		return n.Net.DialTCP(network, local, remote)
	}
	ctx, cancel := until(n.over)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, network, remote.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// until is a context that ends when something is over.
func until(over <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// gate is such a socket. It lets out what strangers may be sent.
type gate struct {
	transport.UDPConn
	real  *net.UDPConn // the same; nil in a virtual network
	home  netip.Addr   // where it is; invalid in a virtual network
	deaf  *atomic.Bool // true: STUN alone comes in
	link  *strangers
	relay bool // it is a line to a relay
}

func newGate(c transport.UDPConn, deaf *atomic.Bool, link *strangers) *gate {
	g := &gate{UDPConn: c, deaf: deaf, link: link}
	if g.real, _ = c.(*net.UDPConn); g.real != nil {
		g.home = g.real.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
	}
	return g
}

// admitted tells STUN and DTLS by the first byte (RFC 7983).
func admitted(first byte) bool { return first <= 3 || 20 <= first && first <= 63 }

func (g *gate) ReadFromAddrPort(b []byte) (n int, from netip.AddrPort, err error) {
	for {
		if g.real != nil {
			n, from, err = g.real.ReadFromUDPAddrPort(b)
		} else {
			var a net.Addr
			if n, a, err = g.UDPConn.ReadFrom(b); err == nil {
				from = a.(*net.UDPAddr).AddrPort()
			}
		}
		if err != nil {
			return n, from, err
		}
		if n > 0 && admitted(b[0]) && (b[0] <= 3 || !g.deaf.Load()) {
			g.link.came(g, b[:n], from)
			return n, from, nil
		}
	}
}

// WriteToAddrPort drops a check that is one too many, as a network might.
func (g *gate) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	switch {
	case !g.link.may(g, b, to):
		return len(b), nil
	case g.real != nil:
		return g.real.WriteToUDPAddrPort(b, to)
	}
	return g.UDPConn.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

func (g *gate) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := g.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}
