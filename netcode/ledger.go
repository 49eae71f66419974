package netcode

import (
	"errors"
	"fmt"
)

// ledger is what nobody can change any more: confirmed rows in their order, their
// hashes, and the states of the last marks.
type ledger struct {
	confirmed Frame            // rows were written up to here
	chain     [hashRing]uint64 // of the hashes of all states up to a frame
	marks     [markKept]mark
	row       Row
	recorders []recorder
	err       error // of the recorders that failed
}

// hashRing is how many chains are held: one more than the hashes between them, which
// can be looked up for 1,024 frames.
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
)

type mark struct {
	frame Frame
	state []byte
}

type recorder struct {
	Recorder
	deaf bool // it returned an error, and is not called any more
}

// begin writes frame 0.
func (l *ledger) begin(t *timeline, recorders []Recorder, first []byte) {
	for _, r := range recorders {
		l.recorders = append(l.recorders, recorder{Recorder: r})
	}
	for i := range l.marks {
		l.marks[i] = mark{frame: -1, state: make([]byte, 0, len(first))}
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
	h := HashState(state)
	l.chain[f%hashRing] = h
	if f > 0 {
		l.chain[f%hashRing] += l.chain[(f-1)%hashRing] * chainBase
	}
	if f%markEvery == 0 {
		m := &l.marks[f/markEvery%markKept]
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
		l.row.State = nil
		if k, ok := r.Recorder.(Keyframer); ok && k.Wants(f) {
			l.row.State = state
		} else if f == 0 {
			continue
		}
		if err := r.Record(&l.row); err != nil {
			r.deaf = true
			l.err = errors.Join(l.err, fmt.Errorf("netcode: recorder %d at frame %d: %w", i, f, err))
		}
	}
}

// chained is the chain at a confirmed frame, while it is still held.
func (l *ledger) chained(f Frame) (uint64, bool) {
	if f < 0 || f > l.confirmed || f <= l.confirmed-hashRing {
		return 0, false
	}
	return l.chain[f%hashRing], true
}

// hash is that of the state at a confirmed frame, while it is still held.
func (l *ledger) hash(f Frame) (uint64, bool) {
	h, ok := l.chained(f)
	if !ok || f == 0 {
		return h, ok
	}
	before, ok := l.chained(f - 1)
	return unchain(before, h), ok
}

// unchain is the hash of the state between two chains.
func unchain(before, chain uint64) uint64 { return chain - before*chainBase }

// newest is the chain at the last mark.
func (l *ledger) newest() uint64 { return l.chain[(l.confirmed-l.confirmed%markEvery)%hashRing] }

// state is that at a mark frame, nil when it is no longer held.
func (l *ledger) state(f Frame) []byte {
	if m := &l.marks[f/markEvery%markKept]; m.frame == f {
		return m.state
	}
	return nil
}

// resimulate makes the state at a confirmed frame once more, out of the mark before
// it. It is nil when what that needs is no longer held.
func (l *ledger) resimulate(f Frame, t *timeline) []byte {
	from := f / markEvery * markEvery
	if state := l.state(from); state != nil {
		return t.resimulate(from, state, f)
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
