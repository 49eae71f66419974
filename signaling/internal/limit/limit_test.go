package limit

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// The idlest is forgotten, not who has much to wait for.
func TestTheIdlestIsForgotten(t *testing.T) {
	b := NewTable(1000)
	p := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range 100_000 {
		if i%500 == 0 {
			u := b.Get(p(0))
			u.Used++
			b.Put(p(0), u)
		}
		b.Put(p(i+1), Bucket{Used: 1})
		if i >= 1000 && b.Get(p(i-998)).Used == 0 {
			t.Fatalf("one of the last thousand was forgotten after %d", i)
		}
	}
	if n := b.Get(p(0)).Used; n != 200 || b.Len() > 2000 {
		t.Errorf("%v of 200 are remembered of who was there all the time, of %d in all", n, b.Len())
	}
}

func TestBucket(t *testing.T) {
	var b Bucket
	now := time.Hour
	count := func() (n int) {
		for b.Take(1, 40, 10, now) {
			n++
		}
		return n
	}
	if n := count(); n != 40 {
		t.Errorf("%d at once, want 40", n)
	}
	now += time.Second
	if n := count(); n != 10 {
		t.Errorf("%d after a second, want 10", n)
	}
	now += time.Hour
	if n := count(); n != 40 {
		t.Errorf("%d after an hour, want 40", n)
	}
}

// An address counts with those of its home, and with those that anybody can rent
// together with it.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		sizes *Sizes
		a     string
		want  string
	}{
		{Homes, "192.0.2.1", " 192.0.2.1/32 x 1"},
		{Homes, "2001:db8:1:2:3::4", " 2001:db8:1::/56 x 1 2001:db8:1::/48 x 4"},
		{Homes, "2001:db8:1:102:3::4", " 2001:db8:1:100::/56 x 1 2001:db8:1::/48 x 4"},
		{Clients, "192.0.2.1", " 192.0.2.1/32 x 1 192.0.2.0/24 x 4"},
		{Clients, "2001:db8:1:102:3::4", " 2001:db8:1:102::/64 x 1 2001:db8:1:100::/56 x 2 2001:db8:1::/48 x 4"},
	} {
		n := c.sizes.Of(netip.MustParseAddr(c.a))
		var got string
		for _, n := range n.All() {
			got += fmt.Sprintf(" %v x %d", n.Prefix, n.Share)
		}
		if got != c.want {
			t.Errorf("%s counts in%s, want%s", c.a, got, c.want)
		}
	}
}
