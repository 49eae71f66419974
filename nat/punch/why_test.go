package punch

import "testing"

// Two ends are apart whose own addresses are known to be of two families.
func TestApart(t *testing.T) {
	host := func(addresses ...string) (cs []candidate) {
		for _, a := range addresses {
			cs = append(cs, candidate{Text: "candidate:1 1 udp 1 " + a + " 4711 typ host"})
		}
		return append(cs, candidate{Text: "candidate:1 1 udp 1 192.0.2.1 4711 typ relay raddr 0.0.0.0 rport 0"})
	}
	for _, c := range []struct {
		ours, theirs []candidate
		want         bool
	}{
		{host("192.0.2.5"), host("2001:db8::1"), true},
		{host("2001:db8::1"), host("192.0.2.5", "10.0.0.1"), true},
		{host("192.0.2.5"), host("192.0.2.6", "2001:db8::1"), false},
		{host("192.0.2.5"), host("6f1e.local"), false},
		{host("192.0.2.5"), host(), false},
		{host("192.0.2.5"), []candidate{{Text: "nonsense"}}, false},
	} {
		if got := apart(c.ours, c.theirs); got != c.want {
			t.Errorf("%v and %v: %v", c.ours, c.theirs, got)
		}
	}
}
