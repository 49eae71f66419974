package cues

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
)

// hit is a cue of a story: at which frame, and of which kind. All are of one
// player and in one place.
type hit struct {
	at   netcode.Frame
	kind uint8
}

// steps steps the frames from to to, in which these cues happen.
func steps(r *Ring, from, to netcode.Frame, all ...hit) {
	for f := from; f <= to; f++ {
		r.Begin(f)
		for _, h := range all {
			if h.at == f {
				r.Emit(h.kind, 0, 0, 0, 0)
			}
		}
	}
}

// told is what Heard gives, as text: +kind@frame, or -kind@frame when it did
// not happen.
func told(r *Ring, f netcode.Frame) string {
	var all []string
	for c, happened := range r.Heard(f) {
		all = append(all, fmt.Sprintf("%c%d@%d", "-+"[b2i(happened)], c.Kind, c.Frame))
	}
	return strings.Join(all, " ")
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// draw draws frame f and hears what is wanted, and nothing when it draws again.
func draw(t *testing.T, r *Ring, f netcode.Frame, want string) {
	t.Helper()
	if got := told(r, f); got != want {
		t.Errorf("frame %d: heard %q, want %q", f, got, want)
	}
	if got := told(r, f); got != "" {
		t.Errorf("frame %d: heard %q once more", f, got)
	}
}

func TestACueIsHeardOnceHoweverOftenItIsRepaired(t *testing.T) {
	var r Ring
	draw(t, &r, 0, "")
	steps(&r, 1, 3, hit{1, 5}, hit{3, 6}, hit{3, 6}, hit{3, 7})
	draw(t, &r, 3, "+5@1 +6@3 +6@3 +7@3")
	for f := netcode.Frame(3); f < 6; f++ { // each picture repairs all that was before, and nothing changes
		for range 3 {
			steps(&r, 1, f, hit{1, 5}, hit{3, 6}, hit{3, 6}, hit{3, 7})
		}
		draw(t, &r, f, "")
	}
	steps(&r, 6, 6, hit{6, 8})
	draw(t, &r, 6, "+8@6")
}

func TestACueThatDidNotHappenIsTakenBack(t *testing.T) {
	r := Ring{Slack: Exact}
	steps(&r, 1, 2, hit{1, 5}, hit{2, 6})
	draw(t, &r, 2, "+5@1 +6@2")
	steps(&r, 1, 2, hit{2, 6}, hit{2, 7})
	draw(t, &r, 2, "+7@2 -5@1")
	steps(&r, 1, 2, hit{1, 5}, hit{2, 6}) // and then it did: it was faded, so it sounds again
	draw(t, &r, 2, "+5@1 -7@2")
}

func TestACueThatNobodyHeardIsNotTakenBack(t *testing.T) {
	var r Ring
	steps(&r, 1, 1, hit{1, 5})
	steps(&r, 1, 9, hit{1, 6})
	draw(t, &r, 9, "+6@1")
}

// The hit was predicted for 100, and the repair puts it into 102 or 97.
func TestACueThatSlipsSoundsOnce(t *testing.T) {
	for _, to := range []netcode.Frame{96, 98, 102, 104} {
		var r Ring
		steps(&r, 90, 105, hit{100, 5})
		draw(t, &r, 105, "+5@100")
		steps(&r, 95, 106, hit{to, 5})
		draw(t, &r, 106, "")
		steps(&r, 95, 120) // now it has not happened at all: the cue that was heard is the one taken back
		draw(t, &r, 120, "-5@100")
	}
	var r Ring
	steps(&r, 90, 110, hit{100, 5})
	draw(t, &r, 110, "+5@100")
	steps(&r, 95, 110, hit{105, 5}) // five frames are not a slip
	draw(t, &r, 110, "+5@105 -5@100")
}

// The repair takes the hit away, and the frame that it slips to is not stepped
// yet. Nobody can know, so the Ring waits before it says that it is gone.
func TestACueMaySlipIntoTheFuture(t *testing.T) {
	var r Ring
	steps(&r, 90, 100, hit{100, 5})
	draw(t, &r, 100, "+5@100")
	steps(&r, 98, 101)
	draw(t, &r, 101, "")
	steps(&r, 102, 102, hit{102, 5})
	draw(t, &r, 102, "")
	steps(&r, 103, 120, hit{102, 5})
	draw(t, &r, 120, "")

	steps(&r, 121, 130, hit{130, 6})
	draw(t, &r, 130, "+6@130")
	steps(&r, 128, 133)
	draw(t, &r, 133, "") // it could still come in 134
	steps(&r, 134, 134)
	draw(t, &r, 134, "-6@130")
}

func TestOnlyAsManySlipAsWereThere(t *testing.T) {
	var r Ring
	steps(&r, 1, 20, hit{10, 5})
	draw(t, &r, 20, "+5@10")
	steps(&r, 8, 20, hit{9, 5}, hit{11, 5}) // one is the old one, one is new
	draw(t, &r, 20, "+5@11")
	steps(&r, 8, 20, hit{10, 5}) // and one of the two is gone
	draw(t, &r, 20, "-5@11")
}

func TestOfTwoInOneFrameTheNearestIsTheSame(t *testing.T) {
	var r Ring
	at := func(f netcode.Frame, places ...int32) {
		r.Begin(f)
		for _, x := range places {
			r.Emit(5, 0, x, 0, 0)
		}
		steps(&r, f+1, f+9)
	}
	at(1, 100, 500)
	for range r.Heard(10) {
	}
	at(1, 490)
	for c, happened := range r.Heard(10) {
		if happened || c.X != 100 {
			t.Errorf("heard %v %v, want the one at 100 to be gone", c, happened)
		}
	}
	at(1, 480, 120)
	if got := told(&r, 10); got != "+5@1" {
		t.Errorf("heard %q, want one that is new", got)
	}
}

// What is taken back is what was heard to the last field, so that Draw finds
// what it plays.
func TestWhatIsTakenBackIsWhatWasHeard(t *testing.T) {
	r := Ring{}
	r.Begin(1)
	r.Emit(5, 3, 10, 20, 30)
	var heard Cue
	for c := range r.Heard(1) {
		heard = c
	}
	r.Begin(1)
	r.Emit(5, 3, 11, 22, 33) // the same, elsewhere
	steps(&r, 2, 3)
	draw(t, &r, 3, "")
	r.Begin(1)
	r.Begin(2)
	r.Emit(5, 3, 12, 24, 36) // and in another frame
	draw(t, &r, 2, "")
	steps(&r, 1, 9)
	n := 0
	for c, happened := range r.Heard(9) {
		if n++; happened || c != heard || c != (Cue{1, 5, 3, 10, 20, 30}) {
			t.Errorf("heard %v %v, want %v gone", c, happened, heard)
		}
	}
	if n != 1 {
		t.Errorf("%d cues were taken back", n)
	}
}

func TestALoopThatDrawsLessOftenThanItTicks(t *testing.T) {
	var r Ring
	steps(&r, 1, 5, hit{1, 5}, hit{4, 6})
	steps(&r, 3, 7, hit{5, 6}) // it moved before anybody heard it
	draw(t, &r, 7, "+5@1 +6@5")
	steps(&r, 8, 30, hit{10, 7}, hit{9, 8})
	draw(t, &r, 30, "+8@9 +7@10")
}

// Nobody listens for a long time, as in a hidden tab, and then there is no
// burst of old sounds.
func TestWhatIsTooLateIsNotHeard(t *testing.T) {
	var r Ring
	var all []hit
	for f := range netcode.Frame(1000) {
		all = append(all, hit{f, 5})
	}
	steps(&r, 1, 999, all...)
	n := 0
	for c := range r.Heard(999) {
		if c.Frame <= 999-Late {
			t.Errorf("frame %d is too old", c.Frame)
		}
		n++
	}
	if n != Late {
		t.Errorf("%d cues were heard, want %d", n, Late)
	}
	steps(&r, 950, 1010) // none of them happened: only those that were heard are taken back
	n = 0
	for c, happened := range r.Heard(1010) {
		if happened || c.Frame <= 999-Late {
			t.Errorf("heard %v, %v", c, happened)
		}
		n++
	}
	if n != Late {
		t.Errorf("%d cues were taken back, want %d", n, Late)
	}
}

// NewSession steps the game a few frames and loads its start back, and the
// screen shows frame 0 until everybody is there.
func TestAGameThatIsTriedIsNotHeard(t *testing.T) {
	var r Ring
	for range 2 {
		steps(&r, 1, 8, hit{1, 5}, hit{7, 6})
	}
	draw(t, &r, 0, "")
	steps(&r, 1, 2, hit{1, 5})
	draw(t, &r, 2, "+5@1")
	steps(&r, 3, 20)
	draw(t, &r, 20, "")
}

// A replay is wound back by little: what was heard and lies ahead again is
// faded, and heard when it comes.
func TestAReplayGoesBackALittle(t *testing.T) {
	var r Ring
	all := []hit{{80, 5}, {90, 6}, {110, 7}}
	steps(&r, 1, 100, all...)
	draw(t, &r, 100, "+5@80 +6@90")
	steps(&r, 60, 85, all...) // from a keyframe
	draw(t, &r, 85, "-6@90")
	steps(&r, 86, 112, all...)
	draw(t, &r, 112, "+6@90 +7@110")
}

// It is wound far back, far forward, and back without a step.
func TestAReplayLeaps(t *testing.T) {
	var r Ring
	var all []hit
	for f := netcode.Frame(100); f < 3000; f += 100 {
		all = append(all, hit{f, uint8(f / 100)})
	}
	steps(&r, 1, 1001, all...)
	told(&r, 1001)
	steps(&r, 300, 410, all...)
	draw(t, &r, 410, "")
	steps(&r, 411, 510, all...)
	draw(t, &r, 510, "+5@500")
	steps(&r, 1900, 2001, all...)
	draw(t, &r, 2001, "+20@2000")
	draw(t, &r, 1700, "-20@2000")
	steps(&r, 1701, 1801, all...)
	draw(t, &r, 1801, "+18@1800")
	steps(&r, 1790, 1802, all...)
	draw(t, &r, 1802, "")
	draw(t, &r, 1_000_000, "") // a state came from elsewhere
	steps(&r, 1_000_001, 1_000_002, hit{1_000_002, 9})
	draw(t, &r, 1_000_002, "+9@1000002")
	steps(&r, 1790, 1801, all...)
	draw(t, &r, 1801, "")
	steps(&r, 1790, 1810) // what was heard there once is long forgotten
	draw(t, &r, 1810, "")
}

func TestBreakingOffLosesNothing(t *testing.T) {
	var r Ring
	one := func(f netcode.Frame) string {
		for c, happened := range r.Heard(f) {
			return fmt.Sprint(c.Kind, happened)
		}
		return ""
	}
	steps(&r, 1, 2, hit{1, 5}, hit{1, 6}, hit{2, 7})
	for _, want := range []string{"5 true", "6 true", "7 true", ""} {
		if got := one(2); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
	steps(&r, 1, 10, hit{2, 7})
	for _, want := range []string{"5 false", "6 false", ""} {
		if got := one(10); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
	steps(&r, 11, 12, hit{11, 1}, hit{12, 2})
	told(&r, 12)
	for _, want := range []string{"7 false", "1 false", "2 false", ""} {
		if got := one(0); got != want {
			t.Errorf("went back and heard %q, want %q", got, want)
		}
	}
}

func TestTooManyInOneFrame(t *testing.T) {
	r := Ring{Slack: Exact}
	full := func(from uint8) {
		r.Begin(1)
		for k := range uint8(PerFrame + 5) {
			r.Emit(from+k, 0, 0, 0, 0)
		}
	}
	full(100)
	full(0) // nobody heard the first, so they make room
	n := 0
	for c, happened := range r.Heard(1) {
		if !happened || c.Kind >= PerFrame {
			t.Errorf("heard %v, %v", c, happened)
		}
		n++
	}
	if n != PerFrame {
		t.Errorf("%d cues, want %d", n, PerFrame)
	}
}

// Frames are numbers of 32 bits. The Ring goes around many times and does not
// mind where they begin.
func TestTheRingGoesAround(t *testing.T) {
	for _, first := range []netcode.Frame{1, Span - 1, 1 << 20, 1<<31 - 10*Span} {
		var r Ring
		for f := first; f < first+5*Span; f++ {
			steps(&r, max(f-7, first), f, hit{f - 8, 1}, hit{f - 7, 1}, hit{f - 6, 1}, hit{f, 2}) // a prediction that is never right
			got := told(&r, f)
			if f < first+20 {
				continue
			}
			if want := fmt.Sprintf("+1@%d", f-6); !strings.Contains(got, want) {
				t.Fatalf("frame %d: heard %q, want %q in it", f, got, want)
			}
		}
	}
}

// timeline is the naive model: the cues of each frame as stepped last, and
// all that was heard and not taken back.
type timeline struct {
	slack  netcode.Frame
	frames map[netcode.Frame][]Cue
	heard  []model
}

type model struct {
	Cue               // as it was heard
	at  netcode.Frame // where it is now
}

// listen matches all that happened with all that was heard, from scratch: in
// the same frame first, then in the nearest within slack, and of two at the nearest place.
func (m *timeline) listen(now netcode.Frame) (plus, minus []Cue) {
	var news []Cue
	gone := slices.Clone(m.heard)
	m.heard = nil
	take := func(c Cue, away netcode.Frame) bool {
		best := -1
		for i, h := range gone {
			if h.Kind == c.Kind && h.Who == c.Who && max(h.at-c.Frame, c.Frame-h.at) == away &&
				(best < 0 || c.away(h.Cue) < c.away(gone[best].Cue)) {
				best = i
			}
		}
		if best < 0 {
			return false
		}
		m.heard = append(m.heard, model{gone[best].Cue, c.Frame})
		gone = slices.Delete(gone, best, best+1)
		return true
	}
	for f := netcode.Frame(0); f <= now; f++ {
		for _, c := range m.frames[f] {
			if !take(c, 0) {
				news = append(news, c)
			}
		}
	}
	for _, c := range news {
		found := false
		for away := netcode.Frame(1); away <= m.slack && !found; away++ {
			found = take(c, away)
		}
		if !found {
			plus = append(plus, c)
			m.heard = append(m.heard, model{c, c.Frame})
		}
	}
	for _, h := range gone {
		if h.at+m.slack <= now {
			minus = append(minus, h.Cue)
		} else {
			m.heard = append(m.heard, h)
		}
	}
	return plus, minus
}

// Whatever is predicted, repaired, drawn or not drawn: Heard says what the
// naive model says, and in the end what was heard, less what was taken back,
// is what happened.
func TestHeardAgreesWithANaiveModel(t *testing.T) {
	matches, frames := uint64(150), netcode.Frame(200)
	if testing.Short() {
		matches = 30
	}
	heard, gone, slipped := 0, 0, 0
	for seed := range matches {
		rnd := random(seed)
		slack := []netcode.Frame{Exact, 0, 2, 7}[seed%4]
		r := Ring{Slack: slack}
		m := &timeline{slack: r.slack(), frames: map[netcode.Frame][]Cue{}}
		draws := func(f netcode.Frame) (all []Cue) {
			for kind := range uint8(3) {
				for who := range netcode.Player(2) {
					if f%16 == netcode.Frame(kind)*5+netcode.Frame(rnd.n(4)) {
						all = append(all, Cue{f, kind, who, int32(rnd.n(1e6)), int32(rnd.n(1e6)), int32(rnd.n(100))})
					}
				}
			}
			return all
		}
		step := func(f netcode.Frame) {
			r.Begin(f)
			m.frames[f] = draws(f)
			for _, c := range m.frames[f] {
				r.Emit(c.Kind, c.Who, c.X, c.Y, c.Size)
			}
		}
		listen := func(now netcode.Frame) {
			var plus, minus []Cue
			for c, happened := range r.Heard(now) {
				if happened {
					plus = append(plus, c)
				} else {
					minus = append(minus, c)
				}
			}
			wantPlus, wantMinus := m.listen(now)
			heard, gone = heard+len(plus), gone+len(minus)
			if got, want := text(plus, minus), text(wantPlus, wantMinus); got != want {
				t.Fatalf("seed %d, frame %d: heard %s, want %s", seed, now, got, want)
			}
			for _, h := range m.heard {
				if h.at != h.Frame {
					slipped++
				}
			}
		}
		sure := netcode.Frame(1) // everything before is settled
		for f := netcode.Frame(1); f <= frames; f++ {
			step(f)
			for range rnd.n(3) { // repairs
				for g := sure + netcode.Frame(rnd.n(int(f-sure)+1)); g <= f; g++ {
					step(g)
				}
			}
			sure = max(sure, f-netcode.Frame(rnd.n(20)))
			if rnd.n(3) > 0 {
				listen(f)
			}
		}
		for f := frames + 1; f <= frames+10; f++ {
			r.Begin(f)
		}
		listen(frames + 10)
		happened := 0
		for _, all := range m.frames {
			happened += len(all)
		}
		if len(m.heard) != happened {
			t.Fatalf("seed %d: %d were heard and not taken back, %d happened", seed, len(m.heard), happened)
		}
	}
	t.Logf("%d heard, %d taken back, %d seen in another frame than they were heard in", heard, gone, slipped)
	if heard == 0 || gone == 0 || slipped == 0 {
		t.Error("the test has no teeth")
	}
}

// text is what was heard, in an order of its own.
func text(plus, minus []Cue) string {
	var all []string
	for _, c := range plus {
		all = append(all, fmt.Sprint("+", c))
	}
	for _, c := range minus {
		all = append(all, fmt.Sprint("-", c))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// random is a small generator of its own, so that a seed is the same match for
// ever.
type random uint64

func (r *random) n(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r) >> 33 % uint64(n))
}

func TestNothingIsAllocated(t *testing.T) {
	r := &Ring{}
	f, n := netcode.Frame(8), 0
	if allocs := testing.AllocsPerRun(200, func() {
		for g := f - 7; g <= f; g++ {
			r.Begin(g)
			r.Emit(uint8(g+f)%3, 1, 2, 3, 4)
		}
		for range r.Heard(f) {
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

// A frame with one cue, heard.
func BenchmarkFrame(b *testing.B) {
	r := &Ring{}
	for i := range b.N {
		f := netcode.Frame(i)
		r.Begin(f)
		r.Emit(1, 1, 2, 3, 4)
		for range r.Heard(f) {
		}
	}
}

// The same with the eight frames before it repaired.
func BenchmarkRepairOfEight(b *testing.B) {
	r := &Ring{}
	for i := range b.N {
		f := netcode.Frame(i)
		for g := f; g < f+8; g++ {
			r.Begin(g)
			r.Emit(1, 1, 2, 3, 4)
		}
		for range r.Heard(f + 7) {
		}
	}
}
