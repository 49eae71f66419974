// Package cues is for sounds and sparks: effects that a step of the game sets off
// outside its state. Step emits them. Draw hears each of them once, however often its
// frame was repaired, and also hears which of them turned out not to have happened, so
// that it can fade their sound.
//
// A sound that Step played itself would play again with every rollback, and a sound
// that was predicted in error could never be called back.
//
//	func step(s *state, r *cues.Ring, in []netcode.Input) {
//		s.Frame++
//		r.Begin(s.Frame)                         // first of all: which frame is stepped
//		…
//		r.Emit(hit, player, int32(x), int32(y), 0) // something is to be heard
//	}
//
//	game := plain.New(&s, func(s *state, in []netcode.Input) { step(s, &ring, in) })
//
//	for c, happened := range r.Heard(s.Frame) { // after Advance or in Draw: what is new
//		if happened {
//			play(c)
//		} else {
//			fade(c) // equal to the cue that was played
//		}
//	}
//
// # Which cues are the same
//
// In a repair, frames are stepped again and emit again. A cue counts as the one that
// was there before if it has the same Kind and the same Who, and is in the same frame
// or, failing that, in one at most [Ring.Slack] frames away. Its X, Y and Size may
// differ; of several cues the nearest is taken. So a hit that was predicted for frame
// 100 and came in 102 sounds once, when and where it was heard first.
//
// A cue that is gone may come again in a frame that is still to be stepped. Heard
// reports that it did not happen when no such frame is left: at the latest Slack frames
// after its own.
//
// If it happens after that, it is heard again, since its sound was faded. A cue that
// must never be announced in error (who has won) should be emitted some frames later,
// from a counter in the state: after as many frames as the session's Window, no
// prediction is left in it.
//
// # What it never does
//
// The Ring stands beside the state, never in it: Save and Load know nothing of it, and
// Step may read nothing of it. It neither draws nor plays, starts no goroutine, reads no
// clock and never allocates. In the browser it is the same; a tab that was hidden hears
// nothing of what was set off meanwhile, except for the last [Late] frames.
package cues

import (
	"iter"

	"github.com/punchback/punchback/netcode"
)

// Cue is something to be seen or heard. What Kind, X, Y and Size mean is up to
// the game, and Who may be anything that tells two of a kind apart, such as
// the number of a bullet.
type Cue struct {
	Frame netcode.Frame
	Kind  uint8
	Who   netcode.Player
	X, Y  int32 // where
	Size  int32 // how much
}

// Limits.
const (
	// Span is for how many frames the Ring remembers what was heard: as many
	// as a session can ever take back. A leap back that is longer, by the seek
	// of a replay, makes it forget everything.
	Span = 128

	// PerFrame is how many cues a frame can have. Those that Emit adds beyond
	// it are not heard.
	PerFrame = 32

	// Late is by how many frames a cue can come too late and still be heard:
	// as many as a session predicts at most. What is older when Draw asks,
	// because nobody listened or because a replay was wound forward, is not
	// heard any more, and so it is not taken back either.
	Late = netcode.MaxWindow
)

// Exact as Slack makes a cue another one as soon as it moves to another frame.
const Exact netcode.Frame = -1

// usual is the Slack of a Ring that says nothing: a fifteenth of a second at 60
// frames, by which a sound can come early without seeming wrong.
const usual = 4

// Ring holds the cues of the last Span frames. Its zero value is empty and
// ready.
type Ring struct {
	// Slack is by how many frames a cue may move in a repair and still be the
	// same one, which is neither taken back nor heard again. Zero means 4,
	// Exact none.
	Slack netcode.Frame

	frames [Span]frame
	now    netcode.Frame // the frame stepped last
	high   netcode.Frame // the highest frame that may have cues
	seen   netcode.Frame // the frame that was on screen when Heard was ranged over last
	dirty  netcode.Frame // everything before this frame is settled
}

// frame is a frame and its cues.
type frame struct {
	frame netcode.Frame
	n     int
	cues  [PerFrame]entry
}

// entry is a cue, as it was heard once it is heard. One that is neither live
// nor heard is free.
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
	switch {
	case f <= r.high-Span:
		*r = Ring{Slack: r.Slack, seen: r.seen}
	case f <= r.now:
		r.doubt(f)
	}
	r.now, r.high, r.dirty = f, max(r.high, f), min(r.dirty, f)
	if s := r.at(f); s.frame != f {
		s.frame, s.n = f, 0
	}
}

