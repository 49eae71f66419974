package relay

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	opening, stuck = 3*time.Second, 2*time.Second
	goleak.VerifyTestMain(m)
}

func listen(t *testing.T, cfg Config) *Relay {
	t.Helper()
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	r, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// client is a real TURN client with credentials of its own, over UDP or TCP.
func client(t *testing.T, r *Relay, network, user, credential string) *turn.Client {
	t.Helper()
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), r.Addr().Port()).String()
	var conn net.PacketConn
	if network == "tcp" {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(c)
	} else {
		var err error
		if conn, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: at, TURNServerAddr: at, Conn: conn, Username: user, Password: credential,
		RTO: 50 * time.Millisecond, LoggerFactory: &logging.DefaultLoggerFactory{Writer: nowhere{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		conn.Close()
	})
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	return c
}

func relayed(t *testing.T, r *Relay, network string) net.PacketConn {
	t.Helper()
	user, credential := r.Mint("ROOM:1")
	c, err := client(t, r, network, user, credential).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// How long to wait for what should come, and for what should not.
const (
	patience = 5 * time.Second
	glance   = 400 * time.Millisecond
)

// hears reports whether a packet from a reaches b, sent again and again, and from whom.
func hears(t *testing.T, a, b net.PacketConn, to net.Addr, wait time.Duration) (from net.Addr, err error) {
	t.Helper()
	buf := make([]byte, 100)
	deadline := time.Now().Add(wait)
	for time.Now().Before(deadline) {
		if _, err = a.WriteTo([]byte("hello"), to); err != nil {
			return nil, err
		}
		b.SetReadDeadline(time.Now().Add(40 * time.Millisecond))
		// Packets of earlier exchanges may still come; they are from others.
		if _, from, err = b.ReadFrom(buf); err == nil && addrPort(from).Port() == addrPort(a.LocalAddr()).Port() {
			return from, nil
		}
	}
	return nil, os.ErrDeadlineExceeded
}

func local(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRelayedAddressesMeetAndNobodyElse(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", ":0"} {
		r := listen(t, Config{Addr: addr})
		a, b := relayed(t, r, "udp"), relayed(t, r, "tcp")
		for _, p := range []net.PacketConn{a, b} {
			at := addrPort(p.LocalAddr())
			if at.Addr() != r.Own() || at.Addr().IsUnspecified() || at.Port() < r.Ports().Low || at.Port() > r.Ports().High {
				t.Fatalf("%s: relayed address %s, own is %s", addr, at, r.Own())
			}
		}
		// Each needs a permission for the other before anything arrives.
		if _, err := b.WriteTo([]byte("open"), a.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		from, err := hears(t, a, b, b.LocalAddr(), patience)
		if err != nil || from.String() != a.LocalAddr().String() {
			t.Fatalf("%s: b hears %v from %v, want %v", addr, err, from, a.LocalAddr())
		}
		if from, err = hears(t, b, a, a.LocalAddr(), patience); err != nil || from.String() != b.LocalAddr().String() {
			t.Fatalf("%s: a hears %v from %v, want %v", addr, err, from, b.LocalAddr())
		}

		// Another port of this host: neither out nor in, though the permission is for all ports.
		other := local(t)
		port := other.LocalAddr().(*net.UDPAddr).Port
		for _, ip := range []net.IP{a.LocalAddr().(*net.UDPAddr).IP, net.IPv4(127, 0, 0, 1)} {
			if from, err := hears(t, a, other, &net.UDPAddr{IP: ip, Port: port}, glance); err == nil {
				t.Errorf("%s: another port of this host heard the relay, from %v", addr, from)
			}
		}
		if from, err := hears(t, other, a, a.LocalAddr(), glance); err == nil {
			t.Errorf("%s: the relay carried a packet of another port of this host, %v", addr, from)
		}
	}
}

func TestPrivateIsAllowedWhenAsked(t *testing.T) {
	r := listen(t, Config{Private: true})
	a, other := relayed(t, r, "udp"), local(t)
	if from, err := hears(t, a, other, other.LocalAddr(), patience); err != nil || from.String() != a.LocalAddr().String() {
		t.Fatalf("%v from %v", err, from)
	}
	if from, err := hears(t, other, a, a.LocalAddr(), patience); err != nil || from.String() != other.LocalAddr().String() {
		t.Fatalf("%v from %v", err, from)
	}
}

func TestCredentials(t *testing.T) {
	r := listen(t, Config{})
	user, credential := r.Mint("ROOM:1")
	for name, c := range map[string][2]string{
		"wrong":       {user, "x" + credential},
		"other user":  {strings.Replace(user, ":1", ":2", 1), credential},
		"stretched":   {"9" + user, credential},
		"none":        {"", ""},
		"no expiry":   {"ROOM", r.sign("ROOM")},
		"expired":     {"1:ROOM:1", r.sign("1:ROOM:1")},
		"other realm": {user, r.sign(user + "x")},
	} {
		if conn, err := client(t, r, "udp", c[0], c[1]).Allocate(); err == nil {
			t.Errorf("%s: allocated %v", name, conn.LocalAddr())
			conn.Close()
		}
	}
}

// A match lasts longer than its credentials.
func TestALivingAllocationOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	r := listen(t, Config{Valid: time.Second})
	user, credential := r.Mint("ROOM:1")
	c := client(t, r, "udp", user, credential)
	a, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b := relayed(t, r, "udp")
	for func() bool { // until the credentials are stale for a newcomer
		conn, err := client(t, r, "udp", user, credential).Allocate()
		if err == nil {
			conn.Close()
			time.Sleep(100 * time.Millisecond)
		}
		return err == nil
	}() {
	}
	if err := c.CreatePermission(b.LocalAddr()); err != nil {
		t.Error("permission:", err)
	}
	if _, err := b.WriteTo([]byte("open"), a.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := hears(t, a, b, b.LocalAddr(), patience); err != nil { // binds a channel, too
		t.Error(err)
	}
	if _, err := hears(t, b, a, a.LocalAddr(), patience); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Member: 2}})
	first := relayed(t, r, "udp")
	relayed(t, r, "udp")
	user, credential := r.Mint("ROOM:1")
	if c, err := client(t, r, "udp", user, credential).Allocate(); err == nil {
		t.Errorf("a third address %v for one member", c.LocalAddr())
	}
	user, credential = r.Mint("ROOM:2")
	if c, err := client(t, r, "udp", user, credential).Allocate(); err != nil {
		t.Error("another member:", err)
	} else {
		c.Close()
	}
	first.Close() // gives its place back, as soon as the server hears of it
	for i := 0; ; i++ {
		r.mu.Lock()
		n := r.users["ROOM:1"].sockets
		r.mu.Unlock()
		if n == 1 {
			break
		}
		if i == 200 {
			t.Fatal("a closed address is still counted")
		}
		time.Sleep(10 * time.Millisecond)
	}
	var m meter
	m.rate = 1000
	if !m.take(1000) || m.take(1) {
		t.Error("a second's worth at once, and no more")
	}
}

func TestSTUN(t *testing.T) {
	r := listen(t, Config{})
	c := client(t, r, "udp", "", "")
	at, err := c.SendBindingRequest()
	if err != nil || !addrPort(at).Addr().IsLoopback() {
		t.Fatal(at, err)
	}
}

func TestPortInUse(t *testing.T) {
	r := listen(t, Config{})
	if _, err := Listen(Config{Addr: r.Addr().String()}); err == nil {
		t.Fatal("listens twice on one port")
	}
}

// Whoever is connected by TCP when the relay closes is cut off, and what it had is gone.
func TestCloseEndsEverything(t *testing.T) {
	r, err := Listen(Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	at := relayed(t, r, "tcp").LocalAddr()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error("again:", err)
	}
	idle.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := idle.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Error("a TCP connection outlives the relay:", err)
	}
	c, err := net.ListenUDP("udp4", at.(*net.UDPAddr))
	if err != nil {
		t.Fatal("a relayed address outlives the relay:", err)
	}
	c.Close()
}
