package cues

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
)

// told is what Heard gives, as text: +kind@frame, or -kind@frame when undone.
func told(r *Ring) string {
	var all []string
	for c, happened := range r.Heard() {
		sign := "+"
		if !happened {
			sign = "-"
		}
		all = append(all, fmt.Sprintf("%s%d@%d", sign, c.Kind, c.Frame))
	}
	return strings.Join(all, " ")
}

// step steps a frame that has these cues.
func step(r *Ring, f netcode.Frame, kinds ...uint8) {
	r.Begin(f)
	for _, k := range kinds {
		r.Emit(k, 0, int32(f), 0, 0)
	}
}

func expect(t *testing.T, r *Ring, want string) {
	t.Helper()
	if got := told(r); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if got := told(r); got != "" {
		t.Errorf("heard %q once more", got)
	}
}

func TestACueIsHeardOnce(t *testing.T) {
	var r Ring
	expect(t, &r, "")
	step(&r, 1, 5)
	step(&r, 2)
	step(&r, 3, 6, 6, 7)
	expect(t, &r, "+5@1 +6@3 +6@3 +7@3")
	for range 3 { // repaired, and nothing changes
		step(&r, 1, 5)
		step(&r, 2)
		step(&r, 3, 6, 6, 7)
	}
	expect(t, &r, "")
	step(&r, 4, 8)
	expect(t, &r, "+8@4")
}

func TestACueThatDidNotHappen(t *testing.T) {
	var r Ring
	step(&r, 1, 5)
	step(&r, 2, 6)
	expect(t, &r, "+5@1 +6@2")
	step(&r, 1)
	step(&r, 2, 6, 7)
	expect(t, &r, "-5@1 +7@2")
	step(&r, 1, 5) // and then it did
	step(&r, 2, 6)
	expect(t, &r, "+5@1 -7@2")
}

// What was never heard is not taken back, and frames that are not stepped
// again are not spoken of.
func TestFramesBehindTheRepair(t *testing.T) {
	var r Ring
	step(&r, 1, 5)
	step(&r, 1, 6)
	expect(t, &r, "+6@1")
	step(&r, 2, 7)
	step(&r, 3, 8)
	expect(t, &r, "+7@2 +8@3")
	step(&r, 2, 7) // rolled back to 2: frame 3 is open
	expect(t, &r, "")
	step(&r, 3)
	expect(t, &r, "-8@3")
}

func TestSlack(t *testing.T) {
	r := Ring{Slack: 2}
	for f := range netcode.Frame(8) {
		if f == 3 {
			step(&r, f, 5)
			continue
		}
		step(&r, f)
	}
	expect(t, &r, "+5@3")
	for at, want := range map[netcode.Frame]string{5: "", 3: "", 1: ""} {
		for f := range netcode.Frame(8) {
			if f == at {
				step(&r, f, 5)
				continue
			}
			step(&r, f)
		}
		expect(t, &r, want)
		for f := range netcode.Frame(8) {
			if f == 3 {
				step(&r, f, 5)
				continue
			}
			step(&r, f)
		}
		expect(t, &r, "")
	}
	for f := range netcode.Frame(8) {
		if f == 6 {
			step(&r, f, 5)
			continue
		}
		step(&r, f)
	}
	expect(t, &r, "-5@3 +5@6")
	step(&r, 8, 7)
	step(&r, 9, 7)
	expect(t, &r, "+7@8 +7@9") // two new ones are two
	step(&r, 8)
	step(&r, 9)
	expect(t, &r, "-7@8 -7@9")
}

func TestBreakingOffLosesNothing(t *testing.T) {
	var r Ring
	step(&r, 1, 5, 6)
	step(&r, 2, 7)
	for c := range r.Heard() {
		if c.Kind == 5 {
			break
		}
	}
	expect(t, &r, "+6@1 +7@2")
}

func TestLimits(t *testing.T) {
	var r Ring
	r.Begin(1)
	for k := range uint8(PerFrame + 5) {
		r.Emit(k, 0, 0, 0, 0)
	}
	n := 0
	for c, happened := range r.Heard() {
		if int(c.Kind) != n || !happened {
			t.Errorf("cue %d is %v", n, c)
		}
		n++
	}
	if n != PerFrame {
		t.Errorf("%d cues, want %d", n, PerFrame)
	}
	// Nobody listens for a long time: the newest are kept.
	for f := range netcode.Frame(5 * Span) {
		step(&r, f, 9)
	}
	n = 0
	for c := range r.Heard() {
		if c.Frame <= 4*Span-1 {
			t.Errorf("frame %d is too old", c.Frame)
		}
		n++
	}
	if n != Span {
		t.Errorf("%d frames were heard, want %d", n, Span)
	}
	// A jump far ahead or back is no repair.
	for _, f := range []netcode.Frame{1_000_000, 3} {
		step(&r, f, 4)
		expect(t, &r, fmt.Sprintf("+4@%d", f))
	}
}

// Whatever is predicted, repaired and heard in between: in the end what was
// heard, less what was taken back, is what happened.
func TestWhatIsHeardIsWhatHappened(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := Ring{}
		truth := make([][]uint8, 200)
		for f := range truth {
			for k := range uint8(4) {
				if rnd.IntN(6) == 0 {
					truth[f] = append(truth[f], k)
				}
			}
		}
		guess := func(f netcode.Frame) []uint8 {
			if rnd.IntN(2) == 0 {
				return truth[f]
			}
			return truth[rnd.IntN(len(truth))]
		}
		heard := map[string]int{}
		listen := func() {
			for c, happened := range r.Heard() {
				key := fmt.Sprint(c.Frame, c.Kind)
				if happened {
					heard[key]++
				} else {
					heard[key]--
				}
				if heard[key] < 0 || heard[key] > 1 {
					t.Fatalf("seed %d: cue %v was heard %d times", seed, c, heard[key])
				}
			}
		}
		sure := netcode.Frame(0)
		for f := range netcode.Frame(len(truth)) {
			step(&r, f, guess(f)...)
			if rnd.IntN(3) > 0 {
				listen()
			}
			if f-sure > 12 || rnd.IntN(4) == 0 || int(f) == len(truth)-1 {
				to := f
				for g := sure; g <= f; g++ {
					if g <= to {
						step(&r, g, truth[g]...)
					} else {
						step(&r, g, guess(g)...)
					}
				}
				sure = to + 1
			}
		}
		listen()
		var got, want []string
		for k, n := range heard {
			if n == 1 {
				got = append(got, k)
			}
		}
		for f := range truth {
			for _, k := range truth[f] {
				want = append(want, fmt.Sprint(netcode.Frame(f), k))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: heard %v, want %v", seed, got, want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	r := &Ring{Slack: 3}
	f, n := netcode.Frame(8), 0
	if allocs := testing.AllocsPerRun(200, func() {
		for g := f - 7; g <= f; g++ {
			r.Begin(g)
			r.Emit(uint8(g+f)%3, 1, 2, 3, 4)
		}
		for range r.Heard() {
			n++
		}
		f++
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if n == 0 {
		t.Error("nothing was heard")
	}
}

func BenchmarkRepairOfEight(b *testing.B) {
	r := &Ring{Slack: 3}
	for i := range b.N {
		f := netcode.Frame(i % 1_000_000)
		for g := f; g < f+8; g++ {
			r.Begin(g)
			r.Emit(1, 1, 2, 3, 4)
		}
		for range r.Heard() {
		}
	}
}
