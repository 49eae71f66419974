// Package fixed has numbers that come out the same on every machine: a
// fixed-point Num, a Vec of two of them, sine, tangent and arc tangent from
// integers alone, and a Rand that lives in the state of the game.
//
// Floats don't: a compiler may fuse a multiplication with an addition on one
// processor and not on another, and two machines that differ in the last bit
// soon play two different matches.
//
//	const gravity = fixed.One * 25 / 100 // in constants, Go itself is exact
//
//	b.Vel.Y = b.Vel.Y.Add(gravity)
//	b.Pos = b.Pos.Add(b.Vel)
//	if b.Pos.Within(p.Pos, radius) {
//		b.Vel = b.Vel.Rotate(s.Rand.Between(-fixed.One/8, fixed.One/8))
//	}
//
// # Rules for all of it
//
//   - A step is 2⁻³², the distance between neighbouring numbers (one ulp).
//   - Results are rounded to the nearest step, halves away from zero, so that
//     what happens to the left is the mirror image of what happens to the
//     right. Where something is not the nearest, its comment says how many steps
//     it can be off; package and comments are tested against math/big.
//   - What is beyond [Min] or [Max] becomes Min or Max.
//   - Dividing by zero gives Max, Min or, for 0/0, 0. Nothing that a step may call
//     panics ([MustParse] does), since a game that panics on one machine panics
//     on all.
//   - Angles are in turns: [One] is the whole circle, One/4 a right angle. They
//     wrap around without an error, however often something has spun. Angles
//     grow from X to Y, which on a screen, where Y points down, is clockwise.
//
// # What it never does
//
// It never allocates (texts excepted), and it never uses a float, [Num.Float64]
// excepted, which is one way: for drawing. There is no way back on purpose:
// what comes from a mouse or a stick is rounded to an int first, and travels as
// an input. In the browser it is the same code with the same results, some
// three to five times as slow, since WASM has no product of 128 bits.
package fixed

import (
	"math"
	"math/bits"
)

// Num is a fixed-point number: 32 bits before the point, one of them the sign,
// and 32 behind it. It runs from about -2.1 to +2.1 thousand million in steps
// of 2⁻³², and its zero is 0. In the state it is eight bytes, which package
// plain saves.
//
// The comparisons of Go are those of numbers, and so are min and max, and + and
// - as long as nothing overflows: these wrap, as integers do. Add and Sub stop
// at Min and Max instead. Never use * and / between two Nums: Mul and Div keep
// the point where it is. (A Num times or over a plain integer is right with *
// and /, where / cuts towards zero.)
//
// Int, Ratio and Parse make numbers; a constant is best made of One, as in
// One*25/100, which costs nothing when the game runs.
type Num int64

// The numbers that every game needs.
const (
	One  Num = 1 << 32
	Half Num = One / 2
	Pi   Num = 13493037705 // nearest, as is Tau
	Tau  Num = 26986075409
	Max  Num = math.MaxInt64
	Min  Num = math.MinInt64
)

// Int is the number n. It stops at Min and Max when n has more than 32 bits.
func Int(n int) Num {
	switch {
	case int64(n) > math.MaxInt32:
		return Max
	case int64(n) < math.MinInt32:
		return Min
	}
	return Num(n) << 32
}

// Ratio is a/b, rounded as Div rounds. Ratio(1, 3) is what 1.0/3 would be.
// Any two ints do, also those that Int could not hold.
func Ratio(a, b int) Num { return Num(a).Div(Num(b)) }

// Int is the whole part, cut towards zero: -1.5 becomes -1.
func (a Num) Int() int {
	if a < 0 {
		return -int(uint64(-a) >> 32)
	}
	return int(a >> 32)
}

// Floor is the greatest whole number that is not above a.
func (a Num) Floor() Num { return a &^ (One - 1) }

// Round is the nearest whole number, halves away from zero. It stops at the
// greatest whole number there is.
func (a Num) Round() Num {
	if a < 0 {
		return -Num((uint64(-a) + uint64(Half)) &^ uint64(One-1))
	}
	return min(a, Max-Half).Add(Half).Floor()
}

// Ceil is the least whole number that is not below a. It stops at the greatest
// whole number there is.
func (a Num) Ceil() Num {
	if f := a.Floor(); f != a {
		return min(f, Max-2*One+1) + One
	}
	return a
}

// Trunc is the whole number next to a on the side of zero: -1.5 becomes -1.
func (a Num) Trunc() Num { return a - a%One }

// Float64 is the nearest float, for drawing and printing. Nothing that it
// gives may come back into the state.
func (a Num) Float64() float64 { return math.Ldexp(float64(a), -32) }

// Add is a+b, stopping at Min and Max.
func (a Num) Add(b Num) Num {
	s := a + b
	if (a^s)&(b^s) < 0 { // both have the sign that the sum has not
		return limit(a < 0)
	}
	return s
}

// Sub is a-b, stopping at Min and Max.
func (a Num) Sub(b Num) Num {
	s := a - b
	if (a^b)&(a^s) < 0 {
		return limit(a < 0)
	}
	return s
}

// Neg is -a. That of Min is Max.
func (a Num) Neg() Num { return Num(0).Sub(a) }

// Mul is a·b, rounded to nearest, halves away from zero. It stops at Min and
// Max.
func (a Num) Mul(b Num) Num { return product(a, b).num() }

