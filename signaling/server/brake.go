package server

import (
	"net/netip"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
)

// A brake slows down what comes from one address, from all of a larger network, and,
// if whole is set, from everywhere: who would do something too often is told to wait.
type brake struct {
	burst  int           // of one address, at once
	period time.Duration // for one more
	whole  int           // times what one address may do all together may do; zero: no limit

	mu      sync.Mutex
	began   time.Time
	buckets limit.Table
	all     limit.Bucket
}

// maxNetworks is how many a brake remembers for certain. In each of a hundred
// thousand networks may be an address of an attacker's.
const maxNetworks = 1 << 18

// While all together did too much, one network may do less at once, and waits for
// longer: an attacker has as many addresses as it likes, but each of them has little
// more than what everybody needs who does nothing wrong.
const (
	tightBurst  = 3  // of 10
	tightPeriod = 50 // times
)

func newBrake(burst int, period time.Duration, whole int, now time.Time) *brake {
	return &brake{burst: burst, period: period, whole: whole, began: now, buckets: limit.NewTable(maxNetworks)}
}

// drained is the bucket of everybody as it is now.
func (b *brake) drained(now time.Duration) limit.Bucket {
	return b.all.Drained(float64(max(b.whole, 1))/b.period.Seconds(), now)
}

func (b *brake) tightAt(now time.Duration) bool {
	return b.whole > 0 && b.drained(now).Used+1 > float64(b.whole*b.burst)
}

// tight reports whether all together have done too much.
func (b *brake) tight(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tightAt(now.Sub(b.began))
}

// left reports whether take would let through what comes from an address.
func (b *brake) left(at netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := limit.Clients.Of(at)
	return b.leftAt(of.All(), now.Sub(b.began))
}

func (b *brake) leftAt(of []limit.Network, now time.Duration) bool {
	tight := b.tightAt(now)
	for _, n := range of {
		if b.bucket(n, tight, now).Used+1 > b.limit(n, tight) {
			return false
		}
	}
	return true
}

func (b *brake) bucket(n limit.Network, tight bool, now time.Duration) limit.Bucket {
	rate := float64(n.Share) / b.period.Seconds()
	if tight {
		rate /= tightPeriod
	}
	return b.buckets.Get(n.Prefix).Drained(rate, now)
}

func (b *brake) limit(n limit.Network, tight bool) float64 {
	burst := float64(b.burst * n.Share)
	if tight {
		burst *= tightBurst / 10.
	}
	return burst
}

// take lets one more through from an address, or not.
func (b *brake) take(at netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	of, since := limit.Clients.Of(at), now.Sub(b.began)
	if !b.leftAt(of.All(), since) {
		return false
	}
	b.charge(of.All(), since)
	return true
}

// owe counts one more from an address, also beyond what is left: whoever does a hundred
// things at the same moment waits for as long as who does them one after another.
func (b *brake) owe(at netip.Addr, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := limit.Clients.Of(at)
	b.charge(of.All(), now.Sub(b.began))
}

// maxDebt is how many bursts somebody can have to wait for.
const maxDebt = 20

func (b *brake) charge(of []limit.Network, now time.Duration) {
	tight := b.tightAt(now)
	for _, n := range of {
		t := b.bucket(n, tight, now)
		t.Used = min(t.Used+1, maxDebt*float64(b.burst*n.Share))
		b.buckets.Put(n.Prefix, t)
	}
	if b.whole > 0 {
		b.all = b.drained(now)
		b.all.Used = min(b.all.Used+1, float64(b.whole*b.burst))
	}
}

// len is how many networks are remembered.
func (b *brake) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buckets.Len()
}
