package fixed

import (
	"math"
	"testing"
)

func TestRand(t *testing.T) {
	r := Rand(1234567) // the published first numbers of splitmix64 for this seed
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := r.Uint64(); got != want {
			t.Errorf("Uint64 = %d, want %d", got, want)
		}
	}
	var intn, die, small, order [6]int
	chance := 0
	const n = 60_000
	for range n {
		intn[r.Intn(6)]++
		die[r.Range(-3, 2)+3]++
		small[r.Between(-3, 3)+3]++ // of the six numbers from -3 to 2 steps
		if r.Chance(1, 6) {
			chance++
		}
		deck := [3]int{0, 1, 2}
		r.Shuffle(3, func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		order[deck[0]*2+(deck[1]-deck[0]+2)%3]++
		if a := r.Num(); a < 0 || a >= One {
			t.Fatalf("Num = %d", a)
		}
		if a := r.Between(-One, One*2); a < -One || a >= One*2 {
			t.Fatalf("Between = %v", a)
		}
	}
	for what, count := range map[string][6]int{"Intn": intn, "Range": die, "Between": small, "Shuffle": order, "Chance": {chance, n / 6, n / 6, n / 6, n / 6, n / 6}} {
		for side, k := range count {
			if k < n/6-400 || k > n/6+400 {
				t.Errorf("%s fell on %d %d times of %d", what, side, k, n)
			}
		}
	}
	for i, c := range []struct{ got, want int }{
		{r.Intn(0), 0}, {r.Intn(-3), 0}, {r.Intn(1), 0}, {r.Range(4, 4), 4}, {r.Range(4, 3), 4}, {int(r.Between(One, One)), int(One)},
		{int(r.Between(One, 0)), int(One)}, {int(r.Between(Max-1, Max)), int(Max - 1)},
	} {
		if c.got != c.want {
			t.Errorf("%d: %d, want %d", i, c.got, c.want)
		}
	}
	if r.Chance(0, 5) || r.Chance(-1, 5) || !r.Chance(5, 5) || r.Chance(0, 0) {
		t.Error("Chance of none or of all")
	}
	wide := map[bool]int{}
	for range 1000 {
		wide[r.Between(Min, Max) < 0]++
		wide[r.Range(math.MinInt32, math.MaxInt32) < 0]++
	}
	if wide[true] < 850 || wide[false] < 850 {
		t.Errorf("over all numbers: %v", wide)
	}
	before := r
	for i := 0; i < 9; i++ { // each of them draws once
		want := before
		for range i {
			want.Uint64()
		}
		if r != want {
			t.Fatalf("the %dth drew more or less than once", i)
		}
		switch i {
		case 0:
			r.Uint64()
		case 1:
			r.Intn(10)
		case 2:
			r.Intn(0)
		case 3:
			r.Range(1, 6)
		case 4:
			r.Num()
		case 5:
			r.Between(0, One)
		case 6:
			r.Chance(1, 2)
		case 7:
			r.Shuffle(2, func(i, j int) {})
		}
	}
	if q := r; q.Uint64() != r.Uint64() {
		t.Error("a copy does not go on the same way")
	}
}
