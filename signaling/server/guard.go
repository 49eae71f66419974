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

	"github.com/punchback/punchback/signaling/protocol"
)

// guard keeps count of what comes from each address: an IPv4 address or an IPv6
// network of 64 bits, which is what one customer has. This machine itself has no
// limits; behind a proxy everybody seems to be this machine, unless Config.Proxies
// says whom to believe about where they come from.
type guard struct {
	limits  *Limits
	proxies []netip.Prefix

	mu      sync.Mutex
	sources map[netip.Prefix]*source
}

// source is one address.
type source struct {
	at       netip.Prefix
	mu       sync.Mutex
	sockets  int
	connects tokens
	messages tokens
	guesses  tokens
	last     time.Time
}

const (
	maxSources  = 1 << 16
	sourceKept  = 20 * time.Minute // after its last socket; all its tokens are back by then
	guessBurst  = 10
	maxGuesses  = 200
	guessPeriod = 6 * time.Second // for one more
)

// tokens are a bucket of them: so many at once, and one more in each period.
type tokens struct {
	used float64
	at   time.Time
}

func (t *tokens) take(burst int, period time.Duration, now time.Time) bool {
	t.drain(period, now)
	if t.used+1 > float64(burst) {
		return false
	}
	t.used++
	return true
}

// left tells whether take would give one.
func (t *tokens) left(burst int, period time.Duration, now time.Time) bool {
	t.drain(period, now)
	return t.used+1 <= float64(burst)
}

func (t *tokens) drain(period time.Duration, now time.Time) {
	t.used = max(0, t.used-float64(now.Sub(t.at))/float64(period))
	t.at = now
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

// enter lets a socket in, or says why not. A nil source has no limits.
func (g *guard) enter(at netip.Addr, now time.Time) (s *source, code, why string) {
	if !at.IsValid() || at.IsLoopback() {
		return nil, "", ""
	}
	bits := 32
	if at.Is6() {
		bits = 64
	}
	p, _ := at.Prefix(bits)
	if s = g.source(p, now); s == nil {
		return nil, protocol.CodeBusy, fmt.Sprintf("the server serves %d addresses, try again later", maxSources)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = now
	switch l := g.limits; {
	case s.sockets >= l.AddressSockets:
		return nil, protocol.CodeBusy, fmt.Sprintf("your address has its %d connections", l.AddressSockets)
	case !s.connects.take(10*l.AddressConnects, time.Second/time.Duration(l.AddressConnects), now):
		return nil, protocol.CodeRate, fmt.Sprintf("more than %d connections a second from your address", l.AddressConnects)
	}
	s.sockets++
	return s, "", ""
}

// source is what is counted of an address; nil: there is no room for one more.
func (g *guard) source(p netip.Prefix, now time.Time) *source {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sources[p]
	if s == nil && len(g.sources) >= maxSources {
		g.sweep(now)
	}
	if s == nil && len(g.sources) < maxSources {
		s = &source{at: p, last: now}
		g.sources[p] = s
	}
	return s
}

// sweep forgets who has not been here for long; the lock is held.
func (g *guard) sweep(now time.Time) {
	for p, s := range g.sources {
		s.mu.Lock()
		if s.sockets == 0 && now.Sub(s.last) > sourceKept {
			delete(g.sources, p)
		}
		s.mu.Unlock()
	}
}

// leave tells that a socket has ended.
func (s *source) leave(now time.Time) {
	if s != nil {
		s.mu.Lock()
		s.sockets--
		s.last = now
		s.mu.Unlock()
	}
}

// say takes a message, unless there are too many from all sockets of the address.
func (s *source) say(rate int, now time.Time) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages.take(4*rate, time.Second/time.Duration(rate), now)
}

// mayGuess tells whether this address may name another room: who has named ten
// that were not to be had waits, and is not told of the right one either.
func (s *source) mayGuess(now time.Time) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guesses.left(guessBurst, guessPeriod, now)
}

// missed counts a room that was not to be had. Those that were asked for at the
// same moment count one by one, beyond what may be asked for: who asks for a
// hundred at once waits for as long as who asks for them one after another.
func (s *source) missed(now time.Time) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.guesses.take(maxGuesses, guessPeriod, now)
	}
}

// miss tells whether an Error is the answer to a wrong guess.
func miss(code string) bool {
	return code == protocol.CodeRoom || code == protocol.CodeFull || code == protocol.CodePlaying || code == protocol.CodeClosing
}
