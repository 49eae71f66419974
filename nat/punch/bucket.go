package punch

import (
	"math"
	"time"
)

// bucket is a token bucket: it lets in so much at once, its burst, and so much more
// each second, its rate. What comes beyond that is refused.
type bucket struct {
	burst   float64
	rate    float64
	tokens  float64
	refused float64 // lately: it lapses at the rate
	at      time.Time
}

func newBucket(burst, rate int) bucket {
	return bucket{burst: float64(burst), rate: float64(rate), tokens: float64(burst)}
}

// perSecond is a bucket that lets in a second's worth at once.
func perSecond(rate int) bucket { return newBucket(rate, rate) }

// pass lets the time since the last call pass.
func (b *bucket) pass(now time.Time) {
	if !b.at.IsZero() {
		gain := now.Sub(b.at).Seconds() * b.rate
		if b.tokens > b.burst { // granted, and not needed
			b.tokens = max(b.burst, b.tokens-gain)
		} else {
			b.tokens = min(b.burst, b.tokens+gain)
		}
		b.refused = max(0, b.refused-gain)
	}
	b.at = now
}

// take lets n in or refuses them. A second's worth refused within a second is abuse.
func (b *bucket) take(n int, now time.Time) (ok, abuse bool) {
	b.pass(now)
	if b.tokens >= float64(n) {
		b.tokens -= float64(n)
		return true, false
	}
	b.refused += float64(n)
	return false, b.refused > b.rate
}

// left is how much it lets in now.
func (b *bucket) left(now time.Time) int {
	b.pass(now)
	return int(math.Floor(b.tokens))
}

// grant lets in what may come in d, all at once.
func (b *bucket) grant(d time.Duration, now time.Time) {
	b.pass(now)
	b.tokens += d.Seconds() * b.rate
}

// back returns what was taken and came to good use.
func (b *bucket) back(n int) { b.tokens = min(b.burst, b.tokens+float64(n)) }
