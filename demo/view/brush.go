//go:build cgo || windows || js

package view

import (
	"math"

	"github.com/hajimehoshi/ebiten/v2"
)

// Width and Height are the logical screen: everything is drawn in these units
// and scaled up at the end, so that a page without a graphics card keeps up.
const (
	Width  = 640
	Height = 360
)

// Brush gathers shapes and letters as triangles on one texture and draws them
// in one call, which is what a software renderer likes best. Edges are smooth
// because each shape has a rim that fades to nothing over one pixel. It keeps
// its buffers, so that a frame makes no garbage.
type Brush struct {
	dst      *ebiten.Image
	vertices []ebiten.Vertex
	indices  []uint16
	scale    float32 // pixels of dst per unit, camera included
	x, y     float32 // pixels of dst at the origin, camera included
	base     float32
	bx, by   float32
	ring     [64][2]float32
}

// Begin starts to draw on dst, where one unit is dst's width / Width pixels.
func (b *Brush) Begin(dst *ebiten.Image) { b.Within(dst, 0, 0, float32(dst.Bounds().Dx())/Width) }

// Within starts to draw on a part of dst: the origin is at pixel x, y and one
// unit is scale pixels.
func (b *Brush) Within(dst *ebiten.Image, x, y, scale float32) {
	b.dst, b.base = dst, scale
	r := dst.Bounds().Min
	b.bx, b.by = x+float32(r.X), y+float32(r.Y)
	b.vertices, b.indices = b.vertices[:0], b.indices[:0]
	b.Screen()
}

// Screen returns from Camera to plain screen units.
func (b *Brush) Screen() { b.scale, b.x, b.y = b.base, b.bx, b.by }

// Camera lets world point cx, cy appear at screen point sx, sy, zoomed.
func (b *Brush) Camera(cx, cy, sx, sy, zoom float32) {
	b.scale = b.base * zoom
	b.x = b.bx + (sx-cx*zoom)*b.base
	b.y = b.by + (sy-cy*zoom)*b.base
}

// End draws what was gathered.
func (b *Brush) End() {
	if len(b.indices) > 0 {
		b.dst.DrawTriangles(b.vertices, b.indices, sheet(), &options)
	}
	b.vertices, b.indices = b.vertices[:0], b.indices[:0]
}

var options = ebiten.DrawTrianglesOptions{ColorScaleMode: ebiten.ColorScaleModePremultipliedAlpha}

// room flushes when another n vertices could overflow the 16-bit indices.
func (b *Brush) room(n int) uint16 {
	if len(b.vertices)+n > 60000 {
		b.End()
	}
	return uint16(len(b.vertices))
}

func (b *Brush) vertex(px, py, sx, sy float32, c Color) {
	b.vertices = append(b.vertices, ebiten.Vertex{DstX: px, DstY: py, SrcX: sx, SrcY: sy,
		ColorR: c.R * c.A, ColorG: c.G * c.A, ColorB: c.B * c.A, ColorA: c.A})
}

// Poly fills a convex polygon of at most 60 corners.
func (b *Brush) Poly(points [][2]float32, c Color) { b.shade(points, c, c) }

// shade fills a convex polygon, top color at its highest corner and bottom at
// its lowest.
func (b *Brush) shade(points [][2]float32, top, bottom Color) {
	n := len(points)
	if n < 3 || n > 60 || top.A <= 0 && bottom.A <= 0 {
		return
	}
	var p [64][2]float32
	var area float32
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for i, q := range points {
		p[i] = [2]float32{b.x + q[0]*b.scale, b.y + q[1]*b.scale}
		low, high = min(low, p[i][1]), max(high, p[i][1])
	}
	for i := range n {
		j := (i + 1) % n
		area += p[i][0]*p[j][1] - p[j][0]*p[i][1]
	}
	side := float32(0.5)
	if area < 0 {
		side = -0.5
	}
	first := b.room(2 * n)
	for i := range n {
		q, r, s := p[(i+n-1)%n], p[i], p[(i+1)%n]
		ax, ay := unit(r[0]-q[0], r[1]-q[1])
		bx, by := unit(s[0]-r[0], s[1]-r[1])
		nx, ny := ay+by, -ax-bx // outward, between the two edges
		d := (nx*nx + ny*ny) / 2
		if d < 0.2 {
			d = 0.2
		}
		nx, ny = nx/d*side, ny/d*side
		c := top
		if high > low && top != bottom {
			c = top.Mix(bottom, (r[1]-low)/(high-low))
		}
		b.vertex(r[0]-nx, r[1]-ny, white, white, c)
		b.vertex(r[0]+nx, r[1]+ny, white, white, Clear)
	}
	for i := range uint16(n) {
		j := (i + 1) % uint16(n)
		in, out, in2, out2 := first+2*i, first+2*i+1, first+2*j, first+2*j+1
		b.indices = append(b.indices, in, out, in2, out, out2, in2)
		if i > 1 {
			b.indices = append(b.indices, first, first+2*(i-1), in)
		}
	}
}

