// Package fixed has numbers that come out the same on every machine: a
// fixed-point Num, a Vec of two of them, sine and arc tangent from integers
// alone, and a Rand that lives in the state of the game.
//
// Floats don't: a compiler may fuse a multiplication with an addition on one
// processor and not on another, and two machines that differ in the last bit
// soon play two different matches.
//
// Nothing here allocates, panics, or uses a float, Float64 excepted, which is
// for drawing. In the browser it is the same code with the same results.
package fixed

import (
	"math"
	"math/bits"
)

// Num is a fixed-point number: 32 bits before the point, one of them the sign,
// and 32 behind it. It runs from about -2.1 to +2.1 thousand million in steps
// of 2⁻³², and its zero is 0.
//
// The comparisons of Go are those of numbers, and so are + and - and the
// unary -, as long as nothing overflows: these wrap, as integers do. Add and
// Sub stop at Min and Max instead. Never use * and / between two Nums: Mul and
// Div keep the point where it is. (A Num times or over a plain integer is
// right with * and /, where / cuts towards zero.)
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

// Mul is a·b, rounded to nearest, halves away from zero, so that what happens
// to the left is the mirror image of what happens to the right. It stops at
// Min and Max.
func (a Num) Mul(b Num) Num {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	lo, carry := bits.Add64(lo, 1<<31, 0)
	hi += carry
	if hi>>32 != 0 {
		return limit((a < 0) != (b < 0))
	}
	return signed(hi<<32|lo>>32, (a < 0) != (b < 0))
}

// Div is a/b, rounded as Mul rounds. It stops at Min and Max, and so it does
// for b = 0, since a game that panics on one machine panics on all: a/0 is Max
// for a > 0, Min for a < 0, and 0/0 is 0.
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

// Toward moves a to b by at most step, which is how speed builds up and wears
// off. It never goes beyond b. A negative step counts as 0.
func (a Num) Toward(b, step Num) Num {
	step = max(step, 0)
	switch { // the distance may need all 64 bits
	case a < b && uint64(b)-uint64(a) > uint64(step):
		return a + step
	case a > b && uint64(a)-uint64(b) > uint64(step):
		return a - step
	}
	return b
}

// Lerp is a for t = 0, b for t = 1, and on the straight line through both for
// other t.
func (a Num) Lerp(b, t Num) Num { return a.Add(b.Sub(a).Mul(t)) }

// String is a in decimals, for printing: the shortest that tells it from its
// neighbours is up to twenty digits long, so this one rounds to six.
func (a Num) String() string {
	n := magnitude(a)
	whole, millionths := n>>32, (n&(1<<32-1)*1e6+1<<31)>>32
	if millionths == 1e6 {
		whole, millionths = whole+1, 0
	}
	var b [24]byte
	i := len(b)
	for k := 0; k < 6; k++ {
		i--
		b[i] = '0' + byte(millionths%10)
		millionths /= 10
	}
	i--
	b[i] = '.'
	for {
		i--
		b[i] = '0' + byte(whole%10)
		if whole /= 10; whole == 0 {
			break
		}
	}
	if a < 0 {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

// The lesser and the greater of two numbers are min and max, built into Go.

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

// root is the square root of a number of 127 bits, rounded to nearest, by
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

// square is x²+y² in 127 bits.
func square(x, y Num) (hi, lo uint64) {
	xHi, xLo := bits.Mul64(magnitude(x), magnitude(x))
	yHi, yLo := bits.Mul64(magnitude(y), magnitude(y))
	lo, carry := bits.Add64(xLo, yLo, 0)
	return xHi + yHi + carry, lo
}
