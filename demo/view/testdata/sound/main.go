// Command sound makes sounds in a page when it is asked to.
package main

import (
	"syscall/js"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode/cues"
)

func main() {
	var speaker *view.Speaker
	rounds := 0
	js.Global().Set("begin", js.FuncOf(func(js.Value, []js.Value) any {
		speaker = view.NewSpeaker()
		return nil
	}))
	js.Global().Set("sound", js.FuncOf(func(js.Value, []js.Value) any {
		hit := cues.Cue{Kind: game.CueHit, Size: 7}
		for range 5 { // more voices than there are
			for range 3 {
				speaker.Tick()
			}
			speaker.Blip(true)
			speaker.Cue(hit)
		}
		speaker.Fade(hit)
		rounds++
		return rounds
	}))
	select {}
}
