package cues_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
)

const clap uint8 = 1 // a kind of cue

// state has the number of the frame, so that Step knows which one it takes.
type state struct{ Frame netcode.Frame }

type game struct {
	state
	cues cues.Ring // beside the state: not saved, not loaded
}

func (g *game) Step(in []netcode.Input) {
	g.Frame++
	g.cues.Begin(g.Frame)
	for p := range in {
		if in[p].Bits != 0 {
			g.cues.Emit(clap, netcode.Player(p), 0, 0, 0)
		}
	}
}

// The session predicts that player 1 goes on clapping, and is wrong.
func Example() {
	g := &game{}
	tick := func(bits ...uint64) {
		g.Step([]netcode.Input{{Bits: bits[0]}, {Bits: bits[1]}})
	}
	draw := func() {
		for c, happened := range g.cues.Heard(g.Frame) {
			if happened {
				fmt.Printf("play clap of player %d, frame %d\n", c.Who, c.Frame)
			} else {
				fmt.Printf("fade clap of player %d, frame %d\n", c.Who, c.Frame)
			}
		}
	}
	tick(1, 1)
	draw()
	before := g.state
	tick(1, 1) // predicted
	draw()
	g.state = before // rolled back
	tick(1, 0)       // what really came
	draw()
	for range 4 { // it might have been only a little late
		tick(0, 0)
		draw()
	}
	// Output:
	// play clap of player 0, frame 1
	// play clap of player 1, frame 1
	// play clap of player 0, frame 2
	// play clap of player 1, frame 2
	// fade clap of player 1, frame 2
}
