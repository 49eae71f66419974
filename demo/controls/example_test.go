//go:build cgo || windows || js

package controls_test

import (
	"fmt"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/controls"
)

const (
	left uint64 = 1 << iota
	right
	jump
)

// A game lists what its players can do, reads the devices in each Update, and gives the
// Bits to its netcode.Session.
func Example() {
	c := controls.New(
		controls.Action{Bits: left, Stick: controls.Left, Keys: []ebiten.Key{ebiten.KeyArrowLeft}},
		controls.Action{Bits: right, Stick: controls.Right, Keys: []ebiten.Key{ebiten.KeyArrowRight}},
		controls.Action{
			Name: "jump", Bits: jump, Keys: []ebiten.Key{ebiten.KeySpace},
			Pad: []ebiten.StandardGamepadButton{ebiten.StandardGamepadButtonRightBottom},
		},
	)
	c.Thumbs.Place(0, 0, 640, 360, 58) // in Layout: it is drawn by c.Thumbs.Draw
	c.Update()                         // in Update
	fmt.Println(c.Bits(0), c.Device() == controls.Keyboard, c.Prompt("jump", 0))
	// Output: 0 true Space
}
