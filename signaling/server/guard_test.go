package server

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/lobby"
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

func newGuard(l Limits) *guard {
	l.fill()
	return &guard{limits: &l, sources: map[netip.Prefix]*source{}}
}

func TestLimitsOfAnAddress(t *testing.T) {
	g := newGuard(Limits{AddressSockets: 3, AddressConnects: 1, AddressRate: 10})
	now := time.Unix(1000, 0)
	enter := func(ip string) (*source, string) {
		s, code, _ := g.enter(netip.MustParseAddr(ip), now)
		return s, code
	}
	for i := range 3 {
		if _, code := enter(fmt.Sprintf("2001:db8::%d", i)); code != "" {
			t.Errorf("socket %d: %s", i, code)
		}
	}
	if _, code := enter("2001:db8::9"); code != protocol.CodeBusy {
		t.Errorf("a fourth socket of one network: %q", code)
	}
	s, code := enter("2001:db8:0:1::9")
	if code != "" {
		t.Errorf("another network: %q", code)
	}
	s.leave(now)
	for range 9 {
		s, _ = enter("2001:db8:0:1::9")
		s.leave(now)
	}
	if _, code := enter("2001:db8:0:1::9"); code != protocol.CodeRate {
		t.Errorf("eleven at once: %q", code)
	}
	now = now.Add(time.Second)
	if s, code = enter("2001:db8:0:1::9"); code != "" {
		t.Errorf("a second later: %q", code)
	}
	for i := range 40 {
		if !s.say(10, now) {
			t.Errorf("message %d is one too many", i)
		}
	}
	if s.say(10, now) || !s.say(10, now.Add(100*time.Millisecond)) {
		t.Error("forty at once, and ten a second")
	}
	if s, code := enter("127.0.0.1"); s != nil || code != "" || !s.say(1, now) || !s.mayGuess(now) {
		t.Error("this machine has limits")
	}
}

func TestAddressesAreForgotten(t *testing.T) {
	g := newGuard(Limits{})
	now := time.Unix(1000, 0)
	at := func(i uint32) netip.Addr {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 1<<24+i)))
	}
	stays, _, _ := g.enter(at(0), now)
	for i := uint32(1); i < maxSources; i++ {
		s, code, _ := g.enter(at(i), now)
		if code != "" {
			t.Fatal(i, code)
		}
		s.leave(now)
	}
	if _, code, _ := g.enter(at(maxSources), now); code != protocol.CodeBusy {
		t.Errorf("one more than there is room for: %q", code)
	}
	now = now.Add(sourceKept + time.Second)
	if _, code, _ := g.enter(at(maxSources), now); code != "" || len(g.sources) != 2 {
		t.Errorf("later: %q, %d are kept", code, len(g.sources))
	}
	if again, _, _ := g.enter(at(0), now); again != stays {
		t.Error("one that is here was forgotten")
	}
}

// A hundred thousand guesses against a thousand rooms come to nothing: after ten
// an address waits, and is not told of the right one either.
func TestGuessesComeToNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l := lobby.New(lobby.Limits{}, random.Uint64)
	codes := map[string]bool{}
	conn := lobby.Conn(0)
	hello := protocol.Message{Kind: protocol.Hello, Build: "1"}
	for range 1000 {
		conn++
		for _, o := range l.Enter(conn, protocol.Place{Game: "toy", Min: 2, Max: 2, New: true}, hello) {
			if o.Message.Kind == protocol.Welcome {
				codes[o.Message.Code] = true
			}
		}
	}
	g := newGuard(Limits{AddressConnects: 1000})
	now := time.Unix(1000, 0)
	looked, joins := 0, 0
	letters := "BCDFGHJKMNPQRSTVWXYZ23456789"
	for range 100_000 {
		now = now.Add(time.Millisecond)
		s, _, _ := g.enter(netip.MustParseAddr("203.0.113.5"), now)
		code := make([]byte, 5)
		for i := range code {
			code[i] = letters[random.IntN(len(letters))]
		}
		if s.mayGuess(now) {
			looked++
			if codes[string(code)] {
				joins++
			}
			s.missed(now)
		}
		s.leave(now)
	}
	if joins > 0 || looked > 30 || len(codes) != 1000 {
		t.Errorf("%d of %d guesses were looked at, %d joined one of %d rooms", looked, 100_000, joins, len(codes))
	}
	t.Logf("%d of 100,000 guesses were looked at", looked)
}

// Who asks for many rooms at the same moment is asked to wait for all of them.
func TestGuessesAtOnceCount(t *testing.T) {
	g := newGuard(Limits{})
	now := time.Unix(1000, 0)
	s, _, _ := g.enter(netip.MustParseAddr("203.0.113.5"), now)
	looked := 0
	for range 3600 {
		now = now.Add(time.Second)
		if s.mayGuess(now) {
			for range 60 {
				looked++
				s.missed(now)
			}
		}
	}
	if looked > 720 { // 600 an hour, and those that it begins with
		t.Errorf("%d guesses in an hour", looked)
	}
}