// Div is a/b, rounded to nearest, halves away from zero. It stops at Min and
// Max, and so it does for b = 0: a/0 is Max for a > 0, Min for a < 0, and 0/0
// is 0.
func (a Num) Div(b Num) Num {
	n, d := magnitude(a), magnitude(b)
	neg := (a < 0) != (b < 0)
	hi, lo := n>>32, n<<32
	switch {
	case a == 0:
		return 0
	case hi >= d:
		return limit(neg)
	}
	q, r := bits.Div64(hi, lo, d)
	if r >= d-r {
		q++ // this never wraps: where q is that large, d is so small that nothing remains
	}
	return signed(q, neg)
}

// Mod is a less the whole multiple of b that leaves something from 0 up to, but
// not, b (or down to, for a negative b). It is exact. So x.Mod(width) is the
// place in a world that goes around, left of its start as well, and a.Mod(One)
// is what a has above its Floor. Mod of b = 0 is 0. (The operator % is Mod with
// the sign of a; it panics for 0.)
func (a Num) Mod(b Num) Num {
	if b == 0 {
		return 0
	}
	m := a % b
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

// Sqrt is the square root, rounded to nearest. The root of a negative number
// is 0.
func (a Num) Sqrt() Num {
	if a <= 0 {
		return 0
	}
	return Num(root(uint64(a)>>32, uint64(a)<<32))
}

// Abs is a without its sign. Abs of Min is Max.
func (a Num) Abs() Num {
	if a < 0 {
		return signed(magnitude(a), false)
	}
	return a
}

// Sign is -1, 0 or 1.
func (a Num) Sign() int {
	switch {
	case a < 0:
		return -1
	case a > 0:
		return 1
	}
	return 0
}

// Clamp is a, but at least lo and at most hi.
func (a Num) Clamp(lo, hi Num) Num { return max(lo, min(a, hi)) }

// Toward moves a to b by at most far, which is how speed builds up and wears
// off. It never goes beyond b. A negative way counts as 0.
func (a Num) Toward(b, far Num) Num {
	far = max(far, 0)
	switch {
	case distance(a, b) <= uint64(far):
		return b
	case a < b:
		return a + far
	}
	return a - far
}

// Lerp is a for t = 0, b for t = One, and on the straight line through both
// for other t: a + (b-a)·t, rounded once, to nearest. It stops at Min and Max.
func (a Num) Lerp(b, t Num) Num {
	hi, lo := bits.Mul64(distance(a, b), magnitude(t))
	return wide{(b < a) != (t < 0), hi, lo}.add(wide{a < 0, magnitude(a) >> 32, magnitude(a) << 32}).num()
}

// distance is |a-b|, which may need all 64 bits.
func distance(a, b Num) uint64 {
	if a < b {
		return uint64(b) - uint64(a)
	}
	return uint64(a) - uint64(b)
}

// wide is a number of 128 bits, 64 of them behind the point, and its sign: the
// exact product of two Nums, or the sum of two of those.
type wide struct {
	neg    bool
	hi, lo uint64
}

func product(a, b Num) wide {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	return wide{(a < 0) != (b < 0), hi, lo}
}

func (w wide) add(v wide) wide {
	if w.neg == v.neg {
		lo, carry := bits.Add64(w.lo, v.lo, 0)
		return wide{w.neg, w.hi + v.hi + carry, lo}
	}
	lo, borrow := bits.Sub64(w.lo, v.lo, 0)
	hi, borrow := bits.Sub64(w.hi, v.hi, borrow)
	if borrow != 0 { // v was the greater one
		lo, borrow = bits.Sub64(0, lo, 0)
		return wide{v.neg, -hi - borrow, lo}
	}
	return wide{w.neg, hi, lo}
}

// num is the nearest Num.
func (w wide) num() Num {
	lo, carry := bits.Add64(w.lo, 1<<31, 0)
	hi := w.hi + carry
	if hi>>32 != 0 {
		return limit(w.neg)
	}
	return signed(hi<<32|lo>>32, w.neg)
}

func magnitude(a Num) uint64 {
	if a < 0 {
		return uint64(-a) // of Min too: it wraps to itself, whose bits are 2⁶³
	}
	return uint64(a)
}

func signed(n uint64, neg bool) Num {
	switch {
	case neg && n >= 1<<63:
		return Min
	case neg:
		return -Num(n)
	case n >= 1<<63:
		return Max
	}
	return Num(n)
}

func limit(neg bool) Num {
	if neg {
		return Min
	}
	return Max
}

// root is the square root of a number up to 2¹²⁷, rounded to nearest, by
// Newton's method from above: each guess is the mean of the last one and what
// it would have to be multiplied with.
func root(hi, lo uint64) uint64 {
	n := bits.Len64(lo)
	if hi != 0 {
		n = 64 + bits.Len64(hi)
	}
	if n == 0 {
		return 0
	}
	x := uint64(math.MaxUint64)
	if n = (n + 1) / 2; n < 64 {
		x = 1 << n
	}
	for {
		q, _ := bits.Div64(hi, lo, x) // hi < x, since x is never below the root
		if q >= x {
			break
		}
		x = q + (x-q)/2
	}
	sqHi, sqLo := bits.Mul64(x, x)
	rest, borrow := bits.Sub64(lo, sqLo, 0)
	if over := hi - sqHi - borrow; over != 0 || rest > x {
		x++
	}
	return x
}

// square is x²+y² of numbers up to 2⁶³, in 128 bits.
func square(x, y uint64) (hi, lo uint64) {
	xHi, xLo := bits.Mul64(x, x)
	yHi, yLo := bits.Mul64(y, y)
	lo, carry := bits.Add64(xLo, yLo, 0)
	return xHi + yHi + carry, lo
}

// length is the root of x²+y², rounded to nearest.
func length(x, y uint64) uint64 { return root(square(x, y)) }
