package relay

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/punchback/punchback/nat"
)

// second is a relay with two addresses.
func second(t *testing.T) *Relay {
	t.Helper()
	var err error
	for range 20 { // the next port may be taken
		var r *Relay
		if r, err = Listen(Config{Addr: "127.0.0.1:0", Second: netip.MustParseAddr("127.0.0.2"), Private: true}); err == nil {
			t.Cleanup(func() { _ = r.Close() })
			return r
		}
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Skip("127.0.0.2 is no address of this system:", err)
		}
	}
	t.Fatal(err)
	return nil
}

// A relay with two addresses tells a probe all that a STUN server can.
func TestBehavior(t *testing.T) {
	report, err := nat.Probe(t.Context(), second(t).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", report)
	if report.Mapping.Value != nat.EndpointIndependent || report.Filtering.Value != nat.EndpointIndependent || report.UDP.Value != nat.Yes {
		t.Errorf("mapping %v, filtering %v: there is no NAT on loopback", report.Mapping, report.Filtering)
	}
}

// Who answers, and what it says of itself and of the other, is as in RFC 5780
// section 6.1, table 1, whichever socket was asked.
func TestChangeRequest(t *testing.T) {
	r := second(t)
	c := asker(t)
	for host := range 2 {
		for port := range 2 {
			for flags := range byte(4) {
				to := r.stun.conns[host][port].LocalAddr()
				m := question(stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, flags << 1}})
				from, res := ask(t, c, to, m)
				var mapped stun.XORMappedAddress
				var origin stun.ResponseOrigin
				var other stun.OtherAddress
				if err := res.Parse(&mapped, &origin, &other); err != nil {
					t.Fatal(err)
				}
				h, p := host^int(flags>>1), port^int(flags&1)
				if want := r.stun.conns[h][p].LocalAddr().String(); from.String() != want || origin.String() != want {
					t.Errorf("%v asked, flags %#x: %v answers and says it is %v; want %s", to, flags<<1, from, &origin, want)
				}
				if want := r.stun.conns[1-host][1-port].LocalAddr().String(); other.String() != want {
					t.Errorf("%v asked, flags %#x: other %v, want %s", to, flags<<1, &other, want)
				}
				if mapped.String() != c.LocalAddr().String() {
					t.Errorf("%v sees us as %v, and we are %v", to, &mapped, c.LocalAddr())
				}
			}
		}
	}
}

// What makes no sense, is an answer itself, or asks for what is not done here gets
// no answer; the next good question shows that none was on its way.
func TestNoAnswer(t *testing.T) {
	r := second(t)
	c := asker(t)
	to := r.stun.conns[1][1].LocalAddr()
	short := question(stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{6}})
	for name, raw := range map[string][]byte{
		"nothing":              {},
		"no STUN":              make([]byte, 1400),
		"cut off":              question().Raw[:19],
		"longer than it is":    append([]byte{0, 1, 0, 8}, question().Raw[4:]...),
		"short CHANGE-REQUEST": short.Raw,
		"an answer":            stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw,
		"an indication":        stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication)).Raw,
		"Allocate":             stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw,
		"RESPONSE-PORT":        question(stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{0, 9, 0, 0}}).Raw,
		"PADDING":              question(stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, 64)}).Raw,
	} {
		if _, err := c.WriteTo(raw, to); err != nil {
			t.Fatal(err)
		}
		good := question()
		if _, res := ask(t, c, to, good); res.TransactionID != good.TransactionID {
			t.Errorf("%s got the answer %v", name, res)
		}
	}
}

// A forged question is worth little: an answer goes where the question came from,
// and has at most 56 bytes over IPv4.
func TestAnswerIsShort(t *testing.T) {
	r := second(t)
	if _, res := ask(t, asker(t), r.stun.conns[0][0].LocalAddr(), question()); len(res.Raw) > 56 {
		t.Errorf("an answer of %d bytes", len(res.Raw))
	}
}

// TURN goes on at the socket that it shares.
func TestSecondAndTURN(t *testing.T) {
	r := second(t)
	if at := addrPort(relayed(t, r, "udp").LocalAddr()); at.Port() < r.Ports().Low || at.Port() > r.Ports().High {
		t.Errorf("%v is no relayed address", at)
	}
}

func asker(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func question(more ...stun.Setter) *stun.Message {
	return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, more...)...)
}

// ask waits for the next datagram, whatever it answers.
func ask(t *testing.T, c net.PacketConn, to net.Addr, m *stun.Message) (net.Addr, *stun.Message) {
	t.Helper()
	if _, err := c.WriteTo(m.Raw, to); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	buf := make([]byte, 1500)
	n, from, err := c.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	res := &stun.Message{Raw: buf[:n]}
	if err := res.Decode(); err != nil {
		t.Fatal(err)
	}
	return from, res
}

func TestSecondAddress(t *testing.T) {
	for _, c := range []struct{ addr, second, want string }{
		{":0", "127.0.0.2", "goes with a first one"},
		{"127.0.0.1:0", "127.0.0.1", "goes with a first one"},
		{"127.0.0.1:0", "::1", "goes with a first one"},
		{"127.0.0.1:0", "192.0.2.77", "relay: listen"},
	} {
		r, err := Listen(Config{Addr: c.addr, Second: netip.MustParseAddr(c.second)})
		if err == nil {
			_ = r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s and %s: %v, want %q", c.addr, c.second, err, c.want)
		}
	}
}

// The last port has no next one; that is said before anything is opened.
func TestLastPort(t *testing.T) {
	r := &Relay{bound: netip.MustParseAddrPort("127.0.0.1:65535")}
	if _, err := r.behave(nil, netip.MustParseAddr("127.0.0.2")); err == nil || !strings.Contains(err.Error(), "at most 65534") {
		t.Error(err)
	}
}
