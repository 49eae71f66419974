//go:build !js

package punch

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"
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
	udp   atomic.Bool   // a server answered by UDP,
	four  atomic.Bool   // and by IPv4
	soon  bool          // nothing else is there to wait for
}

const (
	relayAfter = 300 * time.Millisecond
	tcpAfter   = 2 * time.Second // where UDP works; where it does not, as early as UDP
)

// found hears of a candidate of ours.
func (n *late) found(c *webrtc.ICECandidate) {
	if c.Typ == webrtc.ICECandidateTypeHost {
		return
	}
	n.udp.Store(true)
	if ip, err := netip.ParseAddr(c.Address); err == nil && ip.Is4() {
		n.four.Store(true)
	}
}

// wait waits until it is time; false means that there is no need any more. What is
// second is for where the first has come to nothing.
func (n *late) wait(second func() bool) bool {
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
	return !second() || sleep(tcpAfter-relayAfter, n.over)
}

// byTCP and byUDP report whether there is a better way to a relay: by UDP, by IPv4.
func (n *late) byTCP() bool { return n.udp.Load() }
func (n *late) byUDP(network string) func() bool {
	return func() bool { return strings.HasSuffix(network, "6") && n.four.Load() }
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
	if network == "udp6" && !goesOut(address) || !n.wait(n.byUDP(network)) {
		return nil, net.ErrClosed
	}
	c, err := n.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &unheard{PacketConn: c, over: n.over, line: newLine(n.link)}, nil
}

// goesOut reports whether a socket at this address is worth a relayed one: of several
// addresses of IPv6, as most machines have them, the one by which this machine goes out.
func goesOut(address string) bool {
	at, err := netip.ParseAddrPort(address)
	way, wrong := net.Dial("udp6", "[2001:db8::1]:9") // which sends nothing
	if err != nil || wrong != nil {
		return true
	}
	defer way.Close()
	own, _ := netip.ParseAddrPort(way.LocalAddr().String())
	return at.Addr().IsUnspecified() || at.Addr() == own.Addr()
}

// anyFamily is where pion sees a socket to a relay that is one of IPv6: from that it
// would ask for a relayed address of IPv6, which most relays don't have, and which
// nobody who has IPv4 alone can be reached at. Asked for none, a relay gives one of
// IPv4 (RFC 8656 section 7.1): those who have the one and those who have the other
// meet there.
func anyFamily(a net.Addr) net.Addr {
	switch a := a.(type) {
	case *net.UDPAddr:
		if a.IP.To4() == nil {
			return &net.UDPAddr{IP: net.IPv4zero, Port: a.Port}
		}
	case *net.TCPAddr:
		if a.IP.To4() == nil {
			return &net.TCPAddr{IP: net.IPv4zero, Port: a.Port}
		}
	}
	return a
}

func (c *unheard) LocalAddr() net.Addr { return anyFamily(c.PacketConn.LocalAddr()) }

type relayUDP struct{ transport.UDPConn }

func (c relayUDP) LocalAddr() net.Addr { return anyFamily(c.UDPConn.LocalAddr()) }

type relayTCP struct{ transport.TCPConn }

func (c relayTCP) LocalAddr() net.Addr { return anyFamily(c.TCPConn.LocalAddr()) }

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
	if !n.wait(n.byUDP(network)) {
		return nil, net.ErrClosed
	}
	c, err := n.Net.DialUDP(network, local, remote)
	if err != nil {
		return nil, err
	}
	return relayUDP{c}, nil
}

func (n *late) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	if !n.wait(n.byTCP) {
		return nil, net.ErrClosed
	}
	c, err := n.Net.DialTCP(network, local, remote)
	if err != nil {
		return nil, err
	}
	return relayTCP{c}, nil
}
