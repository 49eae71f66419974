package fixed

import (
	"hash/fnv"
	"math"
	"math/big"
	"strconv"
	"testing"
)

// corners are the numbers where things go wrong.
var corners = []Num{
	0, 1, 2, 3, Half - 1, Half, Half + 1, One - 1, One, One + 1, 3 * Half, 2 * One, 3 * One, Pi, Tau,
	1 << 16, 1 << 31, 1<<48 - 1, 1 << 48, 1 << 62, 46340 * One, 46341 * One, Max / 2, Max - Half, Max - 1, Max,
}

// each gives pairs: all corners of both signs, and random numbers of all sizes.
func each(n int, f func(a, b Num)) {
	all := []Num{Min, Min + 1, Min / 2}
	for _, c := range corners {
		all = append(all, c, -c)
	}
	for _, a := range all {
		for _, b := range all {
			f(a, b)
		}
	}
	r := Rand(1)
	for range n {
		a, b := r.Uint64(), r.Uint64()
		f(Num(a)>>r.Intn(64), Num(b)>>r.Intn(64))
	}
}

// nearest is n/d, halves away from zero, stopped at Min and Max: what all of
// this package's rounding is judged by.
func nearest(n, d *big.Int) Num {
	neg := n.Sign()*d.Sign() < 0
	n, d = new(big.Int).Abs(n), new(big.Int).Abs(d)
	n.Add(n.Lsh(n, 1), d)
	q := n.Div(n, d.Lsh(d, 1))
	if neg {
		q.Neg(q)
	}
	switch {
	case q.Cmp(big.NewInt(math.MaxInt64)) > 0:
		return Max
	case q.Cmp(big.NewInt(math.MinInt64)) < 0:
		return Min
	}
	return Num(q.Int64())
}

func TestArithmeticIsThatOfBigNumbers(t *testing.T) {
	unit := new(big.Int).Lsh(big.NewInt(1), 32)
	one := big.NewInt(1)
	each(200_000, func(a, b Num) {
		x, y := big.NewInt(int64(a)), big.NewInt(int64(b))
		if got, want := a.Add(b), nearest(new(big.Int).Add(x, y), one); got != want {
			t.Fatalf("%d + %d = %d, want %d", a, b, got, want)
		}
		if got, want := a.Sub(b), nearest(new(big.Int).Sub(x, y), one); got != want {
			t.Fatalf("%d - %d = %d, want %d", a, b, got, want)
		}
		if got, want := a.Mul(b), nearest(new(big.Int).Mul(x, y), unit); got != want {
			t.Fatalf("%d · %d = %d, want %d", a, b, got, want)
		}
		want := Num(0)
		switch {
		case b != 0:
			want = nearest(new(big.Int).Mul(x, unit), y)
		case a > 0:
			want = Max
		case a < 0:
			want = Min
		}
		if got := a.Div(b); got != want {
			t.Fatalf("%d / %d = %d, want %d", a, b, got, want)
		}
	})
}

// rootOf is the nearest whole root of n.
func rootOf(n *big.Int) *big.Int {
	r := new(big.Int).Sqrt(new(big.Int).Lsh(n, 2)) // of 4n: twice the root
	return r.Rsh(r.Add(r, big.NewInt(1)), 1)
}

func TestRoots(t *testing.T) {
	each(100_000, func(a, b Num) {
		want := Num(0)
		if a > 0 {
			want = Num(rootOf(new(big.Int).Lsh(big.NewInt(int64(a)), 32)).Int64())
		}
		if got := a.Sqrt(); got != want {
			t.Fatalf("root of %d = %d, want %d", a, got, want)
		}
		x, y := big.NewInt(int64(a)), big.NewInt(int64(b))
		l := rootOf(x.Add(x.Mul(x, x), y.Mul(y, y)))
		want = Max
		if l.IsInt64() {
			want = Num(l.Int64())
		}
		if got := (Vec{a, b}).Len(); got != want {
			t.Fatalf("length of (%d, %d) = %d, want %d", a, b, got, want)
		}
	})
}

