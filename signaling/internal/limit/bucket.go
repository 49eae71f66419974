package limit

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// A Bucket is a token bucket, seen from its empty side: what is used flows back at a
// rate. The zero Bucket is full of tokens. Times are counted from any moment that
// stays the same.
type Bucket struct {
	Used float64
	At   time.Duration
}

// Drained is the bucket as it is now, if so much flows back in a second.
func (b Bucket) Drained(rate float64, now time.Duration) Bucket {
	return Bucket{max(0, b.Used-(now-b.At).Seconds()*rate), now}
}

// Take uses n, unless that would be more than burst at once.
func (b *Bucket) Take(n, burst, rate float64, now time.Duration) bool {
	*b = b.Drained(rate, now)
	if b.Used+n > burst {
		return false
	}
	b.Used += n
	return true
}

// A Table remembers the buckets of networks in bounded memory. It holds the last ones
// that were put, as many as New was told, for certain; beyond twice as many it forgets
// those that were idle for longest, half of them at a time. A bucket that is forgotten
// is one that nothing was taken from.
type Table struct {
	most       int
	seed       maphash.Seed
	young, old map[uint64]Bucket // by a hash that nobody else can compute
}

// NewTable makes a Table that remembers most buckets for certain.
func NewTable(most int) Table {
	return Table{most: most, seed: maphash.MakeSeed(), young: map[uint64]Bucket{}}
}

// Get is the bucket of a network.
func (t *Table) Get(p netip.Prefix) Bucket {
	k := maphash.Comparable(t.seed, p)
	b, ok := t.young[k]
	if !ok {
		b = t.old[k]
	}
	return b
}

// Put remembers the bucket of a network.
func (t *Table) Put(p netip.Prefix, b Bucket) {
	if len(t.young) >= t.most {
		t.old, t.young = t.young, map[uint64]Bucket{}
	}
	t.young[maphash.Comparable(t.seed, p)] = b
}

// Len is the number of buckets that it remembers, some of them perhaps twice.
func (t *Table) Len() int { return len(t.young) + len(t.old) }
