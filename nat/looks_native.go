//go:build !js

package nat

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// look begins what takes sockets of its own, once a server has answered. Those
// who answer from where we never sent to tell the filter; a question to our own
// public address tells about hairpinning.
func (p *prober) look(ctx context.Context, server netip.AddrPort, a answer, trip time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !server.Addr().Is4() {
		return
	}
	// Nothing comes where a filter holds it back: three tries, and what a trip
	// takes at the most. That of the first answer may be one of several tries.
	last := min(max(100*time.Millisecond, 2*trip), 400*time.Millisecond)
	patience := [...]time.Duration{60 * time.Millisecond, 60 * time.Millisecond, last}
	others := alternates(server, a.other)
	if len(others) == 2 && !p.filtered {
		p.filtered = true
		p.begin(func() { p.filter(ctx, server, a.other, patience[:]) })
	}
	if a.mapped.IsValid() && !p.pinned && inner(a.mapped.Addr()) == inner(server.Addr()) {
		p.pinned = true
		p.begin(func() { p.pin(ctx, server, a.mapped, patience[:]) })
	}
}

// begin runs a look; the lock is held.
func (p *prober) begin(f func()) {
	p.looks++
	p.tests.Go(func() {
		f()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.looks--
		p.enough()
	})
}

// filter is the test of RFC 5780 section 4.4, from a socket that has sent to
// nobody: that of the mapping has opened the filter for the second address. All
// three questions go out at once, since none opens anything for the others.
func (p *prober) filter(ctx context.Context, server, other netip.AddrPort, patience []time.Duration) {
	s, err := open("udp4")
	if err != nil {
		p.filtering.Why = err.Error()
		return
	}
	defer s.close()
	var plain answer
	var plainErr error
	var got [2]bool
	run := make(chan struct{}, 3)
	go func() {
		plain, plainErr = s.ask(ctx, server)
		run <- struct{}{}
	}()
	for i, q := range []*question{
		{to: server, from: other, change: changeIP | changePort, waits: patience},
		{to: server, from: netip.AddrPortFrom(server.Addr(), other.Port()), change: changePort, waits: patience},
	} {
		go func() {
			_, err := s.put(ctx, q)
			got[i] = err == nil
			run <- struct{}{}
		}()
	}
	for range 3 {
		<-run
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if plainErr == nil && plain.mapped.IsValid() {
		p.port(s, plain.mapped)
	}
	switch {
	case got[0]:
		p.filtering = Finding[Behavior]{EndpointIndependent, fmt.Sprintf("%v got in, where nothing was sent to", other)}
	case plainErr != nil || ctx.Err() != nil:
		p.filtering = Finding[Behavior]{UnknownBehavior, "the server fell silent"}
	case got[1]:
		p.filtering = Finding[Behavior]{AddressDependent, fmt.Sprintf("another port of %v got in, another host did not", server.Addr())}
	default:
		p.filtering = Finding[Behavior]{AddressAndPortDependent, fmt.Sprintf("only %v got in, where we had sent to", server)}
	}
}

// pin is the test of RFC 5780 section 4.5: two sockets of ours try to meet at their
// public addresses. Both send, since a NAT nearer than the one that they meet at lets
// in only whom each has sent to.
func (p *prober) pin(ctx context.Context, server, mapped netip.AddrPort, patience []time.Duration) {
	if l := p.sockets[0].local(server); l.Value == mapped {
		p.hairpin = Finding[Verdict]{Yes, "there is no NAT to come back through"}
		return
	}
	s, err := open("udp4")
	if err != nil {
		p.hairpin.Why = err.Error()
		return
	}
	defer s.close()
	tries, stop := context.WithCancel(ctx)
	defer stop()
	var knocks sync.WaitGroup
	var came, silent atomic.Bool
	knock := func(at, from *socket, public netip.AddrPort, waits []time.Duration) {
		if at.knock(tries, from, public, waits) {
			came.Store(true)
			stop() // one is enough
		}
	}
	knocks.Go(func() { knock(p.sockets[0], s, mapped, patience) })
	knocks.Go(func() {
		second, err := s.put(tries, &question{to: server, from: server, waits: patience})
		if err != nil || !second.mapped.IsValid() {
			silent.Store(true)
			return
		}
		knock(s, p.sockets[0], second.mapped, patience[1:])
	})
	knocks.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case came.Load():
		p.hairpin = Finding[Verdict]{Yes, fmt.Sprintf("what we sent to %v came back in", mapped)}
	case ctx.Err() != nil:
		p.hairpin = Finding[Verdict]{Unknown, "stopped before it could come back"}
	case silent.Load():
		p.hairpin = Finding[Verdict]{Unknown, "the server fell silent"}
	default:
		p.hairpin = Finding[Verdict]{No, fmt.Sprintf("what we sent to %v never came back in", mapped)}
	}
}

// judgePorts concludes from the ports that sockets were given.
func judgePorts(all []ports) (Finding[Verdict], Finding[Ports]) {
	same, r := 0, Ports{Low: 65535}
	sockets := map[uint16]bool{}
	for _, p := range all {
		if p.local == p.public {
			same++
		}
		sockets[p.local] = true
		r.Low, r.High = min(r.Low, p.public), max(r.High, p.public)
	}
	r.Sockets = len(sockets)
	why := fmt.Sprintf("%d of %d answers see the local port", same, len(all))
	found := Finding[Ports]{r, fmt.Sprintf("%d answers for %d sockets", len(all), len(sockets))}
	switch same {
	case len(all):
		return Finding[Verdict]{Yes, why}, found
	case 0:
		return Finding[Verdict]{No, why}, found
	}
	return Finding[Verdict]{Unknown, why}, found
}

// judgeNested looks for signs of a second NAT in the addresses. That there are
// none proves nothing.
func judgeNested(local, public netip.Addr) Finding[Verdict] {
	switch {
	case carrier(local):
		return Finding[Verdict]{Yes, fmt.Sprintf("the local address %v is a carrier's (RFC 6598)", local)}
	case carrier(public) || public.IsPrivate() && !local.IsLoopback():
		return Finding[Verdict]{Unknown, fmt.Sprintf("the server sees %v, so it is itself inside", public)}
	case local == public:
		return Finding[Verdict]{No, "there is no NAT"}
	}
	return Finding[Verdict]{Unknown, "only the router can tell: see its own address"}
}
