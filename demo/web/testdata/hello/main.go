// Command hello is the smallest game that the tests of web can show: it counts
// its updates and draws a square that moves.
package main

import (
	"image/color"
	"syscall/js"

	"github.com/hajimehoshi/ebiten/v2"
)

type game struct{ updates int }

func (g *game) Update() error {
	g.updates++
	js.Global().Set("updates", g.updates)
	js.Global().Set("held", ebiten.IsKeyPressed(ebiten.KeyArrowRight))
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
