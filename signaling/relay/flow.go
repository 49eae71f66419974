package relay

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// way is where a packet goes, as its player sees it.
type way int

const (
	toPeer way = iota
	toClient
)

// flows bound what goes each way.
type flows [2]flow

// flow bounds what goes one way, in bytes and in packets a second: many small ones
// cost, too.
type flow struct {
	bytes, packets    meter
	tooLarge, tooMany Cause
}

func (f *flows) limit(bytes, packets int, tooLarge, tooMany Cause) {
	for w := range f {
		f[w].bytes.rate, f[w].packets.rate = bytes, packets
		f[w].tooLarge, f[w].tooMany = tooLarge, tooMany
	}
}

// take takes a packet of n bytes in, or tells what was too much.
func (f *flow) take(n int) (Cause, bool) {
	if !f.packets.take(1) {
		return f.tooMany, false
	}
	return f.tooLarge, f.bytes.take(n)
}

// meter is a token bucket: rate a second, one second's worth at once.
type meter struct {
	mu   sync.Mutex
	rate int
	used float64
	last time.Time
}

func (m *meter) take(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.used = max(0, m.used-now.Sub(m.last).Seconds()*float64(m.rate))
	m.last = now
	if m.used+float64(n) > float64(m.rate) {
		return false
	}
	m.used += float64(n)
	return true
}

// networks are those that an address counts in: itself if it is of IPv4, or the
// network of 56 bits that a home is given (RFC 6177), and around that the one of 48
// that anybody can rent, of which there may be four times as much.
type networks [2]netip.Prefix

func networksOf(a netip.Addr) (n networks) {
	if !a.Is6() {
		n[0], _ = a.Prefix(32)
		return n
	}
	n[0], _ = a.Prefix(56)
	n[1], _ = a.Prefix(48)
	return n
}

// all leaves out what is none.
func (n *networks) all() []netip.Prefix {
	if !n[1].IsValid() {
		return n[:1]
	}
	return n[:]
}

// share is what the i-th of networks may have where one has limit.
func share(limit, i int) int { return min(limit, math.MaxInt>>(2*i)) << (2 * i) }

// source is a network from which somebody is relayed, or was a moment ago: what it
// has sent is remembered for as long as it counts, or another address would be another
// second's worth.
type source struct {
	addresses int // relayed ones; guarded by Relay.mu, as the next
	since     time.Time
	flows     flows
}

// sources are those of one client; the second may be nil.
type sources [2]*source

// crowded reports whether a network has as many relayed addresses as it may; the lock is held.
func (r *Relay) crowded(n networks) bool {
	for i, p := range n.all() {
		if s := r.sources[p]; s != nil && s.addresses >= share(r.cfg.Limits.Address, i) {
			return true
		}
	}
	return false
}

// enter counts one more relayed address; the lock is held.
func (r *Relay) enter(n networks) *sources {
	var all sources
	for i, p := range n.all() {
		s := r.sources[p]
		if s == nil {
			r.sweep()
			l := &r.cfg.Limits
			s = &source{}
			s.flows.limit(share(l.AddressBytes, i), share(l.AddressPackets, i), NetworkRate, NetworkPackets)
			r.sources[p] = s
		}
		s.addresses++
		all[i] = s
	}
	return &all
}

// leave is the opposite; the lock is held.
func (r *Relay) leave(all *sources) {
	for _, s := range all {
		if s != nil {
			s.addresses--
			s.since = time.Now()
		}
	}
}

// sweep forgets networks that nobody is relayed from, when they are many; the lock is held.
func (r *Relay) sweep() {
	if len(r.sources) < 64+4*len(r.ports) {
		return
	}
	for p, s := range r.sources {
		if s.addresses == 0 && time.Since(s.since) > time.Second {
			delete(r.sources, p)
		}
	}
}
