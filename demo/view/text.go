//go:build cgo || windows || js

package view

import (
	"image"
	"image/color"
	"math"
	"unicode/utf8"

	"github.com/hajimehoshi/ebiten/v2"
	"golang.org/x/image/font/basicfont"
)

// The texture behind every triangle: 16 by 6 letters of 8 by 16 pixels, and a
// white patch below for plain shapes. basicfont adds 11 KB to the page where
// ebiten/text/v2 adds far more, and a game with few words needs no shaping.
const white = 106

var texture *ebiten.Image

func sheet() *ebiten.Image {
	if texture != nil {
		return texture
	}
	pix := image.NewRGBA(image.Rect(0, 0, 128, 112))
	face := basicfont.Face7x13
	for i := range 95 {
		for y := range face.Height {
			for x := range face.Width {
				if _, _, _, a := face.Mask.At(x, i*face.Height+y).RGBA(); a > 0 {
					pix.Set(i%16*8+x, i/16*16+y, color.White)
				}
			}
		}
	}
	for y := 100; y < 112; y++ {
		for x := 100; x < 112; x++ {
			pix.Set(x, y, color.White)
		}
	}
	texture = ebiten.NewImageFromImage(pix)
	return texture
}

// Letter is the size of a letter at size 1.
const (
	LetterWidth  = 7
	LetterHeight = 13
)

// TextWidth is how wide s is at the size.
func TextWidth(s string, size float32) float32 {
	return float32(utf8.RuneCountInString(s)*LetterWidth-1) * size
}

// Width is how wide s is on b. Where units are not whole pixels that differs
// from TextWidth, since letters are drawn in whole pixels, to be readable.
func (b *Brush) Width(s string, size float32) float32 {
	return TextWidth(s, b.dot(size)/b.scale)
}

// dot is the pixels of one dot of a letter.
func (b *Brush) dot(size float32) float32 {
	return max(float32(math.Round(float64(size*b.scale)-0.1)), 1)
}

// Text writes s with its top left corner at x, y.
func (b *Brush) Text(s string, x, y, size float32, c Color) {
	dot := b.dot(size)
	px := float32(math.Round(float64(b.x + x*b.scale)))
	py := float32(math.Round(float64(b.y + y*b.scale)))
	w, h := 6*dot, LetterHeight*dot
	for _, r := range s {
		if r < 32 || r > 126 {
			r = '?'
		}
		if r != ' ' {
			i := float32(r - 32)
			col := float32(int(i) % 16)
			row := float32(int(i) / 16)
			first := b.room(4)
			b.vertex(px, py, col*8, row*16, c)
			b.vertex(px+w, py, col*8+6, row*16, c)
			b.vertex(px+w, py+h, col*8+6, row*16+13, c)
			b.vertex(px, py+h, col*8, row*16+13, c)
			b.indices = append(b.indices, first, first+1, first+2, first, first+2, first+3)
		}
		px += LetterWidth * dot
	}
}

// TextCenter writes s centered at x.
func (b *Brush) TextCenter(s string, x, y, size float32, c Color) {
	b.Text(s, x-b.Width(s, size)/2, y, size, c)
}

// Shout writes s centered at x with a dark edge, to be read over anything.
func (b *Brush) Shout(s string, x, y, size float32, c Color) {
	e := max(size/2, 1)
	x -= b.Width(s, size) / 2
	for _, d := range [...][2]float32{{-e, 0}, {e, 0}, {0, -e}, {0, e}, {e, e}, {-e, e}, {0, 2 * e}} {
		b.Text(s, x+d[0], y+d[1], size, Ink.Fade(c.A))
	}
	b.Text(s, x, y, size, c)
}
