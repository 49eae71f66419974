package fixed

import (
	"math/big"
	"testing"
)

func TestVectors(t *testing.T) {
	v, w := V(3, 4), V(-1, 2)
	for i, c := range []struct{ got, want any }{
		{v.Add(w), V(2, 6)}, {v.Sub(w), V(4, 2)}, {v.Neg(), V(-3, -4)}, {v.Scale(Half), Vec{3 * Half, 2 * One}},
		{v.Dot(w), Int(5)}, {v.Cross(w), Int(10)}, {v.Len(), Int(5)}, {v.Norm(), Vec{Ratio(3, 5), Ratio(4, 5)}},
		{V(1, 0).Rotate(One / 4), V(0, 1)}, {v.Rotate(One / 2), V(-3, -4)}, {Polar(Int(2), One/2), V(-2, 0)}, {v.Lerp(w, Half), Vec{One, 3 * One}},
		{(Vec{}).Norm(), Vec{}}, {(Vec{Min, 0}).Norm(), V(-1, 0)}, {(Vec{1, 0}).Norm(), V(1, 0)}, {(Vec{0, -2}).Norm(), V(0, -1)},
		{(Vec{Min, Max}).Neg(), Vec{Max, -Max}}, {v.Dist(V(0, 0)), Int(5)}, {(Vec{Max, 0}).Dist(Vec{Min, 0}), Max},
		{(Vec{Min, 0}).Dist(Vec{-1, 0}), Max}, {(Vec{Max, Max}).Dist(Vec{Min, Min}), Max},
		{V(6, 8).Limit(Int(5)), V(3, 4)}, {v.Limit(Int(5)), v}, {v.Limit(Int(4).Neg()), Vec{}}, {(Vec{}).Limit(0), Vec{}},
		{V(0, 0).Toward(V(6, 8), Int(5)), V(3, 4)}, {v.Toward(w, Int(9)), w}, {v.Toward(w, -One), v}, {v.Toward(v, 0), v},
		{(Vec{Min, 0}).Toward(Vec{Max, 0}, One), Vec{Min + One, 0}}, {(Vec{Min, Max}).Toward(Vec{Max, Min}, Max).X < 0, true},
		{v.Within(V(0, 0), Int(5)), true}, {v.Within(V(0, 0), Int(5)-1), false}, {v.Within(v, 0), true}, {v.Within(v, -1), false},
		{(Vec{Min, Min}).Within(Vec{Max, Max}, Max), false}, {(Vec{}).Within(Vec{Max, 0}, Max), true},
	} {
		if c.got != c.want {
			t.Errorf("%d: %v, want %v", i, c.got, c.want)
		}
	}
	if x, y := (Vec{3 * Half, -Half}).Float64(); x != 1.5 || y != -0.5 {
		t.Errorf("in floats %v, %v", x, y)
	}
}

// Dot, Cross and the like are the nearest of what big numbers give.
func TestProductsAreThoseOfBigNumbers(t *testing.T) {
	unit := new(big.Int).Lsh(big.NewInt(1), 32)
	sum := func(a, b, c, d Num) *big.Int {
		p := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(int64(b)))
		return p.Add(p, new(big.Int).Mul(big.NewInt(int64(c)), big.NewInt(int64(d))))
	}
	r := Rand(3)
	check := func(v, w Vec) {
		if got, want := v.Dot(w), nearest(sum(v.X, w.X, v.Y, w.Y), unit); got != want {
			t.Fatalf("%d · %d = %d, want %d", v, w, got, want)
		}
		p := sum(v.X, w.Y, 0, 0)
		p.Sub(p, sum(v.Y, w.X, 0, 0))
		if got, want := v.Cross(w), nearest(p, unit); got != want {
			t.Fatalf("%d × %d = %d, want %d", v, w, got, want)
		}
		// Distances, and whether they are within what is next to them.
		x, y := new(big.Int).Sub(big.NewInt(int64(v.X)), big.NewInt(int64(w.X))), new(big.Int).Sub(big.NewInt(int64(v.Y)), big.NewInt(int64(w.Y)))
		square := x.Add(x.Mul(x, x), y.Mul(y, y))
		want := Max
		if l := rootOf(square); l.IsInt64() {
			want = Num(l.Int64())
		}
		got := v.Dist(w)
		if got != want {
			t.Fatalf("from %d to %d = %d, want %d", v, w, got, want)
		}
		for _, far := range []Num{got, got - 1, got.Add(1), r.Between(0, Max)} {
			n := big.NewInt(int64(far))
			if got, want := v.Within(w, far), far >= 0 && square.Cmp(n.Mul(n, n)) <= 0; got != want {
				t.Fatalf("%d within %d of %d is %v", w, far, v, got)
			}
		}
	}
	each(few(50_000), func(a, b Num) {
		check(Vec{a, b}, Vec{b, a})
		check(Vec{a, b}, Vec{Num(r.Uint64()) >> r.Intn(64), Num(r.Uint64()) >> r.Intn(64)})
		check(Vec{a, b}, Vec{a + Num(r.Intn(9)), b - Num(r.Intn(9))})
	})
}

