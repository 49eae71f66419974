package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
	"github.com/punchback/punchback/signaling/protocol"
)

// guard keeps count of what comes from each network, see limit.Clients. This machine
// itself has no limits; behind a proxy everybody seems to be this machine, unless
// Config.Proxies says whom to believe about where they come from.
type guard struct {
	limits   *Limits
	proxies  []netip.Prefix
	began    time.Time
	connects *brake
	guesses  *brake // of the codes of rooms

	mu      sync.Mutex
	sources map[netip.Prefix]*source // those with sockets
	said    limit.Table              // what those without have said
}

// source is a network that has sockets here.
type source struct {
	limit.Network
	guard   *guard
	address netip.Addr // of the first socket
	up      *source    // the larger network that it is in
	sockets int        // guarded by guard.mu
	unsent  int        // bytes that wait for its sockets, or for the rest of what they say; guarded by server.mu

	mu       sync.Mutex
	messages limit.Bucket
}

// Wrong guesses of the code of a room that one address has at once, after how long
// it has one more, and how many times that all addresses have together: players
// mistype far less, and codes are so long that it can be afforded, see lobby.
const (
	guessBurst  = 10
	guessPeriod = 6 * time.Second
	guessWhole  = 60
)

func newGuard(l *Limits, proxies []netip.Prefix, now time.Time) *guard {
	return &guard{
		limits: l, proxies: proxies, began: now,
		connects: newBrake(10*l.AddressConnects, time.Second/time.Duration(l.AddressConnects), 0, now),
		guesses:  newBrake(guessBurst, guessPeriod, guessWhole, now),
		sources:  map[netip.Prefix]*source{}, said: limit.NewTable(maxNetworks),
	}
}

// address is where a request comes from.
func (g *guard) address(r *http.Request) netip.Addr {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	at, _ := netip.ParseAddr(host)
	at = at.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) { // Each proxy adds whom it has heard.
		if !within(g.proxies, at) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		at = next.Unmap()
	}
	return at
}

// bounded reports whether there are limits for an address.
func (g *guard) bounded(at netip.Addr) bool { return at.IsValid() && !at.IsLoopback() }

// enter lets a socket in, or says why not. It counts as one all the same, until it
// has heard so; not ok: there are too many even to be told. A nil source has no limits.
func (g *guard) enter(at netip.Addr, now time.Time) (s *source, code, why string, ok bool) {
	if !g.bounded(at) {
		return nil, "", "", true
	}
	all := limit.Clients.Of(at)
	of := all.All()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range of {
		live := g.sources[n.Prefix]
		if live == nil {
			continue
		}
		most := g.limits.AddressSockets * n.Share
		if live.sockets >= 2*most {
			return nil, protocol.CodeBusy, "", false
		}
		if live.sockets >= most && code == "" {
			code, why = protocol.CodeBusy, fmt.Sprintf("%s its %d connections", has(n), most)
		}
	}
	if code == "" && !g.connects.take(at, now) {
		code, why = protocol.CodeRate, fmt.Sprintf("more than %d connections a second from your address, or too many from its network", g.limits.AddressConnects)
	}
	return g.open(at, of, now), code, why, true
}

// has says whose limit it is.
func has(n limit.Network) string {
	if n.Share == 1 {
		return "your address has"
	}
	return fmt.Sprintf("your network of %d bits has", n.Bits())
}

// open counts a socket of these networks; the lock is held.
func (g *guard) open(at netip.Addr, of []limit.Network, now time.Time) (s *source) {
	for _, n := range slices.Backward(of) {
		live := g.sources[n.Prefix]
		if live == nil {
			live = &source{Network: n, guard: g, address: at, up: s, messages: g.said.Get(n.Prefix)}
			g.sources[n.Prefix] = live
		}
		live.sockets++
		s = live
	}
	return s
}

// leave tells that a socket has ended.
func (s *source) leave(now time.Time) {
	if s == nil {
		return
	}
	g := s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	for ; s != nil; s = s.up {
		if s.sockets--; s.sockets == 0 {
			delete(g.sources, s.Prefix)
			s.mu.Lock()
			if s.messages.Drained(s.rate(), now.Sub(g.began)).Used > 0 { // Whoever comes back goes on where it was.
				g.said.Put(s.Prefix, s.messages)
			}
			s.mu.Unlock()
		}
	}
}

// largest is the largest of the networks that are counted.
func (s *source) largest() netip.Prefix {
	for s.up != nil {
		s = s.up
	}
	return s.Prefix
}

// rate is how many messages may come in a second.
func (s *source) rate() float64 { return float64(s.guard.limits.AddressRate * s.Share) }

// say takes a message of so many bytes, unless there are too many from all sockets of
// the address, or of a larger network. A long one counts as several.
func (s *source) say(bytes int, now time.Time) bool {
	count := float64(1 + bytes/long)
	for ; s != nil; s = s.up { // The address first: what it may not say costs others nothing.
		if !s.hear(count, now) {
			return false
		}
	}
	return true
}

// long is how many bytes count as one more message.
const long = 4 << 10

func (s *source) hear(count float64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages.Take(count, 4*s.rate(), s.rate(), now.Sub(s.guard.began))
}

// tired reports whether this address may name no more rooms: whoever has named too many
// that were not to be had waits, and is not told of the right one either.
func (s *source) tired(now time.Time) bool {
	return s != nil && !s.guard.guesses.left(s.address, now)
}

// missed counts a room that was not to be had.
func (s *source) missed(now time.Time) {
	if s != nil {
		s.guard.guesses.owe(s.address, now)
	}
}

// miss reports whether an Error is the answer to a wrong guess.
func miss(code string) bool {
	return code == protocol.CodeRoom || code == protocol.CodeFull || code == protocol.CodePlaying || code == protocol.CodeClosing
}

// missed counts a wrong guess, here and at all servers of the cluster; the lock is held.
func (s *Server) missed(c *conn, code string) {
	if code == protocol.CodeClosing && c.moved {
		return // Those of its room are not back yet.
	}
	s.metrics.misses.Inc()
	c.source.missed(time.Now())
	if s.route != nil && c.source != nil {
		s.route.node.Missed(c.source.Prefix.String())
	}
}
