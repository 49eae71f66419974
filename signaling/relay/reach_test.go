package relay

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// places is what may be relayed to: everybody's, those of a private network if
// the relay is told so, and nobody's.
var places = map[string][]string{
	"public": {"8.8.8.8", "1.1.1.1", "198.51.100.7", "169.253.255.255", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1"},
	"private": {
		"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.0.0.2", "127.255.255.255",
		"169.254.1.1", "192.0.0.8", "198.18.0.1", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00::1", "fdff::1",
	},
	"nobody's": {
		"0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "ff02::1", "ff0e::1",
		"169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
		"::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "::ffff:0:10.0.0.1",
	},
}

// allowed reports whether a relay goes to the places of a kind.
func allowed(kind string, private bool) bool {
	return kind == "public" || kind == "private" && private
}

// Where packets go and where they come from is asked of each, by address and port.
func TestReach(t *testing.T) {
	for _, private := range []bool{false, true} {
		r := listen(t, Config{Private: private})
		own := relayed(t, r, "udp").LocalAddr().(*net.UDPAddr).AddrPort()
		for kind, ips := range places {
			want := allowed(kind, private)
			for _, ip := range ips {
				a := netip.MustParseAddr(ip)
				for _, port := range []uint16{1, 53, 3478, own.Port()} {
					at := netip.AddrPortFrom(a, port)
					if at == own {
						continue
					}
					if to, ok := r.route(at); ok != want || ok && to != at {
						t.Errorf("private %v: to %v goes to %v, %v", private, at, to, ok)
					}
					if from, ok := r.origin(at); ok != want || ok && from != at {
						t.Errorf("private %v: from %v is from %v, %v", private, at, from, ok)
					}
				}
			}
		}
		for ip := range r.local {
			if got := r.outside(ip); got != private && !in(ip, never) {
				t.Errorf("private %v: %v is this machine's own, and allowed: %v", private, ip, got)
			}
		}
		// Of this machine's own addresses those are for players that it has given to them.
		for port, want := range map[uint16]bool{own.Port(): true, r.Addr().Port(): false, r.Ports().Low - 1: false, r.Ports().High + 1: false} {
			at := netip.AddrPortFrom(own.Addr(), port)
			_, to := r.route(at)
			_, from := r.origin(at)
			if want = want || private; to != want || from != want {
				t.Errorf("private %v: to %v %v, from it %v", private, at, to, from)
			}
		}
	}
}

// Permissions are for addresses, with all of their ports; the relay's own must be had.
func TestPermissionsByAddress(t *testing.T) {
	r := listen(t, Config{})
	user, credential := r.Mint("ROOM:1")
	c := client(t, r, "udp", user, credential)
	conn, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for kind, ips := range places {
		for _, ip := range ips {
			a := net.ParseIP(ip)
			if a.To4() == nil {
				continue // Another family than that of the relayed address is refused for that.
			}
			want := allowed(kind, false) || ip == "127.0.0.1"
			if err := c.CreatePermission(&net.UDPAddr{IP: a, Port: 1000}); (err == nil) != want {
				t.Errorf("permission for %s: %v, want allowed %v", ip, err, want)
			}
		}
	}
	for _, a := range []string{"2606:4700::1111", "::1"} {
		if err := c.CreatePermission(&net.UDPAddr{IP: net.ParseIP(a), Port: 1000}); err == nil {
			t.Error("permission for", a)
		}
	}
}

// A packet to or from where no player can be is dropped by the relayed socket
// itself, and counted, whatever permissions say.
func TestForbiddenPackets(t *testing.T) {
	t.Parallel()
	r := listen(t, Config{})
	conn := relayed(t, r, "udp")
	r.mu.Lock()
	s := r.ports[addrPort(conn.LocalAddr()).Port()]
	r.mu.Unlock()
	other, err := net.ListenPacket("udp4", "127.0.0.2:0")
	if err != nil {
		t.Skip("127.0.0.2 is no address of this system:", err)
	}
	defer other.Close()
	before := r.Count(Forbidden)
	for _, to := range []net.Addr{
		other.LocalAddr(), net.UDPAddrFromAddrPort(r.Addr()),
		&net.UDPAddr{IP: net.ParseIP("::ffff:169.254.169.254"), Port: 80}, &net.UDPAddr{IP: net.IPv4bcast, Port: 9}, &net.UDPAddr{IP: net.IPv4zero, Port: 3478},
	} {
		if _, err := s.WriteTo([]byte("x"), to); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Count(Forbidden) - before; n != 5 || r.Bytes() > 0 {
		t.Errorf("%d of 5 packets were dropped, %d bytes relayed", n, r.Bytes())
	}
	if _, err := other.WriteTo([]byte("x"), conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); r.Count(Forbidden)-before < 6; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("a packet from 127.0.0.2 was not dropped")
		}
	}
	_ = other.SetReadDeadline(time.Now().Add(glance))
	if n, from, err := other.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came from %v", n, from)
	}
}

// A relayed address is for UDP, of the server's own family, and on a port of its choice.
func TestWhatIsNotAllocated(t *testing.T) {
	r := listen(t, Config{})
	udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	for name, with := range map[string][]stun.Setter{
		"TCP":         {stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{6, 0, 0, 0}}},
		"IPv6":        {udp, stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: []byte{2, 0, 0, 0}}},
		"even port":   {udp, stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0x80}}},
		"reservation": {udp, stun.RawAttribute{Type: stun.AttrReservationToken, Value: []byte("01234567")}},
	} {
		conn, err := net.Dial("udp4", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		c := &teller{t: t, conn: conn}
		c.user, c.pass = r.Mint("ROOM:1")
		c.ask(stun.MethodAllocate, with...)
		if a := c.ask(stun.MethodAllocate, with...); a.Type.Class == stun.ClassSuccessResponse || r.Relayed() > 0 {
			t.Errorf("%s: %v", name, a)
		}
	}
}
