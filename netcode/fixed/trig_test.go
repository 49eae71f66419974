package fixed

import (
	"math"
	"math/big"
	"runtime"
	"testing"
)

// few is n, or less where time is short.
func few(n int) int {
	if runtime.GOARCH == "wasm" || testing.Short() {
		return n / 8
	}
	return n
}

const precision = 200 // bits of a float that judges

func real(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// step is a Num as a number of steps.
func steps(a Num) *big.Float { return new(big.Float).SetPrec(precision).SetInt64(int64(a)) }

func mul(x, y *big.Float) *big.Float { return new(big.Float).Mul(x, y) }
func add(x, y *big.Float) *big.Float { return new(big.Float).Add(x, y) }
func sub(x, y *big.Float) *big.Float { return new(big.Float).Sub(x, y) }
func quo(x, y *big.Float) *big.Float { return new(big.Float).Quo(x, y) }

func scaled(x *big.Float, exp int) *big.Float { return new(big.Float).SetMantExp(x, exp) }

var pi, _, _ = big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899", 10, precision, big.ToNearestEven)

// realSinCos is the sine and cosine of an angle in turns, by their series.
func realSinCos(turns Num) (sin, cos *big.Float) {
	part := uint32(turns) << 2 >> 2 // of a quarter
	x := mul(scaled(steps(Num(part)), -30), scaled(pi, -1))
	square := mul(x, x)
	sin, cos = real(0), real(0)
	s, c := x, real(1)
	for n := int64(1); c.MantExp(nil) > -150 && c.Sign() != 0; n += 2 {
		sin, cos = add(sin, s), add(cos, c)
		c = quo(mul(c, square), real(float64(-n*(n+1))))
		s = quo(mul(s, square), real(float64(-(n+1)*(n+2))))
	}
	for range uint32(turns) >> 30 {
		sin, cos = cos, new(big.Float).Neg(sin)
	}
	return sin, cos
}

// offBy is how many steps results are off, at worst.
type offBy struct {
	t     *testing.T
	most  float64 // that is said of them
	worst float64
	where []Num
}

// see compares a result with what it should be, in steps.
func (e *offBy) see(got Num, want *big.Float, of ...Num) {
	off, _ := sub(steps(got), want).Float64()
	if off = math.Abs(off); off > e.worst {
		e.worst, e.where = off, of
	}
}

func (e *offBy) tell(what string) {
	e.t.Helper()
	e.t.Logf("%s: at worst %.4f steps off, of %v", what, e.worst, e.where)
	if e.worst > e.most || e.worst == 0 {
		e.t.Errorf("%s is up to %v steps off, and %v are allowed", what, e.worst, e.most)
	}
}

func TestSineAndTangent(t *testing.T) {
	sine, tangent, steep := offBy{t: t, most: 0.6}, offBy{t: t, most: 1}, 0.0
	check := func(a Num) {
		s, c := realSinCos(a)
		sine.see(Sin(a), scaled(s, 32), a)
		sine.see(Cos(a), scaled(c, 32), a)
		if c.Sign() == 0 {
			return
		}
		want := scaled(quo(s, c), 32)
		if k, _ := scaled(want, -32).Float64(); math.Abs(k) < 16 {
			tangent.see(Tan(a), want, a)
		} else {
			off, _ := quo(sub(steps(Tan(a)), want), want).Float64()
			steep = max(steep, math.Abs(off))
		}
	}
	n := few(20_000)
	each(n, func(a, _ Num) {
		if n--; n > 0 { // the pairs of corners alone would be many
			check(a)
		}
	})
	r := Rand(2)
	for range few(20_000) {
		check(Num(r.Uint64()))
	}
	for a := -One / 2; a <= One; a += One / 4 {
		for d := Num(-40); d <= 40; d++ {
			check(a + d)
			check(a + d*d*d*d*d)
		}
	}
	sine.tell("sine")
	tangent.tell("tangent below 16")
	t.Logf("tangent from 16 on: at worst 2^%.1f of itself off", math.Log2(steep))
	if steep > 0x1p-36 || steep == 0 {
		t.Errorf("tangent is up to a %gth off", 1/steep)
	}
	for i, want := range []Num{0, One, 0, -One} {
		for _, turns := range []int{0, 1, -1, 1000, -(1 << 31)} {
			a := Ratio(i, 4) + Int(turns)
			if got := Sin(a); got != want {
				t.Errorf("Sin(%v) = %d, want %d", a, got, want)
			}
			if got := Cos(a - One/4); got != want {
				t.Errorf("Cos(%v) = %d, want %d", a-One/4, got, want)
			}
		}
	}
	for i, want := range []Num{0, One, Max, -One, 0, One, Min, -One} {
		if got := Tan(Ratio(i, 8)); got != want {
			t.Errorf("Tan of %d/8 = %v, want %v", i, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ from, want Num }{
		{0, 0}, {One, 0}, {-One, 0}, {One / 4, One / 4}, {One * 3 / 4, -One / 4}, {Half, -Half}, {-Half, -Half}, {Half - 1, Half - 1},
		{Int(1000) + 7, 7}, {Max, -1}, {Min, 0},
	} {
		if got := Wrap(c.from); got != c.want {
			t.Errorf("Wrap(%v) = %v, want %v", c.from, got, c.want)
		}
	}
}

func TestArcTangent(t *testing.T) {
	e := offBy{t: t, most: 0.6}
	check := func(y, x Num) {
		got := Atan2(y, x)
		if got < -Half || got > Half {
			t.Fatalf("Atan2(%d, %d) = %d", y, x, got)
		}
		if x == 0 && y == 0 {
			if got != 0 {
				t.Fatalf("Atan2(0, 0) = %d", got)
			}
			return
		}
		// What is left when the direction is turned back by the result is small,
		// and so it is its own tangent.
		s, c := realSinCos(got)
		over, along := sub(mul(steps(y), c), mul(steps(x), s)), add(mul(steps(x), c), mul(steps(y), s))
		if along.Sign() <= 0 {
			t.Fatalf("Atan2(%d, %d) = %d is another direction", y, x, got)
		}
		left := scaled(quo(over, mul(along, scaled(pi, 1))), 32)
		e.see(got, add(steps(got), left), y, x)
	}
	each(few(10_000), check)
	for i := Num(1); i < 33; i++ { // next to where one row of the table ends
		for d := Num(-3); d <= 3; d++ {
			check(i<<50+d, 32<<50)
			check(i+d, 32)
		}
	}
	e.tell("arc tangent")
	for i, v := range []Vec{V(1, 0), V(1, 1), V(0, 1), V(-1, 1), V(-1, 0)} {
		if got := v.Angle(); got != Ratio(i, 8) {
			t.Errorf("angle of %v is %v, want %d/8", v, got, i)
		}
		if v.Y > 0 {
			if got := (Vec{v.X, -v.Y}).Angle(); got != -Ratio(i, 8) {
				t.Errorf("angle of %v is %v, want -%d/8", v, got, i)
			}
		}
	}
}

// The table and the constants are right to the last digit.
func TestTables(t *testing.T) {
	whole := func(x *big.Float) *big.Int {
		n, _ := add(x, real(0.5)).Int(nil)
		return n
	}
	if got := whole(scaled(pi, 32)); got.Int64() != int64(Pi) {
		t.Errorf("Pi is %v", got)
	}
	if got := whole(scaled(pi, 33)); got.Int64() != int64(Tau) {
		t.Errorf("Tau is %v", got)
	}
	term := scaled(pi, -1)
	for i, a := range terms {
		if want := whole(scaled(term, 63)); want.Uint64() != a {
			t.Errorf("terms[%d] is %#x, want %#x", i, a, want)
		}
		n := float64(2*i + 1)
		term = quo(mul(term, mul(scaled(pi, -1), scaled(pi, -1))), real((n+1)*(n+2)))
	}
	for i, a := range arcs {
		// The angle of (32, i) in steps of 2⁻⁶⁴: that in steps of 2⁻³², and what is left.
		near := Num(a+1<<31) >> 32
		s, c := realSinCos(near)
		over, along := sub(mul(real(float64(i)), c), mul(real(32), s)), add(mul(real(32), c), mul(real(float64(i)), s))
		x := quo(over, along) // and its arc tangent, by two terms
		x = sub(x, quo(mul(x, mul(x, x)), real(3)))
		want := whole(add(scaled(steps(near), 32), scaled(quo(x, scaled(pi, 1)), 64)))
		if want.Uint64() != a {
			t.Errorf("arcs[%d] is %#x, want %#x", i, a, want)
		}
	}
}
