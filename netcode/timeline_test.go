package netcode

import (
	"bytes"
	"testing"
)

// line is a timeline of two seats, of which the first is known up to its frame.
func line(t *testing.T, frames int) (*timeline, *toy) {
	t.Helper()
	g := &toy{}
	tl := &timeline{}
	tl.begin(g, 2, 20, g.Save(nil), false)
	for range frames {
		tl.queues[0].put(1, nil, tl.now)
		tl.advance(0)
	}
	return tl, g
}

// late is the block of one seat as it comes in a packet.
func late(t *testing.T, from Frame, bits ...uint64) *seatBlock {
	t.Helper()
	q := newQueue()
	for range from - 1 {
		q.put(0, nil, 0)
	}
	for _, b := range bits {
		q.put(b, nil, 0)
	}
	var block seatBlock
	r := reader{packet: appendSeat(nil, &q, from, len(bits), false)}
	if block.parse(&r, len(bits), false); r.bad {
		t.Fatal("the block can't be read")
	}
	return &block
}

// A wrong prediction is repaired from its first frame on, and what comes of it is as
// if it had been right at once.
func TestTimelineRepairs(t *testing.T) {
	tl, g := line(t, 5)
	tl.absorb(1, late(t, 1, 0, 0, 7, 7, 7), 1, 5)
	if tl.wrong != 3 {
		t.Fatalf("wrong from frame %d on, want 3", tl.wrong)
	}
	tl.repair(2)
	if tl.repaired != 3 || tl.depth != 3 || tl.rollbacks != 1 || tl.now != 5 {
		t.Errorf("%+v", tl)
	}
	want := &toy{}
	for f := range 5 {
		want.Step([]Input{{Bits: 1}, {Bits: []uint64{0, 0, 7, 7, 7}[f]}})
	}
	if !bytes.Equal(g.Save(nil), want.Save(nil)) || !bytes.Equal(tl.states.at(5), want.Save(nil)) {
		t.Error("another state than that of these inputs")
	}
	tl.tick()
	if tl.repair(5); tl.repaired != 0 || tl.depth != 0 {
		t.Error("repaired again")
	}
}

// What was predicted right needs no repair, and what is said twice changes nothing.
func TestTimelineKeepsWhatWasRight(t *testing.T) {
	tl, _ := line(t, 5)
	block := late(t, 1, 0, 0, 0)
	tl.absorb(1, block, 1, 3)
	tl.absorb(1, late(t, 1, 9, 9), 1, 2)
	if tl.wrong != 0 || tl.queues[1].head != 3 || tl.queues[1].at(2) != 0 {
		t.Errorf("wrong from %d on, known up to %d, frame 2 is %d", tl.wrong, tl.queues[1].head, tl.queues[1].at(2))
	}
}

// A seat is empty from its frame on, but never at confirmed frames.
func TestTimelineVacates(t *testing.T) {
	for _, c := range []struct{ from, confirmed, wrong Frame }{{3, 0, 3}, {3, 4, 5}, {6, 0, 0}} {
		tl, _ := line(t, 5)
		if tl.vacate(1, c.from, c.confirmed); tl.wrong != c.wrong {
			t.Errorf("%+v: wrong from %d on", c, tl.wrong)
		}
		var in [2]Input
		if tl.row(5, in[:]); in[1].Absent != (c.from <= 5) || in[0].Absent {
			t.Errorf("%+v: %+v", c, in)
		}
	}
}

// Of several wrong frames the lowest counts, in whatever order they are found.
func TestTimelineCountsTheLowest(t *testing.T) {
	for _, order := range [][]Player{{0, 1}, {1, 0}} {
		tl, _ := line(t, 5)
		for _, p := range order {
			tl.vacate(p, 4-Frame(p), 0)
		}
		if tl.wrong != 3 {
			t.Errorf("seats %v: wrong from frame %d on, want 3", order, tl.wrong)
		}
	}
}

// The screen goes back to an end that it has passed, and nowhere else.
func TestTimelineShows(t *testing.T) {
	tl, g := line(t, 5)
	if tl.show(5); tl.repaired != 0 {
		t.Error("it went back from frame 5 to 5")
	}
	if tl.show(3); tl.now != 3 || g.frame != 3 || tl.repaired != 3 {
		t.Errorf("at frame %d, the game at %d", tl.now, g.frame)
	}
}

// A state is made once more without moving the screen, as long as the inputs are held.
func TestTimelineResimulates(t *testing.T) {
	tl, g := line(t, 5)
	start, want, shown := bytes.Clone(tl.states.at(1)), bytes.Clone(tl.states.at(4)), g.Save(nil)
	if got := tl.resimulate(1, start, 4, func(Frame) {}); !bytes.Equal(got, want) || !bytes.Equal(g.Save(nil), shown) {
		t.Error("another state, or another screen")
	}
	for range inputRing {
		tl.queues[0].put(1, nil, tl.now)
	}
	if tl.resimulate(1, start, 4, func(Frame) {}) != nil {
		t.Error("made of inputs that are no longer held")
	}
}

// A slot is never needed for two frames that may still change. There are more of them
// as the screen gets further ahead, up to the most, and what they hold stays.
func TestTimelineIsFull(t *testing.T) {
	g, tl := &toy{}, &timeline{}
	const most = fewStates + 3*moreSlots + 1
	tl.begin(g, 2, most, g.Save(nil), false)
	want := [][]byte{g.Save(nil)}
	for tl.now < most-1 {
		if tl.full(0) {
			t.Fatalf("full at frame %d of %d slots", tl.now, most)
		}
		tl.queues[0].put(1, nil, tl.now)
		tl.advance(0)
		want = append(want, g.Save(nil))
		for f, state := range want {
			if !bytes.Equal(tl.states.at(Frame(f)), state) {
				t.Fatalf("at frame %d the state of frame %d is another", tl.now, f)
			}
		}
	}
	if !tl.full(0) || tl.full(1) || len(tl.states.slots) != most {
		t.Errorf("at frame %d of %d slots: full %v, with frame 1 confirmed %v", tl.now, len(tl.states.slots), tl.full(0), tl.full(1))
	}
}

// scribble takes a Command apart in place, as decoders do.
type scribble struct{ Toy }

func (s *scribble) Step(in []Input) {
	s.Toy.Step(in)
	for p := range in {
		clear(in[p].Command)
		in[p] = Input{Bits: 1 << 63, Absent: true}
	}
}

// What Step does to the inputs that it was lent stays without consequence: a frame
// that is stepped again, confirmed or sent has what was given.
func TestStepMayWriteIntoItsInputs(t *testing.T) {
	q := newQueue()
	q.put(5, []byte("order"), 0)
	var in Input
	for range 2 {
		q.use(1, &in)
		if in.Bits != 5 || string(in.Command) != "order" || in.Absent {
			t.Fatalf("lent %+v", in)
		}
		clear(in.Command)
		_ = append(in.Command, 'x')
	}
	if got := string(q.command(1)); got != "order" {
		t.Errorf("a frame holds the Command %q", got)
	}
	var tl timeline
	tl.begin(&scribble{}, 1, 16, (&scribble{}).Save(nil), false)
	tl.queues[0].put(7, []byte("order"), 0)
	tl.advance(0)
	first := string(tl.states.at(1))
	tl.suspect(1)
	tl.repair(0)
	if second := string(tl.states.at(1)); second != first {
		t.Errorf("stepped again it is %x, was %x", second, first)
	}
}
