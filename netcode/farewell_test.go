package netcode

import "testing"

// What was given has its frame before this machine leaves, unless nobody waits for
// it or it takes too long.
func TestFarewellWaitsForWhatWasGiven(t *testing.T) {
	f := farewell{end: never}
	if f.leave(1, false, 30); f.leaving {
		t.Error("it leaves without being told to")
	}
	if !f.part(10) || f.part(20) || f.at != 10 {
		t.Error("it is told twice")
	}
	if f.leave(11, true, 30); f.leaving {
		t.Error("what was given has no frame yet")
	}
	if f.leave(12, false, 30); !f.leaving || f.last != 30 {
		t.Error("nothing waits")
	}
	g := farewell{end: never}
	g.part(10)
	if g.leave(10+goneAfter, true, 30); !g.leaving {
		t.Error("it waits for ever")
	}
}

// Where the match ends depends on who leaves.
func TestFarewellSetsTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		leaving bool
		change  func(m *membership)
		end     Frame
	}{
		"nobody leaves": {false, func(*membership) {}, never},
		"we leave":      {true, func(*membership) {}, 30},
		"all leave": {true, func(m *membership) {
			m.others[0].leaving, m.others[0].last, m.others[1].leaving, m.others[1].last = true, 25, true, 40
		}, 25},
		"we are alone":         {false, func(m *membership) { m.absent, m.cuts[1], m.cuts[2] = 0b110, 12, 17 }, 17},
		"we leave, alone":      {true, func(m *membership) { m.absent, m.cuts[1], m.cuts[2] = 0b110, 12, 47 }, 30},
		"the others let us go": {true, func(m *membership) { m.absent, m.cuts[0] = 0b001, 22 }, 22},
	} {
		m, f := three(), farewell{end: never, leaving: c.leaving, last: 30}
		c.change(m)
		if f.setEnd(m); f.end != c.end {
			t.Errorf("%s: the end is %d, want %d", name, f.end, c.end)
		}
	}
}

// A leaver is done when everybody has confirmed all there will be, or can't any more.
func TestFarewellIsDone(t *testing.T) {
	leaves := func() (*farewell, *membership) {
		return &farewell{parting: true, at: 100, leaving: true, end: 30}, three()
	}
	f, m := leaves()
	if f.done(101, m, true) {
		t.Error("at once")
	}
	if f.finish(110, 29) || !f.finish(111, 30) || f.finish(112, 30) {
		t.Error("it finishes once, when the end is confirmed")
	}
	m.others[0].fin = true
	if f.done(112, m, true) {
		t.Error("machine 2 has not confirmed it")
	}
	m.others[1].fin = true
	if !f.done(112, m, true) {
		t.Error("all have confirmed it")
	}
	f, m = leaves()
	m.others[0].unheard, m.others[1].gone = m.timeout, true
	if !f.done(112, m, true) {
		t.Error("nobody is there who could")
	}
	f, m = leaves()
	if f.done(101, m, false) || !f.done(100+quietAfter, m, false) {
		t.Error("before the first frame it waits a moment")
	}
	if f, m = leaves(); !f.done(100+int64(2*m.timeout+goneAfter), m, true) {
		t.Error("it waits for ever")
	}
}
