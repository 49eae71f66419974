//go:build !js

package portmap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// way is one by which the router can be asked.
type way interface {
	protocol() Protocol

	// ask makes, renews or, with no life, deletes the mapping of a port; life is
	// in seconds, and had is what was granted before, or zero.
	ask(ctx context.Context, port uint16, life uint32, had netip.AddrPort) (grant, error)
}

// mapping is a port that a router opened, and the goroutine that renews it.
type mapping struct {
	req      Request
	protocol Protocol
	way      way
	client   *client
	cancel   context.CancelFunc
	done     chan struct{}
	once     sync.Once
	err      error

	mu       sync.Mutex
	external netip.AddrPort
}

func (m *mapping) address() netip.AddrPort {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.external
}

func (m *mapping) close() error {
	m.once.Do(func() {
		m.cancel()
		<-m.done
		_, m.err = m.way.ask(context.Background(), m.req.Port, 0, m.address())
		_ = m.client.conn.Close()
	})
	return m.err
}

// open finds out what the router speaks and has it make the mapping.
func open(ctx context.Context, req Request) (*mapping, error) {
	c, err := dial(req.Gateway)
	if err != nil {
		return nil, err
	}
	m := &mapping{req: req, client: c, done: make(chan struct{})}
	g, err := m.race(ctx)
	if err != nil {
		_ = c.conn.Close()
		return nil, err
	}
	m.external = g.external
	keep, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	go m.keep(keep, g.life)
	return m, nil
}

// race asks for the mapping in the first way that is found, and in the others as
// long as the router refuses.
func (m *mapping) race(ctx context.Context) (grant, error) {
	type find struct {
		ways []way
		err  error
	}
	finds := make(chan find, 2)
	var finders sync.WaitGroup
	defer finders.Wait()
	looking, stop := context.WithCancel(ctx)
	defer stop()
	finders.Go(func() {
		r, err := m.client.find(looking, false)
		finds <- find{m.client.ways(r), err}
	})
	finders.Go(func() {
		d, err := search(looking, m.client.self, m.client.gateway.Addr())
		if err != nil {
			finds <- find{nil, err}
			return
		}
		finds <- find{[]way{d}, nil}
	})
	var refusals []error
	for range cap(finds) {
		f := <-finds
		if f.err != nil && !errors.Is(f.err, ErrSilent) {
			refusals = append(refusals, f.err)
		}
		for _, m.way = range f.ways {
			g, err := m.ask(ctx, netip.AddrPort{})
			if err == nil {
				m.protocol = m.way.protocol()
				return g, nil
			}
			refusals = append(refusals, err)
		}
	}
	switch {
	case ctx.Err() != nil:
		return grant{}, fmt.Errorf("portmap: %w", ctx.Err())
	case len(refusals) == 0:
		return grant{}, ErrSilent
	}
	return grant{}, errors.Join(refusals...)
}

// ask makes or renews the mapping.
func (m *mapping) ask(ctx context.Context, had netip.AddrPort) (grant, error) {
	g, err := m.way.ask(ctx, m.req.Port, uint32((m.req.Lifetime+time.Second-1)/time.Second), had)
	if err == nil {
		err = g.check()
	}
	return g, err
}

// keep renews the mapping at half its life, and sooner again if that fails.
func (m *mapping) keep(ctx context.Context, life uint32) {
	defer close(m.done)
	left := time.Duration(min(life, 24*60*60)) * time.Second
	for {
		wait := max(left/2, time.Second)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		begun := time.Now()
		g, err := m.ask(ctx, m.address())
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			left = time.Duration(min(g.life, 24*60*60)) * time.Second
		} else if left -= wait + time.Since(begun); left <= 0 {
			g, left = grant{}, time.Minute // It is gone; the router may come back.
		} else {
			continue
		}
		m.mu.Lock()
		m.external = g.external // zero if it is gone
		m.mu.Unlock()
	}
}

// find tells all that the router speaks, by whichever socket.
func find(ctx context.Context, router netip.AddrPort) (Report, error) {
	c, err := dial(router)
	if err != nil {
		return Report{}, err
	}
	defer c.conn.Close()
	var device *igd
	var lost error
	var searching sync.WaitGroup
	searching.Go(func() { device, lost = search(ctx, c.self, c.gateway.Addr()) })
	r, err := c.find(ctx, true)
	searching.Wait()
	if lost == nil {
		r.UPnP, err = true, nil
		if !usable(r.External) {
			r.External = device.external
		}
	} else if errors.Is(err, ErrSilent) {
		err = lost // which may tell more
	}
	return r, err
}
