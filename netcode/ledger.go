package netcode

import (
	"errors"
	"fmt"
	"math/bits"
)

// ledger is what nobody can change any more: confirmed rows in their order, their
// hashes, and the states of the last marks.
type ledger struct {
	confirmed Frame            // rows were written up to here
	every     Frame            // the state of one frame in every is hashed: 1, or markEvery
	chain     [hashRing]uint64 // of these hashes
	marks     []snapshot
	row       Row
	fine      [markEvery]uint64 // chains of the frames before fineAt, see refine
	fineAt    Frame
	recorders []recorder
	err       error // of the recorders that failed
}

// hashRing is how many chains are held: one more than the hashes between them, of
// which 1,024 can be looked up.
const hashRing = 1024 + 1

// chainBase is odd, so that a chain and the one before it give the hash between them.
// That two histories have equal chains is as unlikely as that two states have equal
// hashes.
const chainBase = 0x9e3779b97f4a7c15

// mark frames are those whose hashes machines compare. Their states are kept
// for a while, so that a desync can be looked into.
const (
	markEvery = 32
	markKept  = 4
	markFew   = 2 // of a game that is saved sparsely
)

type recorder struct {
	Recorder
	wants bool // a state, of the next frame that is held
	deaf  bool // it returned an error, and is not called any more
}

// begin writes frame 0.
func (l *ledger) begin(t *timeline, recorders []Recorder, first []byte) {
	l.every, l.marks = 1, make([]snapshot, markKept)
	if t.states.sparse {
		l.every, l.marks = markEvery, make([]snapshot, markFew)
	}
	for _, r := range recorders {
		l.recorders = append(l.recorders, recorder{Recorder: r})
	}
	for i := range l.marks {
		l.marks[i] = snapshot{-1, make([]byte, 0, len(first))}
	}
	l.row.Inputs = make([]Input, len(t.in))
	l.write(0, first, t)
}

// confirm writes the rows up to frame to.
func (l *ledger) confirm(to Frame, t *timeline) {
	for l.confirmed < to {
		l.confirmed++
		l.write(l.confirmed, t.states.at(l.confirmed), t)
	}
}

func (l *ledger) write(f Frame, state []byte, t *timeline) {
	h := uint64(0)
	if !l.hashed(f) {
		state = nil // Another machine may not hold it.
	} else {
		h = HashState(state)
		c := l.at(f)
		*c = h
		if f > 0 {
			*c += *l.at(f - l.every) * chainBase
		}
	}
	if f%markEvery == 0 {
		m := l.mark(f)
		m.frame = f
		m.state = append(m.state[:0], state...)
	}
	if len(l.recorders) > 0 {
		l.record(f, h, state, t)
	}
}

// record shows a row to the recorders, frame 0 and states only to those that want
// them.
func (l *ledger) record(f Frame, hash uint64, state []byte, t *timeline) {
	l.row.Frame, l.row.Hash = f, hash
	t.row(f, l.row.Inputs)
	for i := range l.recorders {
		r := &l.recorders[i]
		if r.deaf {
			continue
		}
		k, ok := r.Recorder.(Keyframer)
		r.wants, l.row.State = r.wants || ok && k.Wants(f), nil
		if r.wants {
			l.row.State, r.wants = state, state == nil
		} else if f == 0 {
			continue
		}
		if err := r.Record(&l.row); err != nil {
			r.deaf = true
			l.err = errors.Join(l.err, fmt.Errorf("netcode: recorder %d at frame %d: %w", i, f, err))
		}
	}
}

// hashed reports whether the state at a frame is hashed.
func (l *ledger) hashed(f Frame) bool { return f&(l.every-1) == 0 }

// count is how many hashed frames there are from frame 1 to f.
func (l *ledger) count(f Frame) Frame { return f >> bits.TrailingZeros32(uint32(l.every)) }

// at is where the chain at a hashed frame is held.
func (l *ledger) at(f Frame) *uint64 { return &l.chain[l.count(f)%hashRing] }

// mark is where the state at a mark frame is held.
func (l *ledger) mark(f Frame) *snapshot { return &l.marks[int(f)/markEvery%len(l.marks)] }

// chained is the chain at a confirmed frame, while it is still held.
func (l *ledger) chained(f Frame) (uint64, bool) {
	switch {
	case f < 0 || f > l.confirmed || l.count(f) <= l.count(l.confirmed)-hashRing:
	case l.hashed(f):
		return *l.at(f), true
	case f < l.fineAt && f > l.fineAt-markEvery:
		h := l.fine[f%markEvery]
		return h, h != 0
	}
	return 0, false
}

// link is the frame whose chain the one at frame f continues.
func (l *ledger) link(f Frame) Frame {
	if l.hashed(f) {
		return f - l.every
	}
	return f - 1
}

// refine makes the chains of all frames between a mark and the one before, if only
// marks are hashed: the search for a difference needs them.
func (l *ledger) refine(mark Frame, t *timeline) {
	l.fine, l.fineAt = [markEvery]uint64{}, mark // 0: not known
	if state := l.state(mark - markEvery); l.every > 1 && state != nil {
		c, _ := l.chained(mark - markEvery)
		var made []byte // large: one for all
		t.resimulate(mark-markEvery, state, mark-1, func(f Frame) {
			made = t.game.Save(made[:0])
			c = HashState(made) + c*chainBase
			l.fine[f%markEvery] = c
		})
	}
}

// hash is that of the state at a confirmed frame, while it is still held.
func (l *ledger) hash(f Frame) (uint64, bool) {
	h, ok := l.chained(f)
	if !ok || f == 0 {
		return h, ok
	}
	before, ok := l.chained(l.link(f))
	return unchain(before, h), ok
}

// unchain is the hash of the state between two chains.
func unchain(before, chain uint64) uint64 { return chain - before*chainBase }

// newest is the chain at the last mark.
func (l *ledger) newest() uint64 { return *l.at(l.confirmed - l.confirmed%markEvery) }

// state is that at a mark frame, nil when it is no longer held.
func (l *ledger) state(f Frame) []byte {
	if m := l.mark(f); m.frame == f {
		return m.state
	}
	return nil
}

// resimulate makes the state at a confirmed frame once more, out of the mark before
// it. It is nil when what that needs is no longer held.
func (l *ledger) resimulate(f Frame, t *timeline) []byte {
	from := f / markEvery * markEvery
	if state := l.state(from); state != nil {
		return t.resimulate(from, state, f, func(Frame) {})
	}
	return nil
}

// check compares another machine's chains at marks with ours, and so all states up to
// there. Only confirmed frames are compared, so a difference is never a prediction.
type check struct {
	confirmed Frame // it has confirmed at least so much
	pending   Frame // its chain at this frame waits until we have ours; 0: none
	chain     uint64
	agreedAt  Frame // up to here all states were equal
}

// note keeps a chain until the same frame is confirmed here. The oldest waits first,
// since the first difference tells most.
func (c *check) note(confirmed Frame, chain uint64) {
	c.confirmed = max(c.confirmed, confirmed)
	f := confirmed - confirmed%markEvery
	if c.pending == 0 && f > c.agreedAt {
		c.pending, c.chain = f, chain
	}
}

// differs reports whether the chain that waits is not ours.
func (c *check) differs(l *ledger) (at Frame, ours uint64, yes bool) {
	f := c.pending
	if f == 0 || f > l.confirmed {
		return 0, 0, false
	}
	c.pending = 0
	ours, ok := l.chained(f)
	if ok && ours == c.chain {
		c.agreedAt = f
	}
	return f, ours, ok && ours != c.chain
}
