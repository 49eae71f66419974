package nat

import (
	"net/netip"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	s := func(server, mapped string) sample {
		return sample{netip.MustParseAddrPort(server), netip.MustParseAddrPort(mapped)}
	}
	const a1, a2, b1, b2 = "198.51.100.1:3478", "198.51.100.1:3479", "198.51.100.2:3478", "198.51.100.2:3479"
	const x, y, z = "203.0.113.7:1000", "203.0.113.7:1001", "203.0.113.7:1002"
	for _, c := range []struct {
		name    string
		samples []sample
		varies  Verdict
		mapping Behavior
		why     string
	}{
		{"nothing", nil, Unknown, UnknownBehavior, "no server"},
		{"one destination", []sample{s(a1, x)}, Unknown, UnknownBehavior, a1},
		{"one destination twice", []sample{s(a1, x), s(a1, x)}, Unknown, UnknownBehavior, a1},
		{"two hosts agree", []sample{s(a1, x), s(b1, x)}, No, EndpointIndependent, x},
		{"two ports of one host agree", []sample{s(a1, x), s(a2, x)}, Unknown, UnknownBehavior, "one host"},
		{"two ports of one host differ", []sample{s(a1, x), s(a2, y)}, Yes, AddressAndPortDependent, y},
		{"two hosts differ", []sample{s(a1, x), s(b1, y)}, Yes, UnknownBehavior, "second port"},
		{"hosts differ, ports agree", []sample{s(a1, x), s(b1, y), s(b2, y)}, Yes, AddressDependent, "same"},
		{"all differ", []sample{s(a1, x), s(b1, y), s(b2, z)}, Yes, AddressAndPortDependent, z},
		{"three hosts, one differs", []sample{s(a1, x), s(b1, x), s("198.51.100.3:3478", y)}, Yes, UnknownBehavior, y},
	} {
		t.Run(c.name, func(t *testing.T) {
			varies, mapping := judge(c.samples)
			if varies.Value != c.varies || mapping.Value != c.mapping {
				t.Errorf("varies %v, mapping %v; want %v, %v", varies.Value, mapping.Value, c.varies, c.mapping)
			}
			if !strings.Contains(mapping.Why, c.why) || varies.Why == "" {
				t.Errorf("evidence %q and %q, want %q in it", varies.Why, mapping.Why, c.why)
			}
		})
	}
}

func TestReportReadsWell(t *testing.T) {
	r := Report{
		UDP:     Finding[Verdict]{Yes, "198.51.100.1:3478 answered"},
		Public:  Finding[netip.AddrPort]{Value: netip.MustParseAddrPort("203.0.113.7:1000")},
		Mapping: Finding[Behavior]{AddressDependent, "so it is"},
	}
	want := `udp        yes (198.51.100.1:3478 answered)
local      unknown
public     203.0.113.7:1000
ipv6       unknown
varies     unknown
mapping    address-dependent (so it is)
filtering  unknown
preserves  unknown
ports      unknown
hairpin    unknown
nested     unknown
mapper     none
took       0 ms
`
	if got := r.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