func TestWholeNumbers(t *testing.T) {
	unit := new(big.Int).Lsh(big.NewInt(1), 32)
	each(50_000, func(a, _ Num) {
		x := big.NewInt(int64(a))
		if got, want := a.Int(), int(new(big.Int).Quo(x, unit).Int64()); got != want {
			t.Fatalf("Int of %d = %d, want %d", a, got, want)
		}
		if got, want := int64(a.Floor()), new(big.Int).Div(x, unit).Int64()<<32; got != want {
			t.Fatalf("Floor of %d = %d, want %d", a, got, want)
		}
		want := int64(nearest(x, unit))
		if got := int64(a.Round()); got != min(want, math.MaxInt32)<<32 {
			t.Fatalf("Round of %d = %d, want %d", a, got, want<<32)
		}
		if got, want := a.Abs(), nearest(new(big.Int).Abs(x), big.NewInt(1)); got != want {
			t.Fatalf("Abs of %d = %d, want %d", a, got, want)
		}
		if got := a.Sign(); got != x.Sign() {
			t.Fatalf("Sign of %d = %d", a, got)
		}
		if f, _ := new(big.Float).SetRat(new(big.Rat).SetFrac(x, unit)).Float64(); f != a.Float64() {
			t.Fatalf("Float64 of %d = %v, want %v", a, a.Float64(), f)
		}
		if got, want := a.String(), new(big.Rat).SetFrac(x, unit).FloatString(6); got != want {
			t.Fatalf("String of %d = %q, want %q", a, got, want)
		}
	})
	for n, want := range map[int]Num{0: 0, 7: 7 * One, -7: -7 * One, math.MaxInt32: math.MaxInt32 * One, math.MinInt32: Min} {
		if got := Int(n); got != want {
			t.Errorf("Int(%d) = %d, want %d", n, got, want)
		}
	}
	if strconv.IntSize == 64 {
		most := math.MaxInt32
		if got := Int(most + 1); got != Max {
			t.Errorf("Int of too much = %d", got)
		}
		if got := Int(-most - 2); got != Min {
			t.Errorf("Int of too little = %d", got)
		}
	}
	if Ratio(1, 3) != 1431655765 || Ratio(-1, 2) != -Half || Ratio(1, 0) != Max || Ratio(0, 0) != 0 || Ratio(1, -3) != -Ratio(1, 3) {
		t.Error("Ratio")
	}
}

