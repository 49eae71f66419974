package nat_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/punchback/punchback/nat"
)

// The table of all kinds with all, as theory has it and as kernel NATs do.
func TestBetween(t *testing.T) {
	const table = `
		direct  direct  direct  direct   direct   relayed
		direct  direct  direct  direct   direct   relayed
		direct  direct  direct  direct   direct   relayed
		direct  direct  direct  direct   birthday relayed
		direct  direct  direct  birthday relayed  relayed
		relayed relayed relayed relayed  relayed  relayed`
	rows := strings.Split(strings.TrimSpace(table), "\n")
	for i, a := range nat.Kinds {
		for k, b := range nat.Kinds {
			p := nat.Between(a.Report, b.Report)
			if want := strings.Fields(rows[i])[k]; p.Way.String() != want || p.Why == "" {
				t.Errorf("%s with %s: %+v, want %s", a.Name, b.Name, p, want)
			}
			if back := nat.Between(b.Report, a.Report); back.Way != p.Way || i > k && !p.AFirst {
				t.Errorf("%s with %s: %+v, and the other way round %+v", a.Name, b.Name, p, back)
			}
		}
	}
}

func TestBetweenNeighbours(t *testing.T) {
	at := func(local, public string, hairpin, nested nat.Verdict) nat.Report {
		return nat.Report{
			UDP: nat.Finding[nat.Verdict]{Value: nat.Yes}, Varies: nat.Finding[nat.Verdict]{Value: nat.No},
			Local:   nat.Finding[netip.AddrPort]{Value: netip.MustParseAddrPort(local)},
			Public:  nat.Finding[netip.AddrPort]{Value: netip.MustParseAddrPort(public)},
			Hairpin: nat.Finding[nat.Verdict]{Value: hairpin}, Nested: nat.Finding[nat.Verdict]{Value: nested},
		}
	}
	for _, c := range []struct {
		name string
		a, b nat.Report
		way  nat.Way
		why  string
	}{
		{"one network", at("10.0.0.2:1", "203.0.113.7:1", nat.No, nat.Unknown), at("10.0.0.3:1", "203.0.113.7:2", nat.No, nat.Unknown), nat.Direct, "10.0.0.0/24"},
		{"one carrier with hairpin", at("10.0.0.2:1", "203.0.113.7:1", nat.Yes, nat.Yes), at("10.0.0.2:1", "203.0.113.7:2", nat.Yes, nat.Yes), nat.Direct, "behind one NAT"},
		{"one carrier without", at("10.0.0.2:1", "203.0.113.7:1", nat.No, nat.Yes), at("10.0.0.2:1", "203.0.113.7:2", nat.No, nat.Yes), nat.Relayed, "behind one NAT"},
		{"two routers", at("10.0.0.2:1", "203.0.113.7:1", nat.No, nat.Unknown), at("10.0.0.2:1", "203.0.113.8:2", nat.No, nat.Unknown), nat.Direct, "one public address"},
		{"nothing known", nat.Report{}, nat.Report{}, nat.WayUnknown, "not known"},
	} {
		if p := nat.Between(c.a, c.b); p.Way != c.way || !strings.Contains(p.Why, c.why) {
			t.Errorf("%s: %+v, want %v, %s", c.name, p, c.way, c.why)
		}
	}
	symmetric := nat.Kinds[4].Report
	symmetric.Router("UPnP IGD", netip.MustParseAddr("203.0.113.9"))
	if p := nat.Between(symmetric, nat.Kinds[3].Report); p.Way != nat.Mapped {
		t.Errorf("with an open port: %+v", p)
	}
	six := nat.Kinds[4].Report
	six.Public6.Value = netip.MustParseAddrPort("[2001:db8::1]:1")
	if p := nat.Between(six, six); p.Way != nat.Direct {
		t.Errorf("with IPv6: %+v", p)
	}
}
