package punch

import (
	"slices"
	"time"
)

// inbox holds packets for Recv in slots that are used again; when it is full
// the oldest is dropped, since the newest of a game repeats what matters.
type inbox struct {
	slots       [][]byte // as many as were ever needed at once
	most        int
	first, size int
	dropped     uint64
}

func newInbox(n int) inbox { return inbox{most: n} }

// slot is room for a packet of n bytes, for the caller to fill.
func (b *inbox) slot(n int) []byte {
	switch {
	case b.size < len(b.slots):
	case len(b.slots) < b.most:
		b.slots = append(slices.Concat(b.slots[b.first:], b.slots[:b.first]), nil)
		b.first = 0
	default:
		b.first = (b.first + 1) % len(b.slots)
		b.size--
		b.dropped++
	}
	i := (b.first + b.size) % len(b.slots)
	b.size++
	if cap(b.slots[i]) < n {
		b.slots[i] = make([]byte, n, (n+127)&^127)
	}
	b.slots[i] = b.slots[i][:n]
	return b.slots[i]
}

func (b *inbox) pop(dst []byte) (int, bool) {
	if b.size == 0 {
		return 0, false
	}
	n := copy(dst, b.slots[b.first])
	b.first = (b.first + 1) % len(b.slots)
	b.size--
	return n, true
}

// bucket is a token bucket that holds what may come in one second. What comes
// beyond it is refused; a second's worth refused within a second is abuse.
type bucket struct {
	rate    float64
	tokens  float64
	refused float64
	at      time.Time
}

func newBucket(rate int) bucket { return bucket{rate: float64(rate), tokens: float64(rate)} }

func (b *bucket) take(n int, now time.Time) (ok, abuse bool) {
	if !b.at.IsZero() {
		gain := now.Sub(b.at).Seconds() * b.rate
		if b.tokens > b.rate { // granted, and not needed
			b.tokens = max(b.rate, b.tokens-gain)
		} else {
			b.tokens = min(b.rate, b.tokens+gain)
		}
		b.refused = max(0, b.refused-gain)
	}
	b.at = now
	if b.tokens >= float64(n) {
		b.tokens -= float64(n)
		return true, false
	}
	b.refused += float64(n)
	return false, b.refused > b.rate
}

// grant lets in what may come in d, all at once.
func (b *bucket) grant(d time.Duration, now time.Time) {
	b.take(0, now)
	b.tokens += d.Seconds() * b.rate
}

// outbox tells how many of the packets that were sent wait on this machine, by
// how many of their bytes do.
type outbox struct {
	bytes int
	ends  []int // what bytes was after each that may wait
}

func (b *outbox) add(n int) {
	b.bytes += n
	b.ends = append(b.ends, b.bytes)
}

func (b *outbox) waiting(bytes int) int {
	n := 0
	for n < len(b.ends) && b.ends[n] <= b.bytes-bytes {
		n++
	}
	b.ends = b.ends[:copy(b.ends, b.ends[n:])]
	return len(b.ends)
}
