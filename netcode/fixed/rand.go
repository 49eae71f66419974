package fixed

import "math/bits"

// Rand is a random generator of eight bytes (splitmix64). Keep it in the state
// of the game, so that a step that is taken again draws the same numbers
// again; Rand(seed) starts one, and any seed is as good as another. It keeps
// no secret: whoever sees the state knows what comes.
type Rand uint64

// Uint64 is any number.
func (r *Rand) Uint64() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Intn is a number from 0 up to, but not, n; 0 where n is below 1. No result
// is likelier than another by more than n/2⁶⁴, and each call draws once,
// whatever comes.
func (r *Rand) Intn(n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(max(n, 0)))
	return int(hi)
}

// Num is a number from 0 up to, but not, One.
func (r *Rand) Num() Num { return Num(r.Uint64() >> 32) }

// Between is a number from a up to, but not, b.
func (r *Rand) Between(a, b Num) Num { return a.Add(b.Sub(a).Mul(r.Num())) }
