//go:build !js

package nat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	resolveTime = time.Second             // for DNS, of one name
	serverTime  = 1100 * time.Millisecond // for all questions to one server
	grace       = 100 * time.Millisecond  // for the second server to answer, after the first that told the mapping
)

// prober collects the answers of one Probe.
type prober struct {
	sockets [2]*socket // for IPv4 and IPv6; nil where this machine has none

	mu        sync.Mutex
	samples   []sample
	heard     []netip.AddrPort // servers that answered, whatever they said
	silent    []string         // servers that did not, and why
	hosts     map[netip.Addr]bool
	ports     []ports            // of all sockets that a server told of
	filtering Finding[Behavior]  // as far as it was looked at
	hairpin   Finding[Verdict]   // the same
	filtered  bool               // a look at the filter has begun
	pinned    bool               // and at hairpinning
	looks     int                // that are under way
	tests     sync.WaitGroup     // the same
	done      context.CancelFunc // called when the verdict is in
}

// ports are a socket's own and the public one that it was given.
type ports struct{ local, public uint16 }

func probe(ctx context.Context, servers []string) (r Report, err error) {
	start := time.Now()
	targets, err := parse(servers)
	if err != nil {
		return r, err
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &prober{hosts: map[netip.Addr]bool{}, done: cancel}
	var failed [2]error
	for i, network := range []string{"udp4", "udp6"} {
		p.sockets[i], failed[i] = open(network)
	}
	if p.sockets[0] == nil && p.sockets[1] == nil {
		return r, fmt.Errorf("nat: no UDP socket: %w", errors.Join(failed[:]...))
	}
	var wg sync.WaitGroup
	for _, t := range targets {
		wg.Go(func() { p.server(work, t) })
	}
	wg.Wait()
	p.tests.Wait()
	for _, s := range p.sockets {
		if s != nil {
			s.close()
		}
	}
	r = p.report(ctx)
	r.Took = time.Since(start)
	if ctx.Err() != nil {
		return r, fmt.Errorf("nat: probe ended early: %w", context.Cause(ctx))
	}
	return r, nil
}

// server asks one server, over IPv4 and IPv6 where it has both, and its second
// address.
func (p *prober) server(ctx context.Context, t target) {
	addrs, err := resolve(ctx, t)
	if err != nil {
		p.failed(ctx, t.name, err)
		return
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, to := range addrs {
		wg.Go(func() {
			began := time.Now()
			a, err := p.ask(ctx, to)
			if err != nil {
				if len(addrs) == 1 || to.Addr().Is4() { // Without IPv6 nothing is wrong.
					p.failed(ctx, t.name, err)
				}
				return
			}
			p.look(whole, to, a, time.Since(began))
			for _, other := range alternates(to, a.other) {
				// A second address that is silent says nothing about this machine.
				wg.Go(func() { _, _ = p.ask(ctx, other) })
			}
		})
	}
	wg.Wait()
}

// resolve finds an address of each family that the name has.
func resolve(ctx context.Context, t target) ([]netip.AddrPort, error) {
	if ip, err := netip.ParseAddr(t.host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), t.port)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", t.host)
	if err != nil {
		return nil, fmt.Errorf("name not resolved: %w", err)
	}
	var found [2]netip.Addr // IPv4 first, where the NATs are
	for _, ip := range ips {
		ip = ip.Unmap()
		family := 0
		if ip.Is6() {
			family = 1
		}
		if !found[family].IsValid() {
			found[family] = ip
		}
	}
	var addrs []netip.AddrPort
	for _, ip := range found {
		if ip.IsValid() {
			addrs = append(addrs, netip.AddrPortFrom(ip, t.port))
		}
	}
	return addrs, nil
}

// alternates are the destinations of RFC 5780 section 4.3: the other host at
// the port we asked, and the other host at its other port. A server could have
// us knock anywhere with them, so one in the outer world cannot name an address
// that only means something in here.
func alternates(to, other netip.AddrPort) []netip.AddrPort {
	ip := other.Addr()
	if !other.IsValid() || other.Port() == 0 || ip.Is4() != to.Addr().Is4() ||
		ip.IsUnspecified() || ip.IsMulticast() || inner(ip) != inner(to.Addr()) {
		return nil
	}
	var out []netip.AddrPort
	for _, a := range []netip.AddrPort{netip.AddrPortFrom(ip, to.Port()), other} {
		if a != to && (len(out) == 0 || out[0] != a) {
			out = append(out, a)
		}
	}
	return out
}

func inner(ip netip.Addr) bool {
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// ask asks one destination and keeps what it tells.
func (p *prober) ask(ctx context.Context, to netip.AddrPort) (answer, error) {
	s := p.sockets[0]
	if to.Addr().Is6() {
		s = p.sockets[1]
	}
	if s == nil {
		return answer{}, errors.New("this machine has no such address family")
	}
	p.mu.Lock()
	p.hosts[to.Addr()] = true
	p.mu.Unlock()
	a, err := s.ask(ctx, to)
	if err != nil {
		return a, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, to)
	if !a.mapped.IsValid() {
		return a, nil
	}
	p.samples = append(p.samples, sample{to, a.mapped})
	p.port(s, a.mapped)
	p.enough()
	return a, nil
}

// port notes which public port a socket was given; the lock is held.
func (p *prober) port(s *socket, mapped netip.AddrPort) {
	p.ports = append(p.ports, ports{s.port(), mapped.Port()})
}

// enough ends the probe when the verdicts are in: soon, since a server that has
// not answered yet may know more; the lock is held.
func (p *prober) enough() {
	if _, m := judge(family(p.samples)); m.Value == UnknownBehavior || p.looks > 0 {
		return
	}
	wait := grace
	if p.filtered {
		wait = 0
	}
	time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.looks == 0 {
			p.done()
		}
	})
}

