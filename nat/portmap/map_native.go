//go:build !js

package portmap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// patience is how long an answer is waited for before the question is asked
// again; after the last the router is taken to be silent.
var patience = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}

// mapping is a port that a router opened, and the goroutine that renews it.
type mapping struct {
	req      Request
	protocol Protocol
	client   *client
	nonce    nonce
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
		_, m.err = m.ask(context.Background(), 0)
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
	first, err := c.find(ctx, false)
	if err != nil {
		_ = c.conn.Close()
		return nil, err
	}
	m := &mapping{req: req, client: c, done: make(chan struct{})}
	_, _ = rand.Read(m.nonce[:])
	ways := []Protocol{NATPMP}
	if first.PCP {
		ways = []Protocol{PCP, NATPMP} // A router that refuses one may grant the other.
	}
	var refusals []error
	for _, m.protocol = range ways {
		g, err := m.ask(ctx, req.Lifetime)
		if err == nil {
			m.external = g.external
			keep, cancel := context.WithCancel(context.Background())
			m.cancel = cancel
			go m.keep(keep, g.life)
			return m, nil
		}
		refusals = append(refusals, err)
	}
	_ = c.conn.Close()
	return nil, errors.Join(refusals...)
}

func find(ctx context.Context, router netip.AddrPort) (Report, error) {
	c, err := dial(router)
	if err != nil {
		return Report{}, err
	}
	defer c.conn.Close()
	return c.find(ctx, true)
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
		g, err := m.ask(ctx, m.req.Lifetime)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			left = time.Duration(min(g.life, 24*60*60)) * time.Second
		} else if left -= wait + time.Since(begun); left <= 0 {
			left = time.Minute // It is gone; the router may come back.
		} else {
			continue
		}
		m.mu.Lock()
		m.external = g.external // zero if it is gone
		m.mu.Unlock()
	}
}

// ask makes, renews or, with no lifetime, deletes the mapping.
func (m *mapping) ask(ctx context.Context, lifetime time.Duration) (g grant, err error) {
	life := uint32((lifetime + time.Second - 1) / time.Second)
	had := m.address()
	if life == 0 {
		had = netip.AddrPort{}
	}
	if m.protocol == PCP {
		q := appendPCPMap(nil, m.client.self, m.nonce, m.req.Port, had, life)
		err = m.client.ask(ctx, [][]byte{q}, func(b []byte) (ok bool, err error) {
			g, ok, err = decodePCPMap(b, m.nonce, m.req.Port)
			return ok && (life > 0 || g.life == 0 || err != nil), err // A late answer to a renewal deletes nothing.
		})
	} else {
		var outer uint16
		q := appendPMPMap(nil, m.req.Port, had.Port(), life)
		err = m.client.ask(ctx, [][]byte{q}, func(b []byte) (ok bool, err error) {
			outer, g.life, ok, err = decodePMPMap(b, m.req.Port)
			return ok && (life > 0 || g.life == 0 || err != nil), err
		})
		if err == nil && life > 0 {
			err = m.client.ask(ctx, [][]byte{{0, 0}}, func(b []byte) (bool, error) {
				ip, ok, err := decodePMPAddress(b)
				g.external = netip.AddrPortFrom(ip, outer)
				return ok, err
			})
		}
	}
	if err == nil && life > 0 {
		err = g.check()
	}
	if err != nil {
		return grant{}, err
	}
	return g, nil
}

// client is a socket that hears nobody but the router.
type client struct {
	conn    *net.UDPConn
	gateway netip.AddrPort
	self    netip.Addr
}

func dial(to netip.AddrPort) (*client, error) {
	if !to.IsValid() {
		ip, err := gateway()
		if err != nil {
			return nil, err
		}
		to = netip.AddrPortFrom(ip, 5351)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	return &client{conn, to, conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()}, nil
}

// find asks by both protocols at once. It waits for both where all is wanted, or
// else for the first.
func (c *client) find(ctx context.Context, all bool) (Report, error) {
	r := Report{Gateway: c.gateway}
	pcp, pmp := false, false // answered
	err := c.ask(ctx, [][]byte{appendPCP(nil, opAnnounce, 0, c.self), {0, 0}}, func(b []byte) (bool, error) {
		if code, ok := isPCP(b, opAnnounce); ok {
			pcp, r.PCP = true, code == 0
		} else if ip, ok, err := decodePMPAddress(b); ok {
			pmp, r.NATPMP = true, r.NATPMP || err == nil // PCP's question, too, may be answered with a NAT-PMP refusal.
			if usable(ip) {
				r.External = ip
			}
		}
		return pcp && pmp || !all && (r.PCP || r.NATPMP), nil
	})
	if err != nil && ctx.Err() != nil {
		return r, err
	}
	if !r.PCP && !r.NATPMP {
		return r, ErrSilent
	}
	return r, nil
}

// ask says the questions, again and again, until an answer is taken.
func (c *client) ask(ctx context.Context, questions [][]byte, take func([]byte) (ok bool, err error)) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, longestAnswer+1)
	for _, wait := range patience {
		for _, q := range questions {
			_, _ = c.conn.Write(q) // Refused or lost is the same: nobody answers.
		}
		until := time.Now().Add(wait)
		_ = c.conn.SetReadDeadline(until)
		for {
			if ctx.Err() != nil {
				return fmt.Errorf("portmap: %w", ctx.Err())
			}
			n, err := c.conn.Read(buffer)
			var timeout net.Error
			switch {
			case ctx.Err() != nil:
				return fmt.Errorf("portmap: %w", ctx.Err())
			case err == nil:
				if ok, err := take(buffer[:n]); ok || err != nil {
					return err
				}
				if time.Now().Before(until) {
					continue
				}
			case !errors.As(err, &timeout) || !timeout.Timeout():
				return ErrSilent // The port is closed.
			}
			break
		}
	}
	return ErrSilent
}
