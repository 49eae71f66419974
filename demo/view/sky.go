//go:build cgo || windows || js

package view

import "math"

// Sky draws what is behind the stage: a sunset in layers, of which the near
// ones move more with the camera than the far ones. t is in ticks.
func (b *Brush) Sky(camX, camY, t float32) {
	b.Screen()
	b.Rect(-20, -beyond, Width+40, beyond-19, Night) // above and below, for a screen that is higher than wide
	b.Rect(-20, Height+20, Width+40, beyond, Hex(0x321f52))
	b.Gradient(-20, -20, Width+40, 170, Night, Dusk)
	b.Gradient(-20, 150, Width+40, 110, Dusk, Rose)
	b.Gradient(-20, 260, Width+40, 120, Rose, Peach)
	for i := range 40 { // stars
		h := hash(i)
		x := wrap(float32(h%640)-camX*0.02, Width)
		y := float32(h/640%150) - camY*0.02
		blink := 0.55 + 0.45*float32(math.Sin(float64(t)*0.03+float64(h%63)))
		s := 1 + float32(h%3)/2
		b.Rect(x, y, s, s, Paper.Fade(0.8*blink*(1-y/170)))
	}
	sx, sy := 450-camX*0.04, 205-camY*0.03
	for i := range 4 {
		b.Circle(sx, sy, 52+float32(4-i)*15, Gold.Fade(0.055))
	}
	b.Circle(sx, sy, 50, Peach.Mix(Gold, 0.65))
	for i := range 5 { // the sun's slats
		y := sy + 4 + float32(i)*9
		w := float32(math.Sqrt(float64(50*50-(y-sy+2)*(y-sy+2)))) + 1
		b.Rect(sx-w, y, 2*w, 1+float32(i), Rose.Mix(Peach, float32(i)/9))
	}
	ridge(b, camX*0.08, 262-camY*0.05, 46, 0.011, Hex(0x6a3474), 3)
	ridge(b, camX*0.16, 296-camY*0.09, 34, 0.019, Hex(0x4d2a68), 11)
	for i := range 6 { // clouds
		h := hash(i + 77)
		depth := 0.2 + 0.1*float32(i%3)
		x := wrap(float32(h%900)-camX*depth-t*(0.05+0.03*float32(i%3)), Width+260) - 130
		y := 60 + float32(h/900%150) - camY*depth
		c := Dusk.Mix(Rose, min(max(y/260, 0), 1)*0.8).Mix(Paper, 0.09) // not see-through: the two parts overlap
		w := 50 + float32(h%50)
		b.Pill(x, y, w*1.7, 12, 6, c)
		b.Pill(x+w*0.3, y-8, w, 14, 7, c)
	}
	ridge(b, camX*0.28, 336-camY*0.14, 24, 0.03, Hex(0x321f52), 23)
}

const beyond = 1200

// ridge draws a chain of hills as columns.
func ridge(b *Brush, shift, base, height float32, pitch float64, c Color, seed float64) {
	const step = 16
	at := func(x float32) float32 {
		u := float64(x+shift)*pitch + seed
		return base - height*float32(0.5*math.Sin(u)+0.3*math.Sin(u*2.3+seed)+0.2*math.Sin(u*5.1))
	}
	for x := float32(-32); x < Width+32; x += step {
		p := append(b.ring[:0], [2]float32{x, at(x)}, [2]float32{x + step + 0.6, at(x + step)}, [2]float32{x + step + 0.6, Height + 30}, [2]float32{x, Height + 30})
		b.slab(p, c)
	}
}

// slab fills a polygon of four without a soft rim, so that neighbours join.
func (b *Brush) slab(p [][2]float32, c Color) {
	first := b.room(4)
	for _, q := range p[:4] {
		b.vertex(b.x+q[0]*b.scale, b.y+q[1]*b.scale, white, white, c)
	}
	b.indices = append(b.indices, first, first+1, first+2, first, first+2, first+3)
}

func hash(i int) int {
	h := uint32(i)*2654435761 + 97
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	return int(h >> 1)
}

func wrap(x, n float32) float32 {
	x = float32(math.Mod(float64(x), float64(n)))
	if x < 0 {
		x += n
	}
	return x
}
