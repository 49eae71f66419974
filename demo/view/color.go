//go:build cgo || windows || js

package view

// Color is a straight (not premultiplied) color, each part 0 to 1.
type Color struct{ R, G, B, A float32 }

// Hex makes a color of 0xRRGGBB.
func Hex(rgb uint32) Color {
	return Color{float32(rgb>>16&255) / 255, float32(rgb>>8&255) / 255, float32(rgb&255) / 255, 1}
}

// Fade is c with a times its opacity.
func (c Color) Fade(a float32) Color { c.A *= a; return c }

// Mix is c at t = 0 and d at t = 1.
func (c Color) Mix(d Color, t float32) Color {
	return Color{c.R + (d.R-c.R)*t, c.G + (d.G-c.G)*t, c.B + (d.B-c.B)*t, c.A + (d.A-c.A)*t}
}

// The palette: dusk behind, warm stone in the middle, four loud players in
// front. Nothing else in the demo has a color of its own.
var (
	Night  = Hex(0x171332)
	Dusk   = Hex(0x3a2563)
	Rose   = Hex(0x9a3f7c)
	Peach  = Hex(0xf08a6b)
	Gold   = Hex(0xffd166)
	Stone  = Hex(0x4b3a63)
	Grass  = Hex(0x7bd389)
	Ink    = Hex(0x120e26)
	Paper  = Hex(0xfff6e6)
	Grey   = Hex(0x9a94b8)
	Alarm  = Hex(0xff4d5e)
	Clear  = Color{}
	Player = [8]Color{Hex(0x37b6ff), Hex(0xff5d73), Hex(0xffc93c), Hex(0x62e38c),
		Hex(0xb98cff), Hex(0xff9f5a), Hex(0x5ae0d8), Hex(0xf2a0d0)}
)
