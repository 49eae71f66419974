package fixed_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode/fixed"
)

// A ball is thrown: numbers of a game are ratios of whole ones.
func Example() {
	gravity := fixed.Ratio(1, 4)
	pos, vel := fixed.V(0, 0), fixed.Polar(fixed.Int(5), fixed.Ratio(1, 8)) // an eighth of a turn up
	frames := 0
	for pos.Y >= 0 {
		vel.Y = vel.Y.Sub(gravity)
		pos = pos.Add(vel)
		frames++
	}
	fmt.Println(frames, pos.X, vel.Len())
	// Output: 28 98.994949367 4.9500025574
}

// Rand lives in the state: a copy of the state draws the same numbers again.
func ExampleRand() {
	state := struct{ Rand fixed.Rand }{Rand: 42}
	before := state
	first := state.Rand.Intn(6) + 1
	state = before // rolled back
	fmt.Println(state.Rand.Intn(6)+1 == first)
	// Output: true
}
