package fixed

import (
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
		want = 0
		if b != 0 { // what is left of the quotient, rounded down
			q := new(big.Int).Mul(x, big.NewInt(int64(y.Sign())))
			q.Sub(q, new(big.Int).Mod(q, new(big.Int).Abs(y)))
			want = Num(new(big.Int).Sub(x, q.Mul(q, big.NewInt(int64(y.Sign())))).Int64())
		}
		if got := a.Mod(b); got != want {
			t.Fatalf("%d mod %d = %d, want %d", a, b, got, want)
		}
		// a + (c-a)·t with c and t that differ from both
		c, k := b^a<<7, b>>3^a
		rise := new(big.Int).Sub(big.NewInt(int64(c)), x)
		rise.Add(rise.Mul(rise, big.NewInt(int64(k))), new(big.Int).Mul(x, unit))
		if got, want := a.Lerp(c, k), nearest(rise, unit); got != want {
			t.Fatalf("%d to %d by %d = %d, want %d", a, c, k, got, want)
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
	unit, one := new(big.Int).Lsh(big.NewInt(1), 32), big.NewInt(1)
	each(50_000, func(a, _ Num) {
		x := big.NewInt(int64(a))
		if got, want := a.Int(), int(new(big.Int).Quo(x, unit).Int64()); got != want {
			t.Fatalf("Int of %d = %d, want %d", a, got, want)
		}
		if got, want := int64(a.Floor()), new(big.Int).Div(x, unit).Int64()<<32; got != want {
			t.Fatalf("Floor of %d = %d, want %d", a, got, want)
		}
		up := new(big.Int).Div(new(big.Int).Sub(new(big.Int).Add(x, unit), one), unit).Int64()
		if got := int64(a.Ceil()); got != min(up, math.MaxInt32)<<32 {
			t.Fatalf("Ceil of %d = %d, want %d", a, got, up<<32)
		}
		if got, want := int64(a.Trunc()), new(big.Int).Quo(x, unit).Int64()<<32; got != want {
			t.Fatalf("Trunc of %d = %d, want %d", a, got, want)
		}
		if got, want := a.Neg(), nearest(new(big.Int).Neg(x), one); got != want {
			t.Fatalf("Neg of %d = %d, want %d", a, got, want)
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
