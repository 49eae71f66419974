package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/punchback/punchback/signaling/internal/limit"
)

// arrivals are the connections of Run that ask for nothing, or have yet to say what.
// Half a request costs who sends it nothing, and here as much as some players. So one
// network has as many as it may have WebSockets, and in all there are an eighth as
// many as there may be of those: beyond that one of them goes for the next, chosen by chance.
// Whoever is quick is hardly ever it, and who keeps many of them open loses many. That
// the oldest went would be worse: on a machine that does too much, nobody would ever
// be old enough to be answered.
type arrivals struct {
	guard  *guard
	most   int
	dumped func() // one goes

	mu      sync.Mutex
	all     map[net.Conn]*arrival
	waiting map[net.Conn]*arrival // those of all that ask for nothing
	by      map[netip.Prefix]int  // the same
}

type arrival struct {
	from    limit.Networks // of which it counts; none: it is not bounded
	answers int            // that are under way
}

func newArrivals(s *Server) *arrivals {
	return &arrivals{
		guard: s.guard, most: max(64, s.cfg.Limits.Sockets/8), dumped: s.metrics.drops.WithLabelValues(dropCrowd).Inc,
		all: map[net.Conn]*arrival{}, waiting: map[net.Conn]*arrival{}, by: map[netip.Prefix]int{},
	}
}

// of makes a server of HTTP count its connections.
func (a *arrivals) of(h *http.Server) {
	type key struct{}
	h.ConnState = func(c net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			a.come(c)
		case http.StateHijacked, http.StateClosed:
			a.gone(c)
		}
	}
	h.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, key{}, c) }
	next := h.Handler
	h.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(key{}).(net.Conn)
		a.answer(c, 1)
		defer a.answer(c, -1)
		next.ServeHTTP(w, r)
	})
}

// len is how many ask for nothing.
func (a *arrivals) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting)
}

// come counts a connection, or ends it.
func (a *arrivals) come(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	ip := at.Addr().Unmap()
	if within(a.guard.proxies, ip) {
		return // It is there for many.
	}
	one := &arrival{}
	if a.guard.bounded(ip) {
		one.from = limit.Clients.Of(ip)
	}
	for _, n := range one.from.All() {
		if a.by[n.Prefix] >= a.guard.limits.AddressSockets*n.Share {
			a.dump(c)
			return
		}
	}
	a.all[c] = one
	a.count(c, one, 1)
	if len(a.waiting) > a.most {
		for other := range a.waiting { // in no order
			if other != c {
				a.dump(other)
				break
			}
		}
	}
}

// dump ends a connection; the lock is held.
func (a *arrivals) dump(c net.Conn) {
	a.dumped()
	c.Close()
	a.remove(c)
}

func (a *arrivals) gone(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(c)
}

func (a *arrivals) remove(c net.Conn) {
	if one := a.all[c]; one != nil {
		delete(a.all, c)
		if one.answers == 0 {
			a.count(c, one, -1)
		}
	}
}

// answer counts answers that are under way: then a connection waits for nothing.
func (a *arrivals) answer(c net.Conn, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.all[c]
	if one == nil {
		return
	}
	before := one.answers
	if one.answers += n; before == 0 {
		a.count(c, one, -1)
	} else if one.answers == 0 {
		a.count(c, one, 1)
	}
}

func (a *arrivals) count(c net.Conn, one *arrival, n int) {
	if n > 0 {
		a.waiting[c] = one
	} else {
		delete(a.waiting, c)
	}
	for _, w := range one.from.All() {
		if a.by[w.Prefix] += n; a.by[w.Prefix] == 0 {
			delete(a.by, w.Prefix)
		}
	}
}
