package netcode

import "fmt"

// timeline is the game with its past: the inputs of all seats, known or
// predicted, and the state of each frame that may still change. It steps on,
// and goes back to step again what was stepped on a wrong prediction.
type timeline struct {
	game   Game
	guess  Predictor // the game, if it is one
	queues [MaxPlayers]queue
	in     []Input // for Step, one per seat
	states snapshots

	now      Frame // on screen
	wrong    Frame // the lowest frame stepped on a wrong prediction, as found in this tick; 0: none
	repaired Frame // the frame that a repair began with in this tick; 0: none

	steps, rollbacks uint64
	depth, maxDepth  int // frames of the repair in this tick, and of the deepest
}

// begin makes room for a game that is at frame 0 with this state, and for so
// many frames that may still change.
func (t *timeline) begin(g Game, players, frames int, first []byte, sparse bool) {
	t.game = g
	t.guess, _ = g.(Predictor)
	t.in = make([]Input, players)
	for p := range players {
		t.queues[p] = newQueue()
	}
	t.states = newSnapshots(frames, len(first), sparse)
	t.states.save(g, 0, 0, 1)
}

// tick forgets what the last tick found wrong and repaired.
func (t *timeline) tick() { t.repaired, t.wrong, t.depth = 0, 0, 0 }

// advance steps to the next frame.
func (t *timeline) advance(confirmed Frame) {
	t.now++
	t.step(t.now)
	t.states.save(t.game, t.now, confirmed, sparseEvery)
}

// step makes state f out of f-1.
func (t *timeline) step(f Frame) {
	for p := range t.in {
		q := &t.queues[p]
		q.use(f, &t.in[p])
		if t.guess != nil && f > q.head && !t.in[p].Absent {
			t.in[p].Bits = t.guess.Predict(Player(p), q.at(q.head), int(f-q.head))
			q.predict(f, t.in[p].Bits)
		}
	}
	t.game.Step(t.in)
	t.steps++
}

// repair goes back to the state before the lowest wrong frame, if there is one,
// and steps to the present again.
func (t *timeline) repair(confirmed Frame) {
	from := t.wrong
	if from == 0 || from > t.now {
		return
	}
	if from <= confirmed {
		panic(fmt.Sprintf("netcode: frame %d is confirmed and was stepped wrongly from frame %d", confirmed, from))
	}
	t.rewind(from-1, confirmed)
	for f := from; f <= t.now; f++ {
		t.step(f)
		t.states.save(t.game, f, confirmed, markEvery)
	}
	t.repaired = from
	t.rollbacks++
	t.depth = int(t.now - from + 1)
	t.maxDepth = max(t.maxDepth, t.depth)
}

// rewind goes back to frame f, by way of the last state that is held before it. That
// of f is held now: the next time will hardly go back farther.
func (t *timeline) rewind(f, confirmed Frame) {
	base := t.states.back(f)
	t.game.Load(base.state)
	for k := base.frame + 1; k <= f; k++ {
		t.step(k)
	}
	if base.frame < f {
		t.states.save(t.game, f, confirmed, 1)
	}
}

// absorb adds new inputs of a seat that begin with frame from, and notes the
// lowest frame that was stepped with something else. Most of them are known
// already; those are passed over.
func (t *timeline) absorb(p Player, block *seatBlock, from Frame, count int) {
	q := &t.queues[p]
	known := int(q.head + 1 - from)
	if known >= count {
		return
	}
	block.skip(known)
	for k := known; k < count; k++ {
		v, command := block.next(k, q.at(q.head))
		if q.put(v, command, t.now) {
			t.suspect(q.head)
		}
	}
}

// suspect notes that a frame was stepped wrongly.
func (t *timeline) suspect(f Frame) {
	if t.wrong == 0 || f < t.wrong {
		t.wrong = f
	}
}

// vacate empties a seat from a frame on; what is confirmed stays as it is.
func (t *timeline) vacate(p Player, from, confirmed Frame) {
	q := &t.queues[p]
	before := q.gone
	if q.gone = from; from < before && from <= t.now {
		t.suspect(max(from, confirmed+1))
	}
}

// show goes back to frame f, if the screen is beyond it.
func (t *timeline) show(f Frame) {
	if t.now > f {
		t.rewind(f, f)
		t.now, t.repaired = f, f
	}
}

// full reports whether the next frame finds no slot for its state.
func (t *timeline) full(confirmed Frame) bool { return !t.states.room(confirmed, t.now+1) }

// head is up to where the inputs of all of these seats are known.
func (t *timeline) head(seats []Player) Frame {
	f := never
	for _, p := range seats {
		f = min(f, t.queues[p].head)
	}
	return f
}

// row fills in the inputs of frame f.
func (t *timeline) row(f Frame, in []Input) {
	for p := range in {
		t.queues[p].use(f, &in[p])
	}
}

// oldest is the first frame whose inputs are all held.
func (t *timeline) oldest() Frame {
	most := t.now
	for p := range t.in {
		most = max(most, t.queues[p].head)
	}
	return max(1, most-inputRing+1)
}

// resimulate makes the state at frame f once more, out of the state at a frame
// before it, and leaves the screen as it is. It is nil when some input between
// is no longer held. Each step is seen.
func (t *timeline) resimulate(from Frame, state []byte, f Frame, see func(Frame)) []byte {
	if from+1 < t.oldest() {
		return nil
	}
	screen := t.game.Save(nil)
	t.game.Load(state)
	for k := from + 1; k <= f; k++ {
		t.row(k, t.in)
		t.game.Step(t.in)
		see(k)
	}
	made := t.game.Save(nil)
	t.game.Load(screen)
	return made
}
