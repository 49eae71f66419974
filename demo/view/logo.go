//go:build cgo || windows || js

package view

import "math"

// The letters of the logo as strokes on a grid 4 wide and 6 high.
var strokes = map[byte][][]int8{
	'P': {{0, 6, 0, 0, 3, 0, 4, 1, 4, 2, 3, 3, 0, 3}},
	'U': {{0, 0, 0, 5, 1, 6, 3, 6, 4, 5, 4, 0}},
	'N': {{0, 6, 0, 0, 4, 6, 4, 0}},
	'C': {{4, 1, 3, 0, 1, 0, 0, 1, 0, 5, 1, 6, 3, 6, 4, 5}},
	'H': {{0, 0, 0, 6}, {4, 0, 4, 6}, {0, 3, 4, 3}},
	'B': {{0, 0, 3, 0, 4, 1, 4, 2, 3, 3, 0, 3}, {3, 3, 4, 4, 4, 5, 3, 6, 0, 6, 0, 0}},
	'A': {{0, 6, 0, 2, 2, 0, 4, 2, 4, 6}, {0, 4, 4, 4}},
	'K': {{0, 0, 0, 6}, {4, 0, 0, 3, 4, 6}},
}

// Logo writes the game's name centered at x, each letter bouncing on its own.
// Every sixth second PUNCH hits BACK.
func (b *Brush) Logo(x, y, size, t float32) {
	const name = "PUNCHBACK"
	pitch := size * 6.1
	left := x - pitch*float32(len(name))/2 + size
	phase := float32(math.Mod(float64(t), 360))
	for pass := range 3 {
		for i := range len(name) {
			ox := left + float32(i)*pitch
			oy := y + float32(math.Sin(float64(t)*0.06+float64(i)*0.7))*size*0.5
			if hit := phase - 30; hit > 0 && hit < 40 {
				k := float32(math.Exp(-float64(hit)/9)) * size
				if i < 5 {
					ox += k * 2.2 * float32(i+1) / 5
				} else if d := hit - float32(i-5)*2; d > 0 {
					oy -= float32(math.Abs(math.Sin(float64(d)*0.25))) * size * 2.6 * float32(math.Exp(-float64(d)/14))
					ox += k
				}
			}
			c, thick := Ink, size*2.5
			switch pass {
			case 0:
				ox, oy, thick = ox+size*0.5, oy+size*0.7, size*2.6
				c = Ink.Fade(0.55)
			case 2:
				thick = size * 1.45
				c = Player[0].Mix(Paper, 0.12)
				if i >= 5 {
					c = Player[1].Mix(Paper, 0.12)
				}
			}
			for _, s := range strokes[name[i]] {
				for j := 0; j+3 < len(s); j += 2 {
					b.Line(ox+float32(s[j])*size, oy+float32(s[j+1])*size, ox+float32(s[j+2])*size, oy+float32(s[j+3])*size, thick, c)
				}
			}
		}
	}
}
