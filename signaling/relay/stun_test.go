package relay

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/punchback/punchback/nat"
)

// A relay with two addresses tells a probe all that a STUN server can.
func TestBehavior(t *testing.T) {
	r, err := Listen(Config{Addr: "127.0.0.1:0", Second: netip.MustParseAddr("127.0.0.2"), Private: true})
	if err != nil {
		t.Skip(err) // the next port may be taken
	}
	defer r.Close()
	report, err := nat.Probe(t.Context(), r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", report)
	if report.Mapping.Value != nat.EndpointIndependent || report.Filtering.Value != nat.EndpointIndependent || report.UDP.Value != nat.Yes {
		t.Errorf("mapping %v, filtering %v: there is no NAT on loopback", report.Mapping, report.Filtering)
	}
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
