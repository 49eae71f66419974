package punch

import (
	"time"
)

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