func TestStepsAndLines(t *testing.T) {
	for _, c := range []struct{ got, want Num }{
		{Num(5).Clamp(1, 3), 3}, {Num(-5).Clamp(1, 3), 1}, {Num(2).Clamp(1, 3), 2},
		{Int(5).Toward(0, One), Int(4)}, {Int(-5).Toward(0, One), Int(-4)}, {Half.Toward(0, One), 0},
		{Int(1).Toward(Int(5), -One), Int(1)}, {Max.Toward(Min, One), Max - One}, {Min.Toward(Max, Max), -1},
		{Int(2).Lerp(Int(4), Half), Int(3)}, {Int(2).Lerp(Int(4), 0), Int(2)}, {Int(2).Lerp(Int(4), One), Int(4)},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

func TestSine(t *testing.T) {
	worst := 0.0
	check := func(a Num) {
		x := math.Ldexp(float64(uint32(a)), -32) * 2 * math.Pi
		s, c := math.Sin(x), math.Cos(x)
		worst = max(worst, math.Abs(math.Ldexp(s, 32)-float64(Sin(a))), math.Abs(math.Ldexp(c, 32)-float64(Cos(a))))
	}
	each(100_000, func(a, b Num) { check(a); check(b) })
	t.Logf("worst error: %.3f steps", worst)
	if worst > 0.6 {
		t.Errorf("sine is %.3f steps off", worst)
	}
	for i, want := range []Num{0, One, 0, -One} {
		for _, turns := range []int{0, 1, -1, 1000} {
			a := Ratio(i, 4) + Int(turns)
			if got := Sin(a); got != want {
				t.Errorf("Sin(%v) = %d, want %d", a, got, want)
			}
			if got := Cos(a - One/4); got != want {
				t.Errorf("Cos(%v) = %d, want %d", a-One/4, got, want)
			}
		}
	}
}

func TestArcTangent(t *testing.T) {
	worst := 0.0
	each(200_000, func(a, b Num) {
		want := math.Ldexp(math.Atan2(float64(a), float64(b))/(2*math.Pi), 32)
		if a == 0 && b == 0 {
			want = 0
		}
		off := math.Abs(want - float64(Atan2(a, b)))
		if off > worst {
			worst = off
		}
		if got := Atan2(a, b); got < -Half || got > Half {
			t.Fatalf("Atan2(%d, %d) = %d", a, b, got)
		}
	})
	t.Logf("worst error: %.3f steps", worst)
	if worst > 0.6 {
		t.Errorf("arc tangent is %.3f steps off", worst)
	}
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
	for i, a := range arcs { // the table, from the floats that are good enough to see a wrong digit
		if want := math.Ldexp(math.Atan(float64(i)/32)/(2*math.Pi), 64); math.Abs(float64(a)-want) > 1<<13 {
			t.Errorf("arcs[%d] = %#x", i, a)
		}
	}
}

func TestVectors(t *testing.T) {
	v, w := V(3, 4), V(-1, 2)
	for _, c := range []struct{ got, want any }{
		{v.Add(w), V(2, 6)}, {v.Sub(w), V(4, 2)}, {v.Neg(), V(-3, -4)}, {v.Scale(Half), Vec{3 * Half, 2 * One}},
		{v.Dot(w), Int(5)}, {v.Cross(w), Int(10)}, {v.Len(), Int(5)}, {v.Norm(), Vec{Ratio(3, 5), Ratio(4, 5)}},
		{V(1, 0).Rotate(One / 4), V(0, 1)}, {Polar(Int(2), One/2), V(-2, 0)}, {v.Lerp(w, Half), Vec{One, 3 * One}},
		{(Vec{}).Norm(), Vec{}}, {(Vec{Min, 0}).Norm(), V(-1, 0)}, {(Vec{1, 0}).Norm(), V(1, 0)}, {(Vec{0, -2}).Norm(), V(0, -1)},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	each(50_000, func(a, b Num) {
		if n := (Vec{a, b}).Norm(); a != 0 || b != 0 {
			l := math.Hypot(float64(a), float64(b))
			if math.Abs(n.X.Float64()-float64(a)/l) > 0x1p-32 || math.Abs(n.Y.Float64()-float64(b)/l) > 0x1p-32 {
				t.Fatalf("norm of (%d, %d) = %v", a, b, n)
			}
		}
	})
}

func TestRand(t *testing.T) {
	r := Rand(1234567) // the published first numbers of splitmix64 for this seed
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := r.Uint64(); got != want {
			t.Errorf("Uint64 = %d, want %d", got, want)
		}
	}
	var count [6]int
	for range 60_000 {
		count[r.Intn(6)]++
		if n := r.Num(); n < 0 || n >= One {
			t.Fatalf("Num = %d", n)
		}
		if n := r.Between(-One, One*2); n < -One || n >= One*2 {
			t.Fatalf("Between = %v", n)
		}
	}
	for side, n := range count {
		if n < 9_600 || n > 10_400 {
			t.Errorf("the die fell on %d %d times of 60,000", side+1, n)
		}
	}
	if r.Intn(0) != 0 || r.Intn(-3) != 0 || r.Intn(1) != 0 {
		t.Error("Intn of nothing")
	}
	q := r
	if q.Uint64() != r.Uint64() {
		t.Error("a copy does not go on the same way")
	}
}

// Every machine gets this sum. It is checked natively and in the browser's
// machine alike.
func TestTheSameEverywhere(t *testing.T) {
	h := fnv.New64a()
	var buf [8]byte
	put := func(all ...Num) {
		for _, a := range all {
			for i := range buf {
				buf[i] = byte(a >> (8 * i))
			}
			h.Write(buf[:])
		}
	}
	each(20_000, func(a, b Num) {
		v, w := Vec{a, b}, Vec{b, a}
		n, r := v.Norm(), v.Rotate(b)
		put(a.Add(b), a.Sub(b), a.Mul(b), a.Div(b), a.Sqrt(), a.Abs(), a.Round(), a.Floor(), Sin(a), Cos(b), Atan2(a, b),
			v.Len(), v.Dot(w), v.Cross(w), n.X, n.Y, r.X, r.Y, a.Lerp(b, Half), a.Toward(b, One))
	})
	if got := h.Sum64(); got != golden {
		t.Errorf("sum %#x, want %#x", got, uint64(golden))
	}
}

const golden = 0x58c90067d3e96119

func TestNothingIsAllocated(t *testing.T) {
	r, sum := Rand(1), Num(0)
	if n := testing.AllocsPerRun(100, func() {
		v := Polar(r.Num(), r.Num())
		sum += v.Norm().Len() + v.Angle() + v.X.Div(v.Y).Sqrt() + r.Between(0, One)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMul(b *testing.B) {
	x := One
	for range b.N {
		x = x.Mul(One + 1)
	}
	sink = x
}

func BenchmarkDiv(b *testing.B) {
	x := Pi
	for range b.N {
		x = x.Div(One + 1)
	}
	sink = x
}

func BenchmarkSqrt(b *testing.B) {
	for i := range b.N {
		sink = Num(i << 20).Sqrt()
	}
}

func BenchmarkSin(b *testing.B) {
	for i := range b.N {
		sink = Sin(Num(i << 20))
	}
}

func BenchmarkAtan2(b *testing.B) {
	for i := range b.N {
		sink = Atan2(Num(i<<20), One)
	}
}

var sink Num
