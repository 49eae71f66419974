package fixed

import "math/bits"

// Rand is a random generator of eight bytes (splitmix64, whose published
// numbers the test has). Keep it in the state of the game and draw from it
// there, so that a step that is taken again draws the same numbers again.
// A copy in a variable would draw numbers that the state draws once more later.
//
//	state.Rand = fixed.Rand(cfg.Seed) // of netcode.Terms: the same for everybody
//
// Any seed is as good as another. A second one, for things that must not
// disturb the first, starts as fixed.Rand(first.Uint64()). It keeps no secret:
// whoever sees the state, and all machines do, knows what comes.
//
// Each number draws once, whatever comes, so that how often was drawn depends
// on nothing but the calls. None is likelier than another by more than n/2⁶⁴
// for n possible ones, which no match is long enough to show.
type Rand uint64

// Uint64 is any number.
func (r *Rand) Uint64() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Intn is a number from 0 up to, but not, n; 0 where n is below 1.
func (r *Rand) Intn(n int) int { return int(r.below(uint64(max(n, 0)))) }

// Range is a number from lo to hi, both included: a die is Range(1, 6). It is
// lo where hi is not above it.
func (r *Rand) Range(lo, hi int) int {
	return int(int64(lo) + int64(r.below(uint64(max(lo, hi))-uint64(lo)+1)))
}

// Chance is true in n of all cases: Chance(1, 3) is one in three. It is always
// true for n at or above all, and never for n at or below 0.
func (r *Rand) Chance(n, all int) bool { return r.Intn(all) < n && n > 0 }

// Num is a number from 0 up to, but not, One: also any angle.
func (r *Rand) Num() Num { return Num(r.Uint64() >> 32) }

// Between is a number from a up to, but not, b, any of those there are. It is a
// where b is not above it.
func (r *Rand) Between(a, b Num) Num { return a + Num(r.below(uint64(max(a, b))-uint64(a))) }

// Shuffle puts n things in a random order by swapping, each order as likely as
// another: r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] }).
// It draws n-1 times.
func (r *Rand) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.Intn(i+1))
	}
}

// below is a number from 0 up to, but not, n: the whole part of a fraction of
// n, which unlike a remainder favours nothing.
func (r *Rand) below(n uint64) uint64 {
	hi, _ := bits.Mul64(r.Uint64(), n)
	return hi
}