func TestDirections(t *testing.T) {
	r := Rand(4)
	norm, limit, toward, polar := offBy{t: t, most: 1}, offBy{t: t, most: 1}, offBy{t: t, most: 2}, offBy{t: t, most: 1}
	rotate := offBy{t: t, most: 1}
	each(few(10_000), func(a, b Num) {
		v := Vec{a, b}
		if v == (Vec{}) {
			return
		}
		x, y := steps(a), steps(b)
		l := new(big.Float).Sqrt(add(mul(x, x), mul(y, y)))
		n := v.Norm()
		norm.see(n.X, scaled(quo(x, l), 32), a, b)
		norm.see(n.Y, scaled(quo(y, l), 32), a, b)

		most := r.Between(0, Max) >> r.Intn(63)
		if n := v.Limit(most); l.Cmp(steps(most)) > 0 {
			limit.see(n.X, quo(mul(x, steps(most)), l), a, b, most)
			limit.see(n.Y, quo(mul(y, steps(most)), l), a, b, most)
		} else if n != v {
			t.Fatalf("%d is longer than %d", v, most)
		}

		w := Vec{Num(r.Uint64()) >> r.Intn(64), Num(r.Uint64()) >> r.Intn(64)}
		dx, dy := sub(steps(w.X), x), sub(steps(w.Y), y)
		d := new(big.Float).Sqrt(add(mul(dx, dx), mul(dy, dy)))
		if n := v.Toward(w, most); d.Cmp(steps(most)) > 0 {
			toward.see(n.X, add(x, quo(mul(dx, steps(most)), d)), a, b, w.X, w.Y, most)
			toward.see(n.Y, add(y, quo(mul(dy, steps(most)), d)), a, b, w.X, w.Y, most)
		} else if n != w {
			t.Fatalf("from %d to %d by %d it comes to %d", v, w, most, n)
		}

		// One step, and as many more as it is long: see what is left of one.
		turns, long := Num(r.Uint64()), add(real(1), scaled(l, -32))
		sin, cos := realSinCos(turns)
		if l.MantExp(nil) > 62 {
			return
		}
		share := func(e *offBy, got Num, want *big.Float, long *big.Float) {
			e.see(0, quo(sub(want, steps(got)), long), a, b, turns)
		}
		n = v.Rotate(turns)
		share(&rotate, n.X, sub(mul(x, cos), mul(y, sin)), long)
		share(&rotate, n.Y, add(mul(x, sin), mul(y, cos)), long)
		long = add(real(1), scaled(steps(a.Abs()), -32))
		n = Polar(a, turns)
		share(&polar, n.X, mul(x, cos), long)
		share(&polar, n.Y, mul(x, sin), long)
	})
	norm.tell("norm")
	limit.tell("limit")
	toward.tell("toward")
	rotate.tell("rotate, for each 1 + length")
	polar.tell("polar, for each 1 + length")
}
