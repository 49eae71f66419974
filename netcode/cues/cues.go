// Package cues is for sounds and sparks: what a step of the game sets off
// outside its state. Step emits them, and Draw hears each once, however often
// its frame was repaired, and hears which of them turned out not to have
// happened.
//
// A sound that Step played itself would play again with every rollback, and
// one that was predicted in error could never be called back.
//
// The Ring stands beside the state, never in it: Save and Load know nothing of
// it. It neither draws nor plays; it starts no goroutine, reads no clock and
// never allocates. In the browser it is the same.
package cues

import (
	"iter"

	"github.com/punchback/punchback/netcode"
)

// Cue is something to be seen or heard. What Kind, X, Y and Size mean is up to
// the game.
type Cue struct {
	Frame netcode.Frame
	Kind  uint8
	Who   netcode.Player
	X, Y  int32 // where
	Size  int32 // how much
}

const (
	// Span is for how many frames the Ring remembers: far more than any
	// prediction window.
	Span = 64
	// PerFrame is how many cues a frame can have. Those beyond it are lost.
	PerFrame = 16
)

// Ring holds the cues of the last Span frames. Its zero value is empty and
// ready.
type Ring struct {
	// Slack is by how many frames a cue may move in a repair and still be the
	// same one, which is neither taken back nor heard again. A hit that was
	// predicted for frame 100 and came in 102 should sound once.
	Slack netcode.Frame

	frames [Span]frame
	now    netcode.Frame // the frame that is being stepped
	dirty  netcode.Frame // the first frame stepped since the last Heard, or behind now
}

// frame is a frame and its cues.
type frame struct {
	frame netcode.Frame
	n     int
	cues  [PerFrame]entry
}

type entry struct {
	Cue
	live  bool // the step as taken last has it
	heard bool // Draw has it
}

// Begin says which frame the game is about to step: the first thing in Step.
// The game knows it from a counter in its state, and that is how Begin knows
// that a frame is stepped again: its cues, and those of the frames behind it,
// are in doubt until they are emitted again.
func (r *Ring) Begin(f netcode.Frame) {
	if f <= r.now {
		for i := range r.frames {
			if s := &r.frames[i]; s.frame >= f {
				for k := range s.cues[:s.n] {
					s.cues[k].live = false
				}
			}
		}
	}
	r.now, r.dirty = f, min(r.dirty, f)
	if s := r.at(f); s.frame != f {
		s.frame, s.n = f, 0
	}
}

// Emit adds a cue to the frame of Begin. In a frame that is stepped again, a
// cue of the same kind by the same player is the same cue, wherever it is now
// and however much.
func (r *Ring) Emit(kind uint8, who netcode.Player, x, y, size int32) {
	s, c := r.at(r.now), Cue{r.now, kind, who, x, y, size}
	for i := range s.cues[:s.n] {
		if e := &s.cues[i]; !e.live && e.same(c) {
			e.Cue, e.live = c, true
			return
		}
	}
	if s.n < PerFrame {
		s.cues[s.n] = entry{Cue: c, live: true}
		s.n++
	}
}

func (c Cue) same(d Cue) bool { return c.Kind == d.Kind && c.Who == d.Who }

// Heard is what is new since it was ranged over last: cues that happened
// (true), and cues it had given before that turned out not to have happened
// (false). Call it once for each picture, in Draw or after Advance.
func (r *Ring) Heard() iter.Seq2[Cue, bool] {
	return func(yield func(Cue, bool) bool) { r.hear(yield) } // a literal, so that it is inlined and costs nothing
}

func (r *Ring) hear(yield func(Cue, bool) bool) {
	r.dirty = max(r.dirty, r.now-Span+1)
	for ; r.dirty <= r.now; r.dirty++ {
		s := r.at(r.dirty)
		if s.frame != r.dirty {
			continue
		}
		for i := 0; i < s.n; i++ {
			e := &s.cues[i]
			if e.live == e.heard || r.moved(e) {
				continue
			}
			e.heard = e.live
			if !yield(e.Cue, e.live) {
				return
			}
		}
		n := 0
		for _, e := range s.cues[:s.n] {
			if e.live {
				s.cues[n] = e
				n++
			}
		}
		s.n = n
	}
}

// moved finds the frame that a cue was repaired from or to, and settles both.
func (r *Ring) moved(e *entry) bool {
	for f := max(r.now-Span+1, e.Frame-r.Slack); f <= min(r.now, e.Frame+r.Slack); f++ {
		s := r.at(f)
		for i := 0; f != e.Frame && s.frame == f && i < s.n; i++ {
			if o := &s.cues[i]; o.same(e.Cue) && o.live != o.heard && o.live == e.heard {
				o.heard, e.heard = o.live, e.live
				return true
			}
		}
	}
	return false
}

func (r *Ring) at(f netcode.Frame) *frame { return &r.frames[uint32(f)%Span] }
