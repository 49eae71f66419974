package fixed

import (
	"hash/fnv"
	"testing"
)

// Every machine gets this sum: amd64, arm64, and the browser's, where the
// tests are run alike.
const golden = 0x6771cb7f619e78c9

func TestGolden(t *testing.T) {
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
	vec := func(all ...Vec) {
		for _, v := range all {
			put(v.X, v.Y)
		}
	}
	yes := func(b bool) Num {
		if b {
			return 1
		}
		return 0
	}
	r := Rand(7)
	each(20_000, func(a, b Num) {
		c := Num(r.Uint64()) >> r.Intn(64)
		v, w := Vec{a, b}, Vec{c, a}
		put(a.Add(b), a.Sub(b), a.Mul(b), a.Div(b), a.Mod(b), a.Neg(), a.Abs(), a.Sqrt(), Num(a.Int()), Num(a.Sign()))
		put(a.Floor(), a.Ceil(), a.Round(), a.Trunc(), a.Clamp(b, c), a.Toward(b, c), a.Lerp(b, c), Int(int(int32(a))), Ratio(int(int32(a)), int(int32(b))))
		put(Sin(a), Cos(a), Tan(a), Atan2(a, b), Wrap(a))
		vec(v.Add(w), v.Sub(w), v.Neg(), v.Scale(c), v.Norm(), v.Limit(c), v.Toward(w, c), v.Rotate(c), v.Lerp(w, c), Polar(a, b))
		put(v.Dot(w), v.Cross(w), v.Len(), v.Dist(w), yes(v.Within(w, c)), v.Angle())
		put(Num(r.Intn(1000)), Num(r.Range(-5, 5)), r.Num(), r.Between(a, b), yes(r.Chance(1, 3)))
		text := a.String() + b.Text(r.Intn(33))
		h.Write([]byte(text))
		back, _ := Parse(text[:len(text)/2])
		put(back)
	})
	order := [64]int{}
	for i := range order {
		order[i] = i
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, i := range order {
		put(Num(i))
	}
	if got := h.Sum64(); got != golden {
		t.Errorf("sum %#x, want %#x", got, uint64(golden))
	}
}

func TestNothingIsAllocated(t *testing.T) {
	r, sum := Rand(1), Vec{}
	deck := [8]Num{}
	if n := testing.AllocsPerRun(100, func() {
		a, b := r.Between(Min, Max), r.Num()
		v, w := Polar(a, b), Vec{a.Lerp(b, Half), a.Toward(b, One)}
		sum = sum.Add(v.Norm()).Add(w.Limit(One)).Add(v.Toward(w, One)).Add(v.Rotate(b)).Add(v.Lerp(w, b))
		sum.X = sum.X.Add(a.Div(b).Mod(One).Sqrt().Mul(Tan(b))).Add(v.Dot(w)).Add(v.Cross(w)).Add(v.Len()).Add(v.Dist(w)).Add(v.Angle())
		sum.Y = sum.Y.Add(a.Floor()).Sub(a.Ceil()).Add(a.Round()).Add(a.Trunc()).Add(Num(r.Range(1, 6)))
		if v.Within(w, a) && r.Chance(1, 2) {
			sum = sum.Neg()
		}
		r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		parsed, _ := Parse("-12.0625")
		deck[0] = deck[0].Add(parsed)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
