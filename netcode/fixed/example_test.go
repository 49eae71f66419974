package fixed_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
	"github.com/punchback/punchback/netcode/plain"
)

// A ball is thrown: numbers of a game are ratios of whole ones.
func Example() {
	const gravity = fixed.One / 4
	pos, vel := fixed.V(0, 0), fixed.Polar(fixed.Int(5), fixed.One/8) // an eighth of a turn up
	frames := 0
	for pos.Y >= 0 {
		vel.Y = vel.Y.Sub(gravity)
		pos = pos.Add(vel)
		frames++
	}
	fmt.Println(frames, pos.X.Text(2), vel.Len())
	// Output: 28 98.99 4.9500025574
}

// A homing missile turns towards its target by the shorter way, by at most a
// fiftieth of a turn in each frame.
func ExampleWrap() {
	heading, target := fixed.MustParse("0.95"), fixed.V(3, 3)
	for range 4 {
		left := fixed.Wrap(target.Angle() - heading)
		heading += left.Clamp(-fixed.One/50, fixed.One/50)
		fmt.Println(fixed.Wrap(heading).Text(2))
	}
	// Output:
	// -0.03
	// -0.01
	// 0.01
	// 0.03
}

// dice is a state with a Rand in it.
type dice struct {
	Rand fixed.Rand
	Last int32
}

// Rand lives in the state: when the state is rolled back, it draws the same
// numbers again.
func ExampleRand() {
	state := dice{Rand: 42} // netcode.Terms.Seed, the same for everybody
	game := plain.New(&state, func(d *dice, _ []netcode.Input) {
		d.Last = int32(d.Rand.Range(1, 6))
	})

	before := game.Save(nil)
	game.Step(nil)
	first := state.Last
	game.Load(before) // rolled back
	game.Step(nil)
	fmt.Println(state.Last == first)
	// Output: true
}
