//go:build !js

package portmap

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// patience is how long an answer is waited for before the question is asked
// again; after the last the router is taken to be silent.
var patience = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}

// client is a socket that hears nobody but the router, for PCP and NAT-PMP.
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
			switch {
			case usable(ip):
				r.External = ip
			case err == nil || binary.BigEndian.Uint16(b[2:]) == pmpNetworkFailure:
				r.External = netip.IPv4Unspecified()
			}
		}
		return pcp && pmp || !all && (r.PCP || r.NATPMP), nil
	})
	if !r.PCP && !r.NATPMP {
		if err == nil {
			err = ErrSilent
		}
		return r, err
	}
	return r, nil
}

// ways are those that the router answered, the better first: one that refuses PCP
// may grant NAT-PMP.
func (c *client) ways(r Report) (all []way) {
	if r.PCP {
		w := &pcp{client: c}
		_, _ = rand.Read(w.nonce[:])
		all = append(all, w)
	}
	if r.PCP || r.NATPMP {
		all = append(all, &pmp{c})
	}
	return all
}

type pcp struct {
	client *client
	nonce  nonce
}

func (*pcp) protocol() Protocol { return PCP }

func (w *pcp) ask(ctx context.Context, port uint16, life uint32, had netip.AddrPort) (g grant, err error) {
	if life == 0 {
		had = netip.AddrPort{}
	}
	q := appendPCPMap(nil, w.client.self, w.nonce, port, had, life)
	err = w.client.ask(ctx, [][]byte{q}, func(b []byte) (ok bool, err error) {
		g, ok, err = decodePCPMap(b, w.nonce, port)
		return ok && (life > 0 || g.life == 0 || err != nil), err // A late answer to a renewal deletes nothing.
	})
	return g, err
}

type pmp struct{ client *client }

func (*pmp) protocol() Protocol { return NATPMP }

func (w *pmp) ask(ctx context.Context, port uint16, life uint32, had netip.AddrPort) (g grant, err error) {
	if life == 0 {
		had = netip.AddrPort{}
	}
	var outer uint16
	q := appendPMPMap(nil, port, had.Port(), life)
	err = w.client.ask(ctx, [][]byte{q}, func(b []byte) (ok bool, err error) {
		outer, g.life, ok, err = decodePMPMap(b, port)
		return ok && (life > 0 || g.life == 0 || err != nil), err
	})
	if err == nil && life > 0 {
		err = w.client.ask(ctx, [][]byte{{0, 0}}, func(b []byte) (bool, error) {
			ip, ok, err := decodePMPAddress(b)
			g.external = netip.AddrPortFrom(ip, outer)
			return ok, err
		})
	}
	return g, err
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
