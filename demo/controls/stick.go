package controls

import "math"

// Stick are directions of a stick, a cross or arrow keys, as bits: two at once are a
// diagonal.
type Stick uint8

// The four directions.
const (
	Left Stick = 1 << iota
	Right
	Up
	Down
)

// How far a stick has to leave the middle, of 1. Up and down take more: a thumb that runs
// to the side is never quite level.
const (
	aside   = 0.35
	upright = 0.5
)

// directions are those of a stick at x, y, each -1 to 1, y downwards.
func directions(x, y float64) (s Stick) {
	if x < -aside {
		s |= Left
	} else if x > aside {
		s |= Right
	}
	if y < -upright {
		s |= Up
	} else if y > upright {
		s |= Down
	}
	return s
}

func length(x, y float64) float64 { return math.Hypot(x, y) }
