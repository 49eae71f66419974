//go:build !js

package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/punchback/punchback/signaling/lobby"
)

// silent is a connection from somewhere that takes nothing until it is closed.
type silent struct {
	net.Conn
	from net.Addr
}

func (s *silent) RemoteAddr() net.Addr { return s.from }

func from(at string) *silent {
	here, there := net.Pipe()
	_ = there // nobody reads
	return &silent{here, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(at), 5))}
}

// What waits for slow clients is bounded for a network, and in all; who takes
// everything at once is never dropped for it.
func TestWhatWaitsForSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Turn: "off", Limits: Limits{AddressQueue: 1 << 20, Unsent: 4 << 20}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var all []*conn
		join := func(at string) *conn {
			source, _, _, ok := s.guard.enter(netip.MustParseAddr(at), begin)
			if !ok {
				t.Fatal("too many")
			}
			c := &conn{server: s, source: source, socket: newSocket(from(at), nil), open: true, id: lobby.Conn(len(all) + 1)}
			all = append(all, c)
			return c
		}
		waits := func(bytes *int) int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return *bytes
		}
		push := func(c *conn) {
			s.mu.Lock()
			defer s.unlock()
			if !c.ending {
				c.frame(opText, make([]byte, 60<<10))
			}
		}
		for i := range 200 { // of one network
			c := join(fmt.Sprintf("203.0.113.%d", i%250))
			for range 3 {
				push(c)
			}
			if n := waits(&c.source.up.unsent); n > 1<<20 {
				t.Fatalf("%d bytes wait for one network", n)
			}
		}
		if n := waits(&s.unsent); n < 1<<19 {
			t.Errorf("%d bytes wait", n)
		}
		for i := range 200 { // of as many
			c := join(fmt.Sprintf("198.51.%d.1", i))
			for range 3 {
				push(c)
			}
			if n := waits(&s.unsent); n > 4<<20 {
				t.Fatalf("%d bytes wait in all", n)
			}
		}
		dropped := 0
		for _, c := range all {
			if s.mu.Lock(); c.ending {
				dropped++
			}
			s.mu.Unlock()
		}
		if dropped < 200 {
			t.Errorf("%d were dropped", dropped)
		}
		quick := join("192.0.2.1")
		s.mu.Lock()
		if quick.frame(opText, make([]byte, short-10)); quick.ending {
			t.Error("one that nothing waits for was dropped")
		}
		s.unlock()
		for _, c := range all {
			s.forget(c, "")
			c.Close()
		}
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.unsent != 0 {
			t.Errorf("%d bytes wait for nobody", s.unsent)
		}
	})
}

// Messages that never end take no more than their network's share.
func TestHalfMessages(t *testing.T) {
	s, err := New(Config{Turn: "off", Limits: Limits{AddressQueue: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	part := masked(0x81, string(make([]byte, 32<<10)), 64<<10)
	large := 0
	for i := range 100 {
		source, _, _, _ := s.guard.enter(netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", i)), begin)
		c := &conn{server: s, source: source, socket: newSocket(&script{b: part}, nil)}
		if status, _ := c.listen(); status == statusLarge {
			large++
		}
	}
	if s.unsent > 1<<20 || large < 60 {
		t.Errorf("%d bytes of half messages are kept, %d were ended", s.unsent, large)
	}
}

func newPorch(t *testing.T, l Limits) *arrivals {
	s, err := New(Config{Turn: "off", Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.arrivals
}

// A network opens so many connections and no more; what asks for something, and what a
// proxy opens, is not among them.
func TestArrivalsOfANetwork(t *testing.T) {
	a := newPorch(t, Limits{AddressSockets: 10, Sockets: 10_000})
	a.guard.proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	come := func(at string) net.Conn {
		c := from(at)
		a.come(c)
		return c
	}
	var first net.Conn
	for i := range 1000 {
		c := come(fmt.Sprintf("203.0.113.%d", i%250))
		if i == 0 {
			first = c
		}
		come("10.0.0.1")
	}
	if a.len() != 40 {
		t.Errorf("%d of one network", a.len())
	}
	a.answer(first, 1)
	if come("203.0.113.7"); a.len() != 40 {
		t.Errorf("%d when one was answered and another came", a.len())
	}
	if a.answer(first, -1); a.len() != 41 {
		t.Errorf("%d when that was over", a.len())
	}
	for c := range a.all {
		a.gone(c)
	}
	if a.len() != 0 || len(a.by) != 0 || len(a.all) != 0 {
		t.Errorf("%d, %v at the end", a.len(), a.by)
	}
}

// Beyond as many as there may be one goes for the next, but for what is being answered.
func TestArrivalsInAll(t *testing.T) {
	a := newPorch(t, Limits{Sockets: 800})
	answered := from("192.0.2.1")
	a.come(answered)
	a.answer(answered, 1)
	for i := range 1000 {
		a.come(from(fmt.Sprintf("198.51.%d.1", i%250)))
	}
	if a.len() != 100 || a.all[answered] == nil {
		t.Errorf("%d wait, or what was answered is gone", a.len())
	}
	if err := answered.SetDeadline(time.Time{}); err != nil {
		t.Error("what was answered was closed")
	}
}

// Whoever is quick comes in past any number of half requests.
func TestHalfRequests(t *testing.T) {
	url := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), Config{Addr: "127.0.0.1:0", Turn: "off", Limits: Limits{Sockets: 512}, Ready: func(at net.Addr) { url <- at.String() }})
	}()
	addr := <-url
	for range 300 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: ")
	}
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 20 {
		r, err := web.Get("http://" + addr + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
}