func unit(x, y float32) (float32, float32) {
	l := float32(math.Hypot(float64(x), float64(y)))
	if l < 1e-6 {
		return 0, 0
	}
	return x / l, y / l
}

// Rect fills a rectangle with sharp edges. It is the cheapest shape.
func (b *Brush) Rect(x, y, w, h float32, c Color) { b.Gradient(x, y, w, h, c, c) }

// Gradient fills a rectangle from top to bottom.
func (b *Brush) Gradient(x, y, w, h float32, top, bottom Color) {
	x0, y0, x1, y1 := b.x+x*b.scale, b.y+y*b.scale, b.x+(x+w)*b.scale, b.y+(y+h)*b.scale
	first := b.room(4)
	b.vertex(x0, y0, white, white, top)
	b.vertex(x1, y0, white, white, top)
	b.vertex(x1, y1, white, white, bottom)
	b.vertex(x0, y1, white, white, bottom)
	b.indices = append(b.indices, first, first+1, first+2, first, first+2, first+3)
}

// Pill fills a rectangle with round corners.
func (b *Brush) Pill(x, y, w, h, r float32, c Color) { b.PillShade(x, y, w, h, r, c, c) }

// PillShade is Pill with a gradient from top to bottom.
func (b *Brush) PillShade(x, y, w, h, r float32, top, bottom Color) {
	r = min(r, w/2, h/2)
	n := b.steps(r) / 4
	p := b.ring[:0]
	for corner := range 4 {
		cx, cy := x+r, y+r
		if corner == 0 || corner == 3 {
			cx = x + w - r
		}
		if corner < 2 {
			cy = y + h - r
		}
		for i := range n + 1 {
			s, c := math.Sincos((float64(corner) + float64(i)/float64(n)) * math.Pi / 2)
			p = append(p, [2]float32{cx + r*float32(c), cy + r*float32(s)})
		}
	}
	b.shade(p, top, bottom)
}

// Circle fills a circle.
func (b *Brush) Circle(x, y, r float32, c Color) { b.Ellipse(x, y, r, r, 0, c) }

// Ellipse fills an ellipse turned by angle.
func (b *Brush) Ellipse(x, y, rx, ry, angle float32, c Color) {
	n := b.steps(max(rx, ry))
	ts, tc := math.Sincos(float64(angle))
	p := b.ring[:0]
	for i := range n {
		s, c := math.Sincos(float64(i) / float64(n) * 2 * math.Pi)
		u, v := float64(rx)*c, float64(ry)*s
		p = append(p, [2]float32{x + float32(u*tc-v*ts), y + float32(u*ts+v*tc)})
	}
	b.shade(p, c, c)
}

// Ring draws the outline of a circle, thick wide.
func (b *Brush) Ring(x, y, r, thick float32, c Color) {
	n := b.steps(r)
	px, py := x+r, y
	for i := 1; i <= n; i++ {
		s, q := math.Sincos(float64(i) / float64(n) * 2 * math.Pi)
		nx, ny := x+r*float32(q), y+r*float32(s)
		b.Stroke(px, py, nx, ny, thick, c)
		px, py = nx, ny
	}
}

// Stroke draws a line with flat ends.
func (b *Brush) Stroke(x0, y0, x1, y1, thick float32, c Color) {
	ux, uy := unit(x1-x0, y1-y0)
	nx, ny := -uy*thick/2, ux*thick/2
	p := append(b.ring[:0], [2]float32{x0 + nx, y0 + ny}, [2]float32{x1 + nx, y1 + ny}, [2]float32{x1 - nx, y1 - ny}, [2]float32{x0 - nx, y0 - ny})
	b.shade(p, c, c)
}

// Line draws a line with round ends.
func (b *Brush) Line(x0, y0, x1, y1, thick float32, c Color) {
	r := thick / 2
	n := max(b.steps(r)/2, 3)
	turn := math.Atan2(float64(y1-y0), float64(x1-x0)) - math.Pi/2
	p := b.ring[:0]
	for end := range 2 {
		x, y := x1, y1
		if end == 1 {
			x, y = x0, y0
		}
		for i := range n + 1 {
			s, c := math.Sincos(turn + (float64(end)+float64(i)/float64(n))*math.Pi)
			p = append(p, [2]float32{x + r*float32(c), y + r*float32(s)})
		}
	}
	b.shade(p, c, c)
}

// steps is how many corners make a circle of radius r look round, a multiple of 4.
func (b *Brush) steps(r float32) int {
	n := int(math.Sqrt(float64(r*b.scale))*4) &^ 3
	return min(max(n, 8), 52)
}
