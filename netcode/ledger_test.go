package netcode

import (
	"errors"
	"testing"
)

// rowTape keeps the numbers of the rows and states that it heard.
type rowTape struct {
	frames []Frame
	states []Frame
	every  Frame // wants such states; zero: none
	fails  Frame
}

func (r *rowTape) Wants(f Frame) bool { return r.every > 0 && f%r.every == 0 }

func (r *rowTape) Record(row *Row) error {
	if r.fails > 0 && row.Frame == r.fails {
		return errors.New("the disk is full")
	}
	r.frames = append(r.frames, row.Frame)
	if row.State != nil {
		r.states = append(r.states, row.Frame)
	}
	return nil
}

// Rows are written once, in order; a recorder that fails is not called again, and the
// others are.
func TestLedgerWritesInOrder(t *testing.T) {
	tl, g := line(t, 0)
	plain, keen, broken := &rowTape{}, &rowTape{every: 4}, &rowTape{fails: 3}
	var l ledger
	l.begin(tl, []Recorder{plain, keen, broken}, g.Save(nil))
	for range 10 {
		tl.queues[0].put(1, nil, tl.now)
		tl.advance(0)
		l.confirm(tl.now-2, tl)
	}
	l.confirm(3, tl) // never back
	if l.confirmed != 8 || len(plain.frames) != 8 || plain.frames[0] != 1 || plain.frames[7] != 8 || plain.states != nil {
		t.Errorf("confirmed %d, rows %v, states %v", l.confirmed, plain.frames, plain.states)
	}
	if len(keen.frames) != 9 || keen.frames[0] != 0 || len(keen.states) != 3 || keen.states[1] != 4 {
		t.Errorf("rows %v, states %v", keen.frames, keen.states)
	}
	if len(broken.frames) != 2 || l.err == nil || l.err.Error() != "netcode: recorder 2 at frame 3: the disk is full" {
		t.Errorf("rows %v, error %v", broken.frames, l.err)
	}
}

// Hashes and marks are there for as long as they are said to be.
func TestLedgerForgets(t *testing.T) {
	tl, g := line(t, 0)
	var l ledger
	l.begin(tl, nil, g.Save(nil))
	last := Frame(hashRing - 1 + 3*markEvery)
	for tl.now < last {
		tl.queues[0].put(uint64(tl.now), nil, tl.now)
		tl.advance(0)
		l.confirm(tl.now, tl)
	}
	for f, held := range map[Frame]bool{-1: false, last - hashRing + 1: false, last - hashRing + 2: true, last: true, last + 1: false} {
		if h, ok := l.hash(f); ok != held || ok && h == 0 {
			t.Errorf("hash of frame %d: %x, %v", f, h, ok)
		}
	}
	if h, _ := l.hash(last); h != HashState(g.Save(nil)) {
		t.Error("the newest hash is another")
	}
	if c, _ := l.chained(last); l.newest() != c {
		t.Error("the newest chain is another")
	}
	if l.state(last) == nil || l.state(last-1) != nil || l.state(last-markKept*markEvery) != nil {
		t.Error("other marks are held")
	}
	if got := l.resimulate(last-markEvery+5, tl); got == nil || HashState(got) != hashOf(&l, last-markEvery+5) {
		t.Error("a state made once more is another")
	}
	if l.resimulate(last-markKept*markEvery+5, tl) != nil {
		t.Error("a state was made of a mark that is not held")
	}
}

// A peer's chain waits for ours, the oldest first, and each is compared once.
func TestCheckCompares(t *testing.T) {
	tl, g := line(t, 0)
	var l ledger
	l.begin(tl, nil, g.Save(nil))
	step := func(to Frame) {
		for tl.now < to {
			tl.queues[0].put(1, nil, tl.now)
			tl.advance(0)
			l.confirm(tl.now, tl)
		}
	}
	step(markEvery)
	right, _ := l.chained(markEvery)
	var c check
	c.note(markEvery+3, right)
	if _, _, yes := c.differs(&l); yes || c.agreedAt != markEvery {
		t.Errorf("equal chains: %v, agreed at %d", yes, c.agreedAt)
	}
	c.note(markEvery+5, right+1) // of a mark that was compared
	c.note(2*markEvery, 77)
	c.note(3*markEvery, 78)
	if _, _, yes := c.differs(&l); yes {
		t.Error("compared before it is confirmed here")
	}
	step(3 * markEvery)
	at, ours, yes := c.differs(&l)
	if want, _ := l.chained(2 * markEvery); !yes || at != 2*markEvery || ours != want || c.chain != 77 {
		t.Errorf("frame %d, ours %x, theirs %x, differs %v", at, ours, c.chain, yes)
	}
	if _, _, yes := c.differs(&l); yes {
		t.Error("compared twice")
	}
}

func hashOf(l *ledger, f Frame) uint64 {
	h, _ := l.hash(f)
	return h
}