// Emit adds a cue to the frame of Begin.
func (r *Ring) Emit(kind uint8, who netcode.Player, x, y, size int32) {
	s, c := r.at(r.now), Cue{r.now, kind, who, x, y, size}
	var old, free *entry
	for i := range s.cues[:s.n] {
		switch e := &s.cues[i]; {
		case e.live:
		case e.same(c) && (old == nil || e.away(c) < old.away(c)):
			old = e
		case !e.heard:
			free = e
		}
	}
	switch {
	case old != nil && old.heard:
		old.live = true
	case old != nil:
		*old = entry{Cue: c, live: true}
	case s.n < PerFrame:
		s.cues[s.n] = entry{Cue: c, live: true}
		s.n++
	case free != nil:
		*free = entry{Cue: c, live: true}
	}
}

// Heard is what is new, now that frame f is on screen: cues that happened
// (true), and cues it had given before that turned out not to have happened
// (false), which are equal to what it gave. Range over it once for each
// picture, in Draw or after Advance, with the counter that Begin was given; a
// loop that is left early goes on the next time.
//
// When f is behind what was stepped, because a replay went back or because
// NewSession tried the game, what is beyond f has not happened. When f is
// behind what it was the last time, what is before it is not heard: it is
// where the replay comes in.
func (r *Ring) Heard(f netcode.Frame) iter.Seq2[Cue, bool] {
	return func(yield func(Cue, bool) bool) { r.hear(f, yield) } // a literal, so that it is inlined and costs nothing
}

func (r *Ring) hear(now netcode.Frame, yield func(Cue, bool) bool) {
	if now < r.high {
		r.doubt(now + 1)
		for f := max(now+1, r.high-Span+1); f <= r.high; f++ {
			if !r.fade(f, yield) {
				return
			}
		}
	}
	late := now - Late
	if now < r.seen {
		late = now // the screen went back
	}
	r.high = now
	first, keep := max(r.dirty, now-Span+1), now+1
	for f := first; f <= now; f++ {
		all := r.held(f)
		for i := range all {
			e := &all[i]
			if !e.live || e.heard {
				continue
			}
			if o := r.lost(e, f); o != nil {
				e.Cue, e.heard, o.heard = o.Cue, true, false
			} else if f <= late {
				e.live = false
			} else if e.heard = true; !yield(e.Cue, true) {
				return
			}
		}
	}
	for f := first; f <= now; f++ {
		if f > now-r.slack() {
			keep = min(keep, f) // what is gone may come again
		} else if !r.fade(f, yield) {
			return
		}
	}
	r.dirty, r.seen = keep, now
}

// doubt is what all cues from frame f on are in when it is stepped again.
func (r *Ring) doubt(f netcode.Frame) {
	for f = max(f, r.high-Span+1); f <= r.high; f++ {
		all := r.held(f)
		for i := range all {
			all[i].live = false
		}
	}
}

// lost finds the cue, heard and gone, that e of frame f is in its new frame:
// the nearest.
func (r *Ring) lost(e *entry, f netcode.Frame) (best *entry) {
	for d := netcode.Frame(0); d <= r.slack() && best == nil; d++ {
		for _, g := range [2]netcode.Frame{f - d, f + d} {
			all := r.held(g)
			for i := range all {
				if o := &all[i]; o.heard && !o.live && o.same(e.Cue) && (best == nil || o.away(e.Cue) < best.away(e.Cue)) {
					best = o
				}
			}
		}
	}
	return best
}

// fade tells which of the cues heard in frame f did not happen.
func (r *Ring) fade(f netcode.Frame, yield func(Cue, bool) bool) bool {
	all := r.held(f)
	for i := range all {
		if e := &all[i]; e.heard && !e.live {
			if e.heard = false; !yield(e.Cue, false) {
				return false
			}
		}
	}
	return true
}

func (r *Ring) slack() netcode.Frame {
	if r.Slack == 0 {
		return usual
	}
	return max(r.Slack, 0)
}

func (r *Ring) at(f netcode.Frame) *frame { return &r.frames[uint32(f)%Span] }

// held are the cues of frame f: none if the Ring holds another in its place.
func (r *Ring) held(f netcode.Frame) []entry {
	if s := r.at(f); s.frame == f {
		return s.cues[:s.n]
	}
	return nil
}

func (c Cue) same(d Cue) bool { return c.Kind == d.Kind && c.Who == d.Who }

// away is how far apart two cues are.
func (c Cue) away(d Cue) int64 {
	x, y := int64(c.X)-int64(d.X), int64(c.Y)-int64(d.Y)
	return max(x, -x) + max(y, -y)
}
