package plain_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
)

// tag is the whole state of a game: where everybody is, and who is it.
type tag struct {
	Runners [2]struct{ X, Y int16 }
	It      uint8
}

func stepTag(g *tag, in []netcode.Input) {
	for p := range g.Runners {
		g.Runners[p].X += int16(in[p].Bits & 1)
	}
}

// A struct without pointers and a function that steps it are a Game. The bytes of its
// state have the names of its fields, which is how a desync can be told.
func ExampleNew() {
	state := tag{It: 1}
	game := plain.New(&state, stepTag)
	before := game.Save(nil)
	game.Step([]netcode.Input{{Bits: 1}, {}})
	after := game.Save(nil)
	fmt.Println(len(after), "bytes; what has changed:", netcode.FirstDifference(game, before, after))
	game.Load(before)
	fmt.Println("back at", state.Runners[0].X)
	// Output:
	// 9 bytes; what has changed: byte 0 (Runners[0].X) is 0 and 1
	// back at 0
}
