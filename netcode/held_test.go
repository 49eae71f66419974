package netcode

import (
	"slices"
	"testing"
)

// What a skipped tick held is given in the next, where it would be lost otherwise;
// meanwhile another tick is not safe to skip unless two in a row are the same.
func TestSkippedTickIsKept(t *testing.T) {
	tl, s := &timeline{}, &seats{rate: 60, list: []seat{{player: 0}}}
	tl.begin(&Toy{}, 1, 16, nil, false)
	var frames []uint64
	for k, c := range []struct {
		held          uint64
		skipped, safe bool
	}{
		{0, false, true},
		{1, true, true}, // a tap
		{0, false, false},
		{1, false, false}, // another: letting go is seen, too
		{0, false, false},
		{0, false, true}, // nothing is behind any more
		{1, true, true},
		{3, false, true}, // what was skipped is in this one
		{7, true, true},
		{7, true, true},
		{0, false, false},
		{0, false, true},
	} {
		if err := s.take([]Input{{Bits: c.held}}, true); err != nil {
			t.Fatal(err)
		}
		if s.safe(tl) != c.safe {
			t.Errorf("tick %d: skipping it is safe: %v, want %v", k, !c.safe, c.safe)
		}
		if !c.skipped {
			s.commit(tl, never)
			tl.now++
			frames = append(frames, tl.queues[0].last())
		}
		if s.settle(c.skipped) {
			t.Errorf("tick %d: what is held is forgotten", k)
		}
	}
	if want := []uint64{0, 1, 0, 1, 0, 3, 7, 0}; !slices.Equal(frames, want) {
		t.Errorf("the frames have %v, want %v", frames, want)
	}
	if s.take([]Input{{Bits: 1}}, true); !s.settle(false) {
		t.Error("what is held in a tick that waits is forgotten, and nobody says so")
	}
}
