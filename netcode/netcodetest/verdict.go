package netcodetest

import (
	"errors"
	"slices"

	"github.com/punchback/punchback/netcode"
)

// patience is for how many ticks a machine that leaves can be silent and still
// hear that the other one, who waits for it, has confirmed its end.
const patience = 80

// within reports whether no way is silent for so many ticks. Within the timeout,
// nobody has a reason to give up a machine that lives, if no transport lies.
func (s *story) within(limit int) bool {
	if slices.ContainsFunc(s.troubles, func(t trouble) bool { return t.kind == hangup }) {
		return false
	}
	slack := (s.path.Latency+s.path.Jitter)/1000 + 5 + 4 + s.path.Loss/10 // until the first packet after a silence
	for a := range s.machines {
		for b := range s.machines {
			from, to := 0, 0 // of a silence; troubles come in order of at
			for i := range s.troubles {
				t := &s.troubles[i]
				if a == b || !t.silences(a, b) {
					continue
				}
				if t.at > to+slack {
					from = t.at
				}
				if to = max(to, t.last+1); to-from+slack >= limit {
					return false
				}
			}
		}
	}
	return true
}

func (t *trouble) silences(from, to int) bool {
	switch t.kind {
	case cut, burst:
		return t.a == from && t.b == to
	case part:
		return t.a>>from&1 != t.a>>to&1
	case sleep:
		return t.a == from
	}
	return false
}

// mayEnd reports whether the story gives a machine a reason to stop with err.
func (a *machine) mayEnd(err error) bool {
	w := a.match
	if w.early || !w.strict {
		var left *netcode.LeftError
		var split *netcode.SplitError
		return errors.As(err, &left) || errors.As(err, &split)
	}
	gone, died, silent := 0, 0, 0
	for m := range w.machines {
		o := &w.machines[m]
		if o.left || o.dead {
			gone++
		}
		if o.dead || o.hasty {
			died++
		}
		if o.dead && !o.known || o.hasty {
			silent++
		}
	}
	var left *netcode.LeftError
	if errors.As(err, &left) {
		if a.left { // and waits yet for its Commands to be taken
			gone--
		}
		return gone == len(w.machines)-1 && (silent > 0 || !left.Timeout)
	}
	var split *netcode.SplitError
	return errors.As(err, &split) && died > 0 && 2*(len(w.machines)-gone) <= len(w.machines) && !split.Out
}

// late tells who has not got on as far as everybody must after healing.
func (w *match) late(goal netcode.Frame) *breach {
	for m := range w.machines {
		a := &w.machines[m]
		if a.dead || a.over != nil || a.left && a.session.Done() {
			continue
		}
		if a.left {
			return broken("who leaves is done", "machine %d has left and is not done in %d healthy ticks", m, w.tick-w.story.ticks)
		}
		if a.confirmed < goal {
			return broken("everybody gets on", "machine %d has confirmed frame %d after %d healthy ticks, must have frame %d or an error", m, a.confirmed, w.tick-w.story.ticks, goal)
		}
		for _, p := range a.seats {
			if w.history.taken[p] < w.history.given[p] {
				return broken("no Command is lost", "player %d gave %d Commands, %d are confirmed after %d healthy ticks", p, w.history.given[p], w.history.taken[p], w.tick-w.story.ticks)
			}
		}
	}
	return nil
}

// verdict looks at the end of a match.
func (w *match) verdict() *breach {
	left, died := false, false
	for m := range w.machines {
		a := &w.machines[m]
		left, died = left || a.left, died || a.dead
		for f := max(1, a.confirmed-40); f <= a.confirmed; f++ {
			if got, ok := a.session.Hash(f); ok && got != w.history.hashes[f-1] {
				return broken("the right state", "machine %d tells hash %016x of frame %d, must be %016x", m, got, f, w.history.hashes[f-1])
			}
		}
	}
	if len(w.machines) != 2 || !left || died || !w.strict || w.early || !w.story.within(patience) {
		return nil
	}
	for m := range w.machines { // a match of two ends for both at the same frame
		if c := w.machines[m].confirmed; int(c) != len(w.history.hashes) {
			return broken("a clean end", "machine %d ends at frame %d, the other one at frame %d", m, c, len(w.history.hashes))
		}
	}
	return nil
}
