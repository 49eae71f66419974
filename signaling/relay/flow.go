package relay

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
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
	mu     sync.Mutex
	rate   int
	bucket limit.Bucket
}

// began is what times are counted from.
var began = time.Now()

func (m *meter) take(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bucket.Take(float64(n), float64(m.rate), float64(m.rate), time.Since(began))
}

// shareOf is what a network may have where an address has most.
func shareOf(most int, n limit.Network) int { return min(most, math.MaxInt/n.Share) * n.Share }

// source is a network from which somebody is relayed, or was a moment ago: what it
// has sent is remembered for as long as it counts, or another address would be another
// second's worth.
type source struct {
	addresses int // relayed ones; guarded by Relay.mu, as the next
	since     time.Time
	flows     flows
}

// sources are those of one client.
type sources []*source

// crowded reports whether a network of an address has as many relayed addresses as it
// may; the lock is held.
func (r *Relay) crowded(at netip.Addr) bool {
	of := limit.Homes.Of(at)
	for _, n := range of.All() {
		if s := r.sources[n.Prefix]; s != nil && s.addresses >= shareOf(r.cfg.Limits.Address, n) {
			return true
		}
	}
	return false
}

// enter counts one more relayed address of a client; the lock is held.
func (r *Relay) enter(at netip.Addr) *sources {
	var all sources
	of := limit.Homes.Of(at)
	for _, n := range of.All() {
		s := r.sources[n.Prefix]
		if s == nil {
			r.sweep()
			l := &r.cfg.Limits
			s = &source{}
			s.flows.limit(shareOf(l.AddressBytes, n), shareOf(l.AddressPackets, n), NetworkRate, NetworkPackets)
			r.sources[n.Prefix] = s
		}
		s.addresses++
		all = append(all, s)
	}
	return &all
}

// leave is the opposite; the lock is held.
func (r *Relay) leave(all *sources) {
	for _, s := range *all {
		s.addresses--
		s.since = time.Now()
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
