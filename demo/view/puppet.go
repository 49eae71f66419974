//go:build cgo || windows || js

package view

import (
	"math"

	"github.com/punchback/punchback/demo/game"
)

// puppet is how one fighter is drawn: a round fellow with big fists, who
// squashes when he lands and stretches when he flies.
type puppet struct {
	squash, speed float32 // a spring: above 0 is flat, below is long
	stride        float32
	lean          float32
	vx, vy        float32 // smoothed, for what trails behind
	spin          float32
	ouch          float32
	hurt          int16
	fist          [2][2]float32 // where the fists are, seen from the feet
	ghost         [6][2]float32
	tick          int
}

// follow moves the springs by one tick.
func (p *puppet) follow(f *game.Fighter) {
	vx, vy := float32(f.Vel.X.Float64()), float32(f.Vel.Y.Float64())
	if f.Stop > 0 {
		return
	}
	p.tick++
	p.vx += (vx - p.vx) * 0.3
	p.vy += (vy - p.vy) * 0.3
	want := float32(0)
	if !f.Grounded {
		want = -min(float32(math.Abs(float64(vy)))*0.028, 0.3)
	}
	if f.Move == game.WindUp {
		want = 0.14 + 0.12*float32(f.Charge)/game.ChargeFrames
	}
	p.speed += (want-p.squash)*0.28 - p.speed*0.34
	p.squash = min(max(p.squash+p.speed, -0.4), 0.45)
	p.lean += (vx*0.035 - p.lean) * 0.25
	if f.Grounded {
		p.stride += vx * 0.11
	}
	if f.Move == game.Stunned {
		p.spin += 0.09 * (vx + sign(vx)*2)
	} else {
		p.spin *= 0.6
	}
	if f.Hurt > p.hurt {
		p.ouch = 7
	}
	p.hurt = f.Hurt
	p.ouch *= 0.87
	x, y := place(f)
	if p.tick%2 == 0 {
		copy(p.ghost[1:], p.ghost[:])
		p.ghost[0] = [2]float32{x, y}
	}
	for i := range p.fist {
		wx, wy, quick := p.reach(f, i)
		p.fist[i][0] += (wx - p.fist[i][0]) * quick
		p.fist[i][1] += (wy - p.fist[i][1]) * quick
	}
}

func sign(x float32) float32 {
	if x < 0 {
		return -1
	}
	return 1
}

// reach is where fist i wants to be, and how quickly it goes there.
func (p *puppet) reach(f *game.Fighter, i int) (x, y, quick float32) {
	face := float32(f.Face)
	back := float32(1 - 2*i) // 1 for the fist in front
	x, y, quick = face*(4+7*back), -13, 0.3
	y += float32(math.Sin(float64(p.tick)*0.1+float64(i)*2)) * 1.2
	if f.Grounded {
		x += float32(math.Sin(float64(p.stride)+float64(i)*math.Pi)) * min(float32(math.Abs(float64(p.vx))), 4)
	} else if f.Move == game.Free {
		x, y = face*2+back*13, -19+p.vy*0.8
	}
	if i == 1 && f.Move != game.Stunned {
		return x, y, quick
	}
	switch f.Move {
	case game.WindUp:
		k := 8 + 8*float32(f.Charge)/game.ChargeFrames
		switch f.Aim {
		case game.Above:
			x, y = -face*3, -8+k*0.6
		case game.Below:
			x, y = -face*6, -24-k*0.4
		default:
			x, y = -face*k, -15
		}
		quick = 0.45
	case game.Strike:
		box := f.Fist()
		px, py := place(f)
		x = float32((box.Left+box.Right).Float64())/2 - px
		y = float32((box.Top+box.Bottom).Float64())/2 - py
		if f.Aim == game.Ahead || f.Aim == game.Below && f.Grounded {
			x = float32(box.Right.Float64()) - px - 9
			if face < 0 {
				x = float32(box.Left.Float64()) - px + 9
			}
		}
		quick = 0.9
	case game.Dashing:
		x, y = -face*13, -14
	case game.Stunned:
		x = back*14 + float32(math.Sin(float64(p.tick)*0.4+float64(i)*2))*3
		y = -22 + float32(math.Cos(float64(p.tick)*0.4+float64(i)))*6
		quick = 0.6
	}
	return x, y, quick
}

