//go:build cgo || windows || js

package controls

import (
	"image"
	"image/color"
	"math"

	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/vector"
	"golang.org/x/image/font/basicfont"
)

var (
	pale  = color.NRGBA{255, 246, 230, 60}
	lit   = color.NRGBA{255, 246, 230, 150}
	ink   = color.NRGBA{18, 14, 38, 120}
	dark  = color.NRGBA{18, 14, 38, 220}
	paper = color.NRGBA{255, 246, 230, 255}
)

// Draw draws the touch pad, see-through.
func (p *Pad) Draw(dst *ebiten.Image) {
	base := p.rest
	if p.held {
		base = p.stick
	}
	disc(dst, base, ink, pale)
	knob := spot{base.x + p.at[0]*base.r*0.6, base.y + p.at[1]*base.r*0.6, base.r * 0.45}
	fill := pale
	if p.held {
		fill = lit
	}
	disc(dst, knob, fill, pale)
	letters := 1
	for _, name := range p.names {
		letters = max(letters, len(name))
	}
	for i, s := range p.buttons {
		fill := ink
		if p.down>>i&1 != 0 {
			fill = lit
		}
		disc(dst, s, fill, pale)
		write(dst, p.names[i], s.x, s.y, s.r*1.7/float64(letters), paper)
	}
}

func disc(dst *ebiten.Image, s spot, fill, edge color.Color) {
	vector.FillCircle(dst, float32(s.x), float32(s.y), float32(s.r), fill, true)
	vector.StrokeCircle(dst, float32(s.x), float32(s.y), float32(s.r), float32(s.r/14), edge, true)
}

// Draw draws the keyboard, with the cursor where a gamepad moves it.
func (b *Board) Draw(dst *ebiten.Image, cursor bool) {
	for r, row := range b.rows {
		for c, key := range row {
			x, y, w, h := b.key(r, c)
			gap := h / 14
			back, front := color.Color(dark), color.Color(paper)
			if cursor && r == b.row && c == b.col {
				back, front = paper, dark
			}
			vector.FillRect(dst, float32(x+gap), float32(y+gap), float32(w-2*gap), float32(h-2*gap), back, false)
			letters := float64(len(label(key)))
			write(dst, label(key), x+w/2, y+h/2, min(w*0.8/letters, h*0.35), front)
		}
	}
}

// write writes a word centered at a point. A letter is as wide as whole pixels let it be,
// and no wider than given.
func write(dst *ebiten.Image, s string, x, y, letterWidth float64, c color.Color) {
	advance := float64(basicfont.Face7x13.Advance)
	k := max(math.Floor(letterWidth/advance), 1)
	x, y = math.Round(x-float64(len(s))*advance*k/2), math.Round(y-6.5*k)
	for _, r := range s {
		if r > 32 && r < 127 {
			var o ebiten.DrawImageOptions
			o.GeoM.Scale(k, k)
			o.GeoM.Translate(x, y)
			o.ColorScale.ScaleWithColor(c)
			dst.DrawImage(letter(r), &o)
		}
		x += k * float64(basicfont.Face7x13.Advance)
	}
}

var letters [127]*ebiten.Image

// letter is a picture of a letter, made when it is needed first.
func letter(r rune) *ebiten.Image {
	if letters[r] == nil {
		face := basicfont.Face7x13
		pixels := image.NewRGBA(image.Rect(0, 0, face.Advance, face.Height))
		for y := range face.Height {
			for x := range face.Width {
				if _, _, _, a := face.Mask.At(x, (int(r)-32)*face.Height+y).RGBA(); a > 0 {
					pixels.Set(x, y, color.White)
				}
			}
		}
		letters[r] = ebiten.NewImageFromImage(pixels)
	}
	return letters[r]
}