func (p *prober) failed(ctx context.Context, name string, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the verdict was in first: this one had no fair chance
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = append(p.silent, fmt.Sprintf("%s: %v", name, err))
}

// family is the samples of one socket: the IPv4 one if it has any, since IPv6
// rarely meets a NAT.
func family(samples []sample) []sample {
	var v4, v6 []sample
	for _, s := range samples {
		if s.server.Addr().Is4() {
			v4 = append(v4, s)
		} else {
			v6 = append(v6, s)
		}
	}
	if len(v4) > 0 {
		return v4
	}
	return v6
}

// report is called after every question has ended.
func (p *prober) report(ctx context.Context) (r Report) {
	silent := strings.Join(p.silent, "; ")
	if n := p.ignored(); n > 0 {
		silent = strings.TrimPrefix(fmt.Sprintf("%s; %d datagrams were no answer to us", silent, n), "; ")
	}
	switch {
	case len(p.heard) > 0:
		r.UDP = Finding[Verdict]{Yes, fmt.Sprintf("%v answered", p.heard[0])}
		if silent != "" {
			r.UDP.Why += "; " + silent
		}
	case ctx.Err() != nil:
		r.UDP = Finding[Verdict]{Unknown, "stopped before any server answered"}
	case len(p.hosts) < 2:
		r.UDP = Finding[Verdict]{Unknown, silent + "; the fault may be the server's: ask two"}
	default:
		r.UDP = Finding[Verdict]{No, silent}
	}
	samples := family(p.samples)
	r.Varies, r.Mapping = judge(samples)
	r.Filtering, r.Hairpin = p.filtering, p.hairpin
	if !p.filtered {
		r.Filtering.Why = "no server has a second address to answer from (RFC 5780)"
	}
	r.Public6.Why = "no server told one"
	for _, s := range p.samples {
		if s.server.Addr().Is6() {
			r.Public6 = Finding[netip.AddrPort]{s.mapped, fmt.Sprintf("as %v sees us", s.server)}
			break
		}
	}
	if len(samples) == 0 {
		r.Local.Why, r.Public.Why, r.Preserves.Why, r.Ports.Why, r.Hairpin.Why, r.Nested.Why = r.Mapping.Why, r.Mapping.Why, r.Mapping.Why, r.Mapping.Why, r.Mapping.Why, r.Mapping.Why
		return r
	}
	r.Preserves, r.Ports = judgePorts(p.ports)
	first := samples[0]
	r.Public = Finding[netip.AddrPort]{first.mapped, fmt.Sprintf("as %v sees us", first.server)}
	s := p.sockets[0]
	if first.server.Addr().Is6() {
		s = p.sockets[1]
	}
	r.Local = s.local(first.server)
	switch {
	case !r.Local.Value.IsValid():
	case r.Local.Value == first.mapped:
		r.Public.Why += "; the same as the local one, so there is no NAT on the way"
	default:
		r.Public.Why += "; not the local one, so there is a NAT on the way"
	}
	r.Nested = judgeNested(r.Local.Value.Addr(), first.mapped.Addr())
	return r
}

func (p *prober) ignored() (n int) {
	for _, s := range p.sockets {
		if s != nil {
			n += s.ignored
		}
	}
	return n
}
