package netcodetest

import (
	"errors"

	"github.com/punchback/punchback/netcode"
)

// mayEnd tells whether the story gives a machine a reason to stop.
func (a *machine) mayEnd(err error) bool {
	var left *netcode.LeftError
	if !errors.As(err, &left) {
		return false
	}
	some, died := a.match.parted()
	return some || died
}

// parted tells whether somebody has left, and whether somebody has died.
func (w *match) parted() (left, died bool) {
	for m := range w.machines {
		left = left || w.machines[m].left
		died = died || w.machines[m].dead
	}
	return left, died
}

// late tells who has not got on as far as everybody must after healing.
func (w *match) late(goal netcode.Frame) *breach {
	left, died := w.parted()
	for m := range w.machines {
		a := &w.machines[m]
		if a.dead || a.over != nil || a.left && a.session.Done() {
			continue
		}
		if left || died {
			return broken("the match ends for all", "machine %d has not ended in %d healthy ticks", m, w.tick-w.story.ticks)
		}
		if a.confirmed < goal {
			return broken("everybody gets on", "machine %d has confirmed frame %d after %d healthy ticks, must have frame %d", m, a.confirmed, w.tick-w.story.ticks, goal)
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
	left, died := w.parted()
	for m := range w.machines {
		a := &w.machines[m]
		for f := max(1, a.confirmed-40); f <= a.confirmed; f++ {
			if got, ok := a.session.Hash(f); ok && got != w.history.hashes[f-1] {
				return broken("the right state", "machine %d tells hash %016x of frame %d, must be %016x", m, got, f, w.history.hashes[f-1])
			}
		}
		if left && !died && int(a.confirmed) != len(w.history.hashes) {
			return broken("the match ends for all", "machine %d ends at frame %d, another one at frame %d", m, a.confirmed, len(w.history.hashes))
		}
	}
	return nil
}
