//go:build !js

package punch

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"
)

// late is a network on which relays are asked for late. Each relayed address
// costs a direct path a round trip or more, since pion's ICE stands still
// while a relay is told of an address; and most links never need one.
//
// It rests on pion's asking for packet connections and for TCP for the sake of
// TURN alone: what it gathers otherwise is by ListenUDP.
type late struct {
	transport.Net
	link  *strangers
	begun chan struct{} // closed when both descriptions are known
	over  chan struct{} // closed when the pipe is open or closes: no relay is needed
	udp   atomic.Bool   // a server answered by UDP
	soon  bool          // nothing else is there to wait for
}

const (
	relayAfter = 300 * time.Millisecond
	tcpAfter   = 2 * time.Second // where UDP works; where it does not, as early as UDP
)

// wait waits until it is time; false means that there is no need any more.
func (n *late) wait(tcp bool) bool {
	if n.soon {
		select {
		case <-n.over:
			return false
		default:
			return true
		}
	}
	select {
	case <-n.begun:
	case <-n.over:
		return false
	}
	if !sleep(relayAfter, n.over) {
		return false
	}
	return !tcp || !n.udp.Load() || sleep(tcpAfter-relayAfter, n.over)
}

func sleep(d time.Duration, over <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-over:
		return false
	}
}

func (n *late) ListenPacket(network, address string) (net.PacketConn, error) {
	if !n.wait(false) {
		return nil, net.ErrClosed
	}
	c, err := n.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &unheard{PacketConn: c, over: n.over, line: newLine(n.link)}, nil
}

// unheard is the socket of a relay's client. Once no relay is needed and no server
// has answered, it says nothing more, and pion gives up: left alone it asks for 8 s
// where a firewall drops UDP, and whoever closes the link waits for that.
type unheard struct {
	net.PacketConn
	over  <-chan struct{}
	heard atomic.Bool
	line  *relayLine
}

func (c *unheard) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.heard.Store(true)
		c.line.came(b[:n])
	}
	return n, from, err
}

func (c *unheard) WriteTo(b []byte, to net.Addr) (int, error) {
	if !c.heard.Load() {
		select {
		case <-c.over:
			return 0, net.ErrClosed
		default:
		}
	}
	if !c.line.may(b) {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (n *late) DialUDP(network string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	if !n.wait(false) {
		return nil, net.ErrClosed
	}
	return n.Net.DialUDP(network, local, remote)
}

func (n *late) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	if !n.wait(true) {
		return nil, net.ErrClosed
	}
	return n.Net.DialTCP(network, local, remote)
}
