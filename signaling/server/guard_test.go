package server

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
	"github.com/punchback/punchback/signaling/protocol"
)

func TestWhereARequestComesFrom(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:99", "", "203.0.113.5"},
		{"203.0.113.5:99", "198.51.100.1", "203.0.113.5"}, // who is no proxy is not believed
		{"127.0.0.1:99", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1:99", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, // the proxy has added the last
		{"127.0.0.1:99", "198.51.100.1, 10.1.2.3", "198.51.100.1"},
		{"127.0.0.1:99", "nonsense", "127.0.0.1"},
		{"127.0.0.1:99", "", "127.0.0.1"},
		{"[::ffff:127.0.0.1]:99", "2001:db8::1", "2001:db8::1"},
	} {
		g := guard{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}}
		r := httptest.NewRequest("GET", "/toy", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := g.address(r); got.String() != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func limited(l Limits) *guard {
	l.fill()
	return newGuard(&l, nil, begin)
}

var begin = time.Unix(1000, 0)

func TestLimitsOfAnAddress(t *testing.T) {
	g := limited(Limits{AddressSockets: 3, AddressConnects: 1, AddressRate: 10})
	now := begin
	enter := func(ip string) (*source, string) {
		s, code, _, _ := g.enter(netip.MustParseAddr(ip), now)
		return s, code
	}
	for i := range 3 {
		if _, code := enter(fmt.Sprintf("2001:db8::%d", i)); code != "" {
			t.Errorf("socket %d: %s", i, code)
		}
	}
	if s, code := enter("2001:db8::9"); code != protocol.CodeBusy {
		t.Errorf("a fourth socket of one network: %q", code)
	} else {
		s.leave(now)
	}
	s, code := enter("2001:db8:1:1::9")
	if code != "" {
		t.Errorf("another network: %q", code)
	}
	s.leave(now)
	for range 9 {
		s, _ = enter("2001:db8:1:1::9")
		s.leave(now)
	}
	if s, code = enter("2001:db8:1:1::9"); code != protocol.CodeRate {
		t.Errorf("eleven at once: %q", code)
	}
	s.leave(now)
	now = now.Add(time.Second)
	if s, code = enter("2001:db8:1:1::9"); code != "" {
		t.Errorf("a second later: %q", code)
	}
	for i := range 40 {
		if !s.say(100, now) {
			t.Errorf("message %d is one too many", i)
		}
	}
	if s.say(100, now) || !s.say(100, now.Add(100*time.Millisecond)) {
		t.Error("forty at once, and ten a second")
	}
	s.leave(now)
	if s, _ = enter("2001:db8:1:1::9"); s.say(100, now) {
		t.Error("who comes back may say everything anew")
	}
	if s, code := enter("127.0.0.1"); s != nil || code != "" || !s.say(100, now) || s.tired(now) {
		t.Error("this machine has limits")
	}
}

// What one address may do four times as many may do together: nobody has more by
// having a network full of addresses.
func TestLimitsOfLargerNetworks(t *testing.T) {
	for _, c := range []struct {
		of, at string
		share  int
	}{{"a /24", "203.0.113.%d", 4}, {"a /56", "2001:db8:0:%x::1", 2}, {"a /48", "2001:db8:0:%x00::1", 4}} {
		g := limited(Limits{AddressSockets: 10, AddressRate: 10})
		sockets, said, told := 0, 0, 0
		for i := range 200 {
			for range 10 {
				s, code, _, ok := g.enter(netip.MustParseAddr(fmt.Sprintf(c.at, i)), begin)
				if !ok {
					continue
				}
				if told++; code == "" {
					sockets++
				}
				for range 10 {
					if s.say(100, begin) {
						said++
					}
				}
			}
		}
		if sockets != 10*c.share || told != 20*c.share || said != 40*c.share {
			t.Errorf("%s: %d connections, %d more are told why not, %d messages at once", c.of, sockets, told-sockets, said)
		}
	}
}

// However many networks somebody has, none of those who come from elsewhere is locked
// out, and those who are here are not forgotten.
func TestNetworksLockNobodyOut(t *testing.T) {
	for _, c := range []struct {
		of string
		at func(i uint32) netip.Addr
	}{
		{"one /48", func(i uint32) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, 0, byte(i >> 8), byte(i), 15: 1})
		}},
		{"as many /48s", func(i uint32) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 15: 1})
		}},
		{"as many /24s", func(i uint32) netip.Addr { return netip.AddrFrom4([4]byte{byte(64 + i>>16), byte(i >> 8), byte(i), 1}) }},
	} {
		g := limited(Limits{})
		const most = 1 << 14
		g.connects.buckets = limit.NewTable(most)
		now := begin
		stays, _, _, _ := g.enter(netip.MustParseAddr("198.51.100.7"), now)
		for i := range uint32(4 * most) {
			if s, _, _, ok := g.enter(c.at(i), now); ok {
				s.leave(now)
			}
			now = now.Add(11 * time.Second / (1 << 16))
		}
		for i := range 1000 {
			s, code, why, _ := g.enter(netip.AddrFrom4([4]byte{192, byte(i >> 8), byte(i), 1}), now)
			if code != "" {
				t.Fatalf("%s: a newcomer hears %q", c.of, why)
			}
			s.leave(now)
		}
		if again, _, _, _ := g.enter(netip.MustParseAddr("198.51.100.7"), now); again != stays || stays.sockets != 2 {
			t.Errorf("%s: who is here was forgotten", c.of)
		}
		if n := g.connects.len(); n > 2*most || len(g.sources) != 2 {
			t.Errorf("%s: %d networks are remembered, %d are here", c.of, n, len(g.sources))
		}
	}
}
