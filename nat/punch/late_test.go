//go:build !js

package punch

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
)

// walled is this machine's network behind a wall that lets no UDP through.
type walled struct{ transport.Net }

func (walled) ListenUDP(string, *net.UDPAddr) (transport.UDPConn, error) {
	return nil, errors.New("no UDP here")
}

func (n walled) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(network, address)
	return mute{c}, err
}

// mute is a socket that nobody hears.
type mute struct{ net.PacketConn }

func (mute) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), nil }

// Where UDP is blocked a relay is reached by TCP, without waiting for what
// can't come; nor does Close wait for it.
func TestWithoutUDP(t *testing.T) {
	servers := turnServer(t)
	virtual = func(bool) transport.Net {
		n, err := stdnet.NewNet()
		if err != nil {
			t.Error(err)
		}
		return walled{n}
	}
	defer func() { virtual = nil }()
	e := meet(t, [2]Options{{ICEServers: servers}, {ICEServers: servers}}, nil)
	e.open()
	e.until("told", func() bool { return e.link[0].Report().Path != Unknown })
	r := e.link[0].Report()
	t.Logf("open in %v: %s", r.Connect, r.Reason)
	if r.Path != Relay || r.Connect > 850*time.Millisecond*slow {
		t.Errorf("%v after %v, want a relay within 850 ms", r.Path, r.Connect)
	}
	begin := time.Now()
	for _, l := range e.link {
		_ = l.Close() // before the network is itself again
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v to close", took)
	} else {
		t.Logf("closed in %v", took)
	}
}

// counted is this machine's network; it counts the relays that are asked for.
type counted struct {
	transport.Net
	relays *atomic.Int32
}

func (c counted) ListenPacket(network, address string) (net.PacketConn, error) {
	c.relays.Add(1)
	return c.Net.ListenPacket(network, address)
}

func (c counted) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	c.relays.Add(1)
	return c.Net.DialTCP(network, local, remote)
}

// Two ends that meet directly ask for no relay at all.
func TestNoRelayWithoutNeed(t *testing.T) {
	servers := turnServer(t)
	var relays atomic.Int32
	virtual = func(bool) transport.Net {
		n, err := stdnet.NewNet()
		if err != nil {
			t.Error(err)
		}
		return counted{n, &relays}
	}
	defer func() { virtual = nil }()
	e := meet(t, [2]Options{{ICEServers: servers}, {ICEServers: servers}}, nil)
	e.open()
	took := e.link[0].Report().Connect
	for _, l := range e.link {
		_ = l.Close()
	}
	if took >= relayAfter/2 {
		t.Skipf("this machine took %v to connect to itself", took)
	}
	if n := relays.Load(); n != 0 {
		t.Errorf("%d relays were asked for", n)
	}
}
