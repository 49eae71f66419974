// Command hello is the smallest game that the tests of web can show: it counts
// its updates and draws a square that moves.
package main

import (
	"fmt"
	"image/color"
	"syscall/js"

	"github.com/hajimehoshi/ebiten/v2"
)

type game struct{ updates int }

func (g *game) Update() error {
	g.updates++
	js.Global().Set("updates", g.updates)
	js.Global().Set("held", ebiten.IsKeyPressed(ebiten.KeyArrowRight))
	x, y := ebiten.CursorPosition()
	input := fmt.Sprint("mouse ", x, " ", y)
	for _, id := range ebiten.AppendTouchIDs(nil) {
		x, y := ebiten.TouchPosition(id)
		input += fmt.Sprint(", touch ", id, " ", x, " ", y)
	}
	for _, id := range ebiten.AppendGamepadIDs(nil) {
		input += fmt.Sprint(", ", ebiten.GamepadName(id), " ", ebiten.GamepadAxisValue(id, 1), " ", ebiten.IsGamepadButtonPressed(id, 0))
	}
	js.Global().Set("input", input)
	return nil
}

func (g *game) Draw(screen *ebiten.Image) {
	screen.Fill(color.RGBA{30, 30, 60, 255})
	square := ebiten.NewImage(20, 20)
	defer square.Deallocate()
	square.Fill(color.White)
	at := &ebiten.DrawImageOptions{}
	at.GeoM.Translate(float64(g.updates%300), 80)
	screen.DrawImage(square, at)
}

func (g *game) Layout(int, int) (int, int) { return 320, 180 }

func main() {
	if err := ebiten.RunGame(&game{}); err != nil {
		panic(err)
	}
}
