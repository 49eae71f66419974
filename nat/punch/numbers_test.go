package punch

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// What does not come is counted; what comes late, twice or in another order is not.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name        string
		lost, late  int // of 100
		twice, byAs int // of 100; packets by which what is late is late
	}{
		{"all in order", 0, 0, 0, 1}, {"in another order", 0, 50, 20, 10}, {"very late", 0, 20, 0, 55},
		{"one in twenty", 5, 0, 0, 1}, {"one in three, and late", 33, 30, 10, 40},
	} {
		var n numbers
		r := rand.New(rand.NewPCG(3, 5))
		at := map[int][]uint16{}
		now := time.Unix(1e9, 0)
		for i := range 6000 {
			if r.IntN(100) >= c.lost {
				when := i
				if r.IntN(100) < c.late {
					when += r.IntN(c.byAs)
				}
				at[when] = append(at[when], uint16(i))
				if r.IntN(100) < c.twice {
					at[when+1] = append(at[when+1], uint16(i))
				}
			}
			for _, number := range at[i] {
				if late := n.hear(number, now); late != (i-int(number) >= numberLate) && c.lost == 0 {
					t.Fatalf("%s: packet %d comes at %d, and late is %v", c.name, number, i, late)
				}
			}
			delete(at, i)
			now = now.Add(time.Second / 60)
		}
		if got := n.loss(); math.Abs(got-float64(c.lost)/100) > 0.07 || c.lost == 0 && got != 0 {
			t.Errorf("%s: loss is %.3f, of 100 packets %d are lost", c.name, got, c.lost)
		}
	}
}

// After a silence numbers begin anew, whichever they are; a few in a row that are lost
// all count.
func TestNumbersAfterASilence(t *testing.T) {
	var n numbers
	now := time.Unix(1e9, 0)
	hear := func(from, to int) {
		for i := from; i < to; i++ {
			n.hear(uint16(i), now)
			now = now.Add(time.Second / 60)
		}
	}
	hear(0, 300)
	now = now.Add(3 * time.Second)
	hear(500, 800)
	if n.loss() != 0 || n.total < 400 {
		t.Errorf("%+v", n)
	}
	hear(900, 1000) // a hundred in a row are not
	hear(1000, 1064)
	if n.lost < 50 || n.lost > 100 {
		t.Errorf("%d of 100 are lost: %+v", n.lost, n)
	}
}
