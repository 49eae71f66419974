//go:build !js

package nat_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v2"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"github.com/punchback/punchback/nat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens a UDP socket on a host that is one of 127.0.0.0/8.
func listen(t *testing.T, host string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp4", host+":0")
	if err != nil {
		t.Skipf("this machine has no %s: %v", host, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// pionServers starts pion's STUN server on the hosts.
func pionServers(t *testing.T, hosts ...string) (servers []string) {
	t.Helper()
	var conns []turn.PacketConnConfig
	for _, host := range hosts {
		conn := listen(t, host)
		conns = append(conns, turn.PacketConnConfig{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorNone{Address: host},
		})
		servers = append(servers, conn.LocalAddr().String())
	}
	s, err := turn.NewServer(turn.ServerConfig{Realm: "test", PacketConnConfigs: conns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return servers
}

// fake starts a server that answers every datagram with what reply makes of it.
func fake(t *testing.T, host string, reply func(conn net.PacketConn, from net.Addr, m *stun.Message)) string {
	t.Helper()
	conn := listen(t, host)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
			if err := m.Decode(); err != nil {
				t.Errorf("asked with %q: %v", buf[:n], err)
				return
			}
			reply(conn, from, m)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-ended })
	return conn.LocalAddr().String()
}

func send(conn net.PacketConn, to net.Addr, setters ...stun.Setter) {
	if m, err := stun.Build(setters...); err == nil {
		_, _ = conn.WriteTo(m.Raw, to)
	}
}

// seen answers with an address as a NAT would show it; other is OTHER-ADDRESS if not empty.
func seen(mapped, other string) func(net.PacketConn, net.Addr, *stun.Message) {
	return func(conn net.PacketConn, from net.Addr, m *stun.Message) {
		a := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(mapped))
		setters := []stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: a.IP, Port: a.Port}}
		if other != "" {
			o := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(other))
			setters = append(setters, &stun.OtherAddress{IP: o.IP, Port: o.Port})
		}
		send(conn, from, setters...)
	}
}