func (p *puppet) draw(b *Brush, f *game.Fighter, c Color, t float32) {
	if f.Move == game.Fallen {
		return
	}
	x, y := place(f)
	if f.Stop > 0 && f.Move == game.Stunned {
		x += float32(math.Sin(float64(t)*2.6)) * float32(f.Stop) * 0.45
	}
	alpha := float32(1)
	if f.Gone {
		alpha = 0.35
	} else if f.Safe > 0 && f.Move != game.Dashing {
		alpha = 0.55 + 0.35*float32(math.Sin(float64(t)*0.9))
	}
	if f.Move == game.Dashing {
		for i, g := range p.ghost {
			b.Pill(g[0]-11, g[1]-30, 22, 29, 10, c.Fade(0.34-0.05*float32(i)))
		}
	}
	if f.Move == game.WindUp && f.Charge > 2 {
		k := float32(f.Charge) / game.ChargeFrames
		x += float32(math.Sin(float64(t)*2.9)) * k * 1.4
		b.Circle(x+p.fist[0][0], y+p.fist[0][1], 9+8*k+2*float32(math.Sin(float64(t)*0.6)), Gold.Fade(0.28*k*alpha))
	}
	b.Ellipse(x, y+1, 11, 2.4, 0, Ink.Fade(ground(f)*alpha))

	wide, high := 1+p.squash, 1-p.squash
	turn := p.lean
	if f.Move == game.Stunned {
		turn = p.spin
	}
	body := limb{x: x, y: y - 3 - 14*high, turn: turn, face: float32(f.Face)}
	dark := c.Mix(Ink, 0.42)
	for i := range 2 { // feet
		u := float64(p.stride) + float64(i)*math.Pi
		fx, lift := float32(math.Sin(u))*6, float32(math.Max(0, math.Cos(u)))*3
		run := min(float32(math.Abs(float64(p.vx)))/2, 1)
		fx, lift = fx*run+(float32(i)*2-1)*4*(1-run*0.6), lift*run
		if !f.Grounded {
			fx, lift = (float32(i)*2-1)*5-p.vx*0.5, 2-p.vy*0.3+float32(i)
		}
		px, py := body.at(fx, 14*high+1-lift)
		b.Ellipse(px, py, 5.6, 3.9, turn, Ink.Fade(alpha))
		b.Ellipse(px, py-0.3, 4.2, 2.6, turn, dark.Fade(alpha))
	}
	p.glove(b, x, y, 1, c, alpha)
	for i := range 2 { // the band's two ends fly behind
		px, py := body.at(-10*wide*body.face, -7*high)
		wave := float32(math.Sin(float64(t)*0.3+float64(i)*1.7)) * 2
		ex, ey := px-body.face*9-p.vx*1.6, py+5+float32(i)*4+wave-p.vy*0.9
		b.Line(px, py, ex, ey, 4, Ink.Fade(alpha))
		b.Line(px, py, ex, ey, 2.4, dark.Mix(Paper, 0.15).Fade(alpha))
	}
	b.Ellipse(body.x, body.y, 12.8*wide, 15.8*high, turn, Ink.Fade(alpha))
	b.Ellipse(body.x, body.y, 11.2*wide, 14.2*high, turn, c.Fade(alpha))
	px, py := body.at(0, 6*high)
	b.Ellipse(px, py, 7.6*wide, 6.4*high, turn, c.Mix(Paper, 0.34).Fade(alpha))
	px, py = body.at(-11.4*wide, -6.6*high)
	qx, qy := body.at(11.4*wide, -6.6*high)
	b.Stroke(px, py, qx, qy, 4.4, dark.Fade(alpha))
	p.eyes(b, f, body, wide, high, alpha, t)
	p.glove(b, x, y, 0, c, alpha)
}

func ground(f *game.Fighter) float32 {
	if f.Grounded {
		return 0.35
	}
	return 0
}

// limb turns what hangs on a body.
type limb struct{ x, y, turn, face float32 }

func (l limb) at(dx, dy float32) (float32, float32) {
	s, c := math.Sincos(float64(l.turn))
	return l.x + dx*float32(c) - dy*float32(s), l.y + dx*float32(s) + dy*float32(c)
}

func (p *puppet) glove(b *Brush, x, y float32, i int, c Color, alpha float32) {
	gx, gy := x+p.fist[i][0], y+p.fist[i][1]
	b.Circle(gx, gy, 7.6, Ink.Fade(alpha))
	b.Circle(gx, gy, 6.1, Paper.Mix(c, 0.22).Fade(alpha))
	b.Circle(gx-1.6, gy-2, 2, Paper.Fade(0.9*alpha))
}

func (p *puppet) eyes(b *Brush, f *game.Fighter, l limb, wide, high, alpha, t float32) {
	blink := int(t)%171 < 6
	for i := range 2 {
		ex, ey := l.at((l.face*3.4+(float32(i)*2-1)*4)*wide, -1.5*high)
		switch {
		case f.Move == game.Stunned:
			b.Line(ex-2.2, ey-2.2, ex+2.2, ey+2.2, 1.8, Ink.Fade(alpha))
			b.Line(ex-2.2, ey+2.2, ex+2.2, ey-2.2, 1.8, Ink.Fade(alpha))
		case blink:
			b.Line(ex-2, ey, ex+2, ey, 1.6, Ink.Fade(alpha))
		default:
			b.Ellipse(ex, ey, 3.1, 4, l.turn, Paper.Fade(alpha))
			b.Circle(ex+l.face*1.1, ey+min(max(p.vy*0.25, -1.4), 1.4), 1.8, Ink.Fade(alpha))
			if f.Move == game.WindUp || f.Move == game.Strike { // cross
				b.Stroke(ex-3.4, ey-3.6-l.face*(float32(i)*2-1)*-1, ex+3.4, ey-3.6+l.face*(float32(i)*2-1)*-1, 2, Ink.Fade(alpha))
			}
		}
	}
}
