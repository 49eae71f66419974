package server

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// A network is an address or what it is part of, and how many times what one
// address may do its addresses may do together.
type network struct {
	netip.Prefix
	share int
}

// networks are those that an address is in, itself first: of IPv6 the 64 bits that
// one customer has at least, the 56 that many have, and the 48 that a provider hands
// out without asking. Whoever has one of the larger has all addresses in it for
// nothing, but others may be in it as well.
func networks(at netip.Addr) []network {
	sizes := []struct{ bits, share int }{{32, 1}, {24, 4}}
	if at.Is6() {
		sizes = []struct{ bits, share int }{{64, 1}, {56, 2}, {48, 4}}
	}
	all := make([]network, len(sizes))
	for i, s := range sizes {
		p, _ := at.Prefix(s.bits)
		all[i] = network{p, s.share}
	}
	return all
}

// tokens are a bucket of them: so many at once, and one more in each period.
type tokens struct {
	used float32
	at   time.Duration // since the table began
}

func (t tokens) drain(period, now time.Duration) tokens {
	return tokens{max(0, t.used-float32(now-t.at)/float32(period)), now}
}

// A table remembers the buckets of networks in bounded memory. Those that were put
// last are in it, so many for certain; beyond twice as many those that were idle for
// longest are forgotten, half of them at a time. A bucket that is forgotten is as one
// that nothing was taken from.
type table struct {
	most       int
	seed       maphash.Seed
	young, old map[uint64]tokens // by a hash that nobody else can compute
}

func newTable(most int) table {
	return table{most: most, seed: maphash.MakeSeed(), young: map[uint64]tokens{}}
}

func (t *table) get(p netip.Prefix) tokens {
	k := maphash.Comparable(t.seed, p)
	b, ok := t.young[k]
	if !ok {
		b = t.old[k]
	}
	return b
}

func (t *table) put(p netip.Prefix, b tokens) {
	if len(t.young) >= t.most {
		t.old, t.young = t.young, map[uint64]tokens{}
	}
	t.young[maphash.Comparable(t.seed, p)] = b
}

// len is how many it remembers, some of them perhaps twice.
func (t *table) len() int { return len(t.young) + len(t.old) }

// A brake slows down what comes from one address, from all of a larger network, and,
// if whole is set, from everywhere: who would do something too often is told to wait.
type brake struct {
	burst  int           // of one address, at once
	period time.Duration // for one more
	whole  int           // times what one address may do all together may do; zero: no limit

	mu      sync.Mutex
	began   time.Time
	buckets table
	all     tokens
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
	return &brake{burst: burst, period: period, whole: whole, began: now, buckets: newTable(maxNetworks)}
}

// drained is the bucket of everybody as it is now.
func (b *brake) drained(now time.Duration) tokens {
	return b.all.drain(b.period/time.Duration(max(b.whole, 1)), now)
}

func (b *brake) tightAt(now time.Duration) bool {
	return b.whole > 0 && b.drained(now).used+1 > float32(b.whole*b.burst)
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
	return b.leftAt(networks(at), now.Sub(b.began))
}

func (b *brake) leftAt(of []network, now time.Duration) bool {
	tight := b.tightAt(now)
	for _, n := range of {
		if b.bucket(n, tight, now).used+1 > b.limit(n, tight) {
			return false
		}
	}
	return true
}

func (b *brake) bucket(n network, tight bool, now time.Duration) tokens {
	period := b.period / time.Duration(n.share)
	if tight {
		period *= tightPeriod
	}
	return b.buckets.get(n.Prefix).drain(period, now)
}

func (b *brake) limit(n network, tight bool) float32 {
	burst := float32(b.burst * n.share)
	if tight {
		burst *= tightBurst / 10.
	}
	return burst
}

// take lets one more through from an address, or not.
func (b *brake) take(at netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	of, since := networks(at), now.Sub(b.began)
	if !b.leftAt(of, since) {
		return false
	}
	b.charge(of, since)
	return true
}

// owe counts one more from an address, also beyond what is left: who does a hundred
// things at the same moment waits for as long as who does them one after another.
func (b *brake) owe(at netip.Addr, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.charge(networks(at), now.Sub(b.began))
}

// maxDebt is how many bursts somebody can have to wait for.
const maxDebt = 20

func (b *brake) charge(of []network, now time.Duration) {
	tight := b.tightAt(now)
	for _, n := range of {
		t := b.bucket(n, tight, now)
		t.used = min(t.used+1, maxDebt*float32(b.burst*n.share))
		b.buckets.put(n.Prefix, t)
	}
	if b.whole > 0 {
		b.all = b.drained(now)
		b.all.used = min(b.all.used+1, float32(b.whole*b.burst))
	}
}

// len is how many networks are remembered.
func (b *brake) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buckets.len()
}