func mustProbe(t *testing.T, servers ...string) nat.Report {
	t.Helper()
	r, err := nat.Probe(t.Context(), servers...)
	t.Logf("%v\n%v", servers, r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// soon is a probe that takes less than limit once in five times, as a busy machine
// can do, too; the last one if none does.
func soon(t *testing.T, limit time.Duration, probe func() nat.Report) (r nat.Report) {
	t.Helper()
	for range 5 {
		if r = probe(); r.Took <= limit {
			break
		}
	}
	return r
}

func TestRealServers(t *testing.T) {
	servers := pionServers(t, "127.0.0.1", "127.0.0.2")
	r := soon(t, 500*time.Millisecond, func() nat.Report { return mustProbe(t, servers[0], "stun:"+servers[1]) })
	if r.UDP.Value != nat.Yes || r.Varies.Value != nat.No || r.Mapping.Value != nat.EndpointIndependent {
		t.Errorf("want reachable and endpoint-independent")
	}
	if r.Public.Value != r.Local.Value || !strings.Contains(r.Public.Why, "no NAT") {
		t.Errorf("public %v, local %v: on loopback they are one", r.Public, r.Local)
	}
	if r.Took > 500*time.Millisecond {
		t.Errorf("took %v although everybody answered at once", r.Took)
	}
}

func TestOneServerCannotTellTheMapping(t *testing.T) {
	r := mustProbe(t, pionServers(t, "127.0.0.1")[0])
	if r.UDP.Value != nat.Yes || !r.Public.Value.IsValid() {
		t.Error("want reachable, with an address")
	}
	if r.Varies.Value != nat.Unknown || r.Mapping.Value != nat.UnknownBehavior {
		t.Error("one destination proves nothing about the mapping")
	}
}

func TestTwoPortsOfOneHost(t *testing.T) {
	r := mustProbe(t, pionServers(t, "127.0.0.1", "127.0.0.1")...)
	if r.Varies.Value != nat.Unknown || !strings.Contains(r.Varies.Why, "one host") {
		t.Error("two ports of one host cannot prove independence")
	}
}

// TestNATs plays the NAT in the answers: each server sees another address.
func TestNATs(t *testing.T) {
	const x, y, z = "127.9.9.7:1000", "127.9.9.7:1001", "127.9.9.7:1002"
	a1, a2 := fake(t, "127.0.0.1", seen(x, "")), fake(t, "127.0.0.1", seen(y, ""))
	b1, b2 := fake(t, "127.0.0.2", seen(y, "")), fake(t, "127.0.0.2", seen(z, ""))
	b3 := fake(t, "127.0.0.2", seen(y, ""))
	for _, c := range []struct {
		servers []string
		mapping nat.Behavior
	}{
		{[]string{a1, b1}, nat.UnknownBehavior},
		{[]string{a1, a2}, nat.AddressAndPortDependent},
		{[]string{a1, b1, b3}, nat.AddressDependent},
		{[]string{b1, b2}, nat.AddressAndPortDependent},
	} {
		r := mustProbe(t, c.servers...)
		if r.Varies.Value != nat.Yes || r.Mapping.Value != c.mapping {
			t.Errorf("varies %v, mapping %v; want yes, %v", r.Varies.Value, r.Mapping.Value, c.mapping)
		}
		if !strings.Contains(r.Public.Why, "is a NAT") {
			t.Errorf("public %v: want the NAT said", r.Public)
		}
	}
}

// What it takes to guess ports is told where servers prove it, and else refused.
func TestPublicPorts(t *testing.T) {
	real := pionServers(t, "127.0.0.1", "127.0.0.2")
	public, low, high, err := nat.PublicPorts(t.Context(), real...)
	if public != netip.MustParseAddr("127.0.0.1") || low != 0 || high != 0 || err != nil {
		t.Errorf("where nothing changes: %v, ports %d to %d, %v", public, low, high, err)
	}
	if _, _, _, err := nat.PublicPorts(t.Context(), real[0]); err == nil {
		t.Error("one server has told everything")
	}
	const x, y = "127.9.9.7:1000", "127.9.9.7:1001"
	public, low, high, err = nat.PublicPorts(t.Context(), fake(t, "127.0.0.1", seen(x, "")), fake(t, "127.0.0.2", seen(y, "")))
	if public != netip.MustParseAddr("127.9.9.7") || low == 0 || high < low || err != nil {
		t.Errorf("where it changes: %v, ports %d to %d, %v", public, low, high, err)
	}
}

// TestOtherAddress needs but one server, if that knows a second address.
func TestOtherAddress(t *testing.T) {
	const x, y = "127.9.9.7:1000", "127.9.9.7:1001"
	t.Run("independent", func(t *testing.T) {
		second := fake(t, "127.0.0.2", seen(x, ""))
		if r := mustProbe(t, fake(t, "127.0.0.1", seen(x, second))); r.Mapping.Value != nat.EndpointIndependent {
			t.Errorf("mapping %v", r.Mapping)
		}
	})
	t.Run("varies", func(t *testing.T) {
		second := fake(t, "127.0.0.2", seen(y, ""))
		if r := mustProbe(t, fake(t, "127.0.0.1", seen(x, second))); r.Varies.Value != nat.Yes {
			t.Errorf("varies %v", r.Varies)
		}
	})
	t.Run("silent", func(t *testing.T) {
		second := listen(t, "127.0.0.2").LocalAddr().String()
		r := mustProbe(t, fake(t, "127.0.0.1", seen(x, second)))
		if r.UDP.Value != nat.Yes || r.Varies.Value != nat.Unknown {
			t.Errorf("udp %v, varies %v", r.UDP, r.Varies)
		}
		bounded(t, r)
	})
	t.Run("a lie", func(t *testing.T) {
		for _, other := range []string{"0.0.0.0:9", "224.0.0.1:9", "198.51.100.1:9", "127.0.0.1:0"} {
			if r := soon(t, time.Second, func() nat.Report { return mustProbe(t, fake(t, "127.0.0.1", seen(x, other))) }); r.Took > time.Second {
				t.Errorf("%s: took %v, so it was asked", other, r.Took)
			}
		}
	})
}

func bounded(t *testing.T, r nat.Report) {
	t.Helper()
	if r.Took < time.Second || r.Took > 30*time.Second {
		t.Errorf("took %v; want all of 1.05 s and no more than the busiest machine adds", r.Took)
	}
}

func TestDeadServers(t *testing.T) {
	dead1, dead2 := listen(t, "127.0.0.1").LocalAddr().String(), listen(t, "127.0.0.2").LocalAddr().String()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		r := mustProbe(t, dead1)
		if r.UDP.Value != nat.Unknown || !strings.Contains(r.UDP.Why, dead1) {
			t.Errorf("udp %v: the server may be at fault, so Unknown", r.UDP)
		}
		bounded(t, r)
	})
	t.Run("two", func(t *testing.T) {
		t.Parallel()
		r := mustProbe(t, dead1, dead2)
		if r.UDP.Value != nat.No || r.Public.Value.IsValid() || r.Mapping.Why == "" {
			t.Error("two hosts are silent: want No and no address")
		}
		bounded(t, r)
	})
	t.Run("among the living", func(t *testing.T) {
		t.Parallel()
		servers := append(pionServers(t, "127.0.0.1", "127.0.0.2"), dead1)
		r := soon(t, 500*time.Millisecond, func() nat.Report { return mustProbe(t, servers...) })
		if r.Mapping.Value != nat.EndpointIndependent || r.Took > 500*time.Millisecond {
			t.Errorf("mapping %v after %v: the dead one holds nobody up", r.Mapping, r.Took)
		}
	})
}

// TestLostAnswers loses the first two answers: the third try comes at 450 ms.
func TestLostAnswers(t *testing.T) {
	n := 0
	server := fake(t, "127.0.0.1", func(conn net.PacketConn, from net.Addr, m *stun.Message) {
		if n++; n == 3 {
			seen("127.9.9.7:1000", "")(conn, from, m)
		}
	})
	r := mustProbe(t, server)
	if r.UDP.Value != nat.Yes || r.Took < 450*time.Millisecond {
		t.Errorf("udp %v after %v; want yes by the third try at 450 ms", r.UDP, r.Took)
	}
}

// TestLiars send everything but an answer, and then it.
func TestLiars(t *testing.T) {
	elsewhere := listen(t, "127.0.0.3")
	honest := seen("127.9.9.7:1000", "")
	const lie = "127.9.9.66:666"
	for name, reply := range map[string]func(net.PacketConn, net.Addr, *stun.Message){
		"junk": func(conn net.PacketConn, from net.Addr, m *stun.Message) {
			_, _ = conn.WriteTo([]byte("junk"), from)
			_, _ = conn.WriteTo(nil, from)
			_, _ = conn.WriteTo(m.Raw[:19], from)
		},
		"cut short": func(conn net.PacketConn, from net.Addr, m *stun.Message) {
			whole, _ := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: net.IPv4(127, 9, 9, 66), Port: 666})
			_, _ = conn.WriteTo(whole.Raw[:len(whole.Raw)-3], from)
		},
		"wrong transaction": func(conn net.PacketConn, from net.Addr, m *stun.Message) {
			stranger := *m
			stranger.TransactionID[0]++
			seen(lie, "")(conn, from, &stranger)
		},
		"wrong class": func(conn net.PacketConn, from net.Addr, m *stun.Message) { _, _ = conn.WriteTo(m.Raw, from) },
		"another socket": func(_ net.PacketConn, from net.Addr, m *stun.Message) {
			seen(lie, "")(elsewhere, from, m)
		},
		"oversized": func(conn net.PacketConn, from net.Addr, m *stun.Message) {
			send(conn, from, stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
				&stun.XORMappedAddress{IP: net.IPv4(127, 9, 9, 66), Port: 666},
				stun.RawAttribute{Type: stun.AttrPadding, Length: 2000, Value: make([]byte, 2000)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mustProbe(t, fake(t, "127.0.0.1", reply))
			if r.UDP.Value != nat.Unknown || !strings.Contains(r.UDP.Why, "no answer to us") {
				t.Errorf("udp %v: a lie is no answer, and counted", r.UDP)
			}
			r = mustProbe(t, fake(t, "127.0.0.1", func(conn net.PacketConn, from net.Addr, m *stun.Message) {
				reply(conn, from, m)
				honest(conn, from, m)
			}))
			if r.Public.Value.String() != "127.9.9.7:1000" {
				t.Errorf("public %v: the truth came after the lie", r.Public)
			}
		})
	}
}

func TestImpossibleAddresses(t *testing.T) {
	for _, mapped := range []string{"0.0.0.0:9", "127.9.9.7:0", "224.0.0.1:9"} {
		r := mustProbe(t, fake(t, "127.0.0.1", seen(mapped, "")))
		if r.UDP.Value != nat.Yes || r.Public.Value.IsValid() {
			t.Errorf("%s: udp %v, public %v; want reachable without an address", mapped, r.UDP, r.Public)
		}
	}
}

func TestRefusal(t *testing.T) {
	r := mustProbe(t, fake(t, "127.0.0.1", func(conn net.PacketConn, from net.Addr, m *stun.Message) {
		send(conn, from, stun.NewTransactionIDSetter(m.TransactionID), stun.BindingError, stun.CodeBadRequest)
	}))
	if r.UDP.Value != nat.Yes || r.Public.Value.IsValid() {
		t.Errorf("udp %v, public %v: a refusal came back, but says no address", r.UDP, r.Public)
	}
}

func TestContextBounds(t *testing.T) {
	dead := listen(t, "127.0.0.1").LocalAddr().String()
	r := soon(t, 500*time.Millisecond, func() nat.Report {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r, err := nat.Probe(ctx, dead)
		if !errors.Is(err, context.DeadlineExceeded) || r.UDP.Value != nat.Unknown {
			t.Errorf("%v, udp %v", err, r.UDP)
		}
		return r
	})
	if r.Took > 500*time.Millisecond {
		t.Errorf("took %v", r.Took)
	}
}

func TestBadServers(t *testing.T) {
	for _, c := range []struct{ server, want string }{
		{"", `server ""`}, {"example.com", "host:port"}, {":3478", "a host"}, {"a:0", "port"}, {"a:70000", "70000"}, {"a:b:c", "host:port"},
	} {
		if _, err := nat.Probe(t.Context(), c.server); err == nil || !strings.HasPrefix(err.Error(), "nat: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want nat: … %s", c.server, err, c.want)
		}
	}
	if _, err := nat.Probe(t.Context()); err == nil {
		t.Error("no server: want an error")
	}
	if _, err := nat.Probe(t.Context(), make([]string, nat.MaxServers+1)...); err == nil || !strings.Contains(err.Error(), fmt.Sprint(nat.MaxServers)) {
		t.Errorf("too many servers: %v", err)
	}
}

func TestUnknownName(t *testing.T) {
	r := mustProbe(t, "nobody.invalid:3478")
	if r.UDP.Value != nat.Unknown || !strings.Contains(r.UDP.Why, "not resolved") {
		t.Errorf("udp %v", r.UDP)
	}
}
