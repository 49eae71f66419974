//go:build cgo || windows || js

package view

import (
	"math"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
)

// spark is a bit of dust, a flying line or a growing ring.
type spark struct {
	x, y, vx, vy float32
	life, max    float32
	size         float32
	kind         uint8
	front        bool
	c            Color
	cause        cause
}

// cause is the cue that made a spark, so that it can be taken back.
type cause struct {
	frame netcode.Frame
	kind  uint8
	who   uint8
}

const (
	dust uint8 = iota
	dash
	ring
)

// sparks are bounded; the oldest make room.
type sparks struct {
	all  [320]spark
	next int
	by   cause
	seed int
}

func (s *sparks) add(p spark) {
	p.max, p.cause = p.life, s.by
	s.all[s.next] = p
	s.next = (s.next + 1) % len(s.all)
}

// rnd is from -1 to 1. Looks may differ between machines, so any source will do.
func (s *sparks) rnd() float32 {
	s.seed++
	return float32(hash(s.seed)%2001)/1000 - 1
}

// burst throws n sparks around a direction.
func (s *sparks) burst(kind uint8, n int, x, y, vx, vy, spread, life, size float32, c Color, front bool) {
	for range n {
		s.add(spark{x: x + s.rnd()*3, y: y + s.rnd()*3, vx: vx + s.rnd()*spread, vy: vy + s.rnd()*spread,
			life: life * (0.6 + 0.4*(s.rnd()+1)), size: size * (0.7 + 0.3*(s.rnd()+1)), kind: kind, c: c, front: front})
	}
}

// undo removes what an event set off that turned out not to have happened.
func (s *sparks) undo(c cues.Cue) {
	gone := cause{c.Frame, c.Kind, uint8(c.Who)}
	for i := range s.all {
		if s.all[i].life > 0 && s.all[i].cause == gone {
			s.all[i].life = min(s.all[i].life, 2)
		}
	}
}

func (s *sparks) update() {
	for i := range s.all {
		p := &s.all[i]
		if p.life <= 0 {
			continue
		}
		p.life--
		p.x, p.y = p.x+p.vx, p.y+p.vy
		p.vx, p.vy = p.vx*0.92, p.vy*0.92
		if p.kind == dash {
			p.vy += 0.06
		}
	}
}

func (s *sparks) draw(b *Brush, front bool) {
	for i := range s.all {
		p := &s.all[i]
		if p.life <= 0 || p.front != front {
			continue
		}
		k := p.life / p.max
		switch p.kind {
		case dust:
			b.Circle(p.x, p.y, p.size*(1.3-k*0.6), p.c.Fade(k*0.8))
		case dash:
			b.Line(p.x, p.y, p.x-p.vx*3, p.y-p.vy*3, p.size*k+0.5, p.c.Fade(min(k*2, 1)))
		case ring:
			b.Ring(p.x, p.y, p.size*(1.15-k*k), 6*k*p.size/30+0.5, p.c.Fade(k))
		}
	}
}

// cue is what an event looks like.
func (a *Arena) cue(s *game.State, kind uint8, who int, x, y, size float32, frame netcode.Frame) {
	sp := &a.sparks
	sp.by = cause{frame, kind, uint8(who)}
	c := Player[who%len(Player)]
	p := &a.puppets[who%len(a.puppets)]
	puff := Paper.Mix(Rose, 0.3)
	switch kind {
	case game.CueCount:
		a.say([]string{"3", "2", "1"}[min(max(3-int(size), 0), 2)], Paper)
	case game.CueGo:
		a.say("PUNCH!", Gold)
	case game.CueJump:
		p.speed -= 0.16
		sp.burst(dust, 5, x, y, 0, -0.2, 1, 16, 3, puff, false)
	case game.CueAirJump:
		p.speed -= 0.18
		sp.add(spark{x: x, y: y, life: 14, size: 16, kind: ring, c: Paper.Fade(0.8)})
		sp.burst(dust, 4, x, y, 0, 0.6, 0.7, 14, 2.5, puff, false)
	case game.CueLand:
		p.speed += min(size*0.03, 0.22)
		sp.burst(dust, 3+int(size/2), x, y, 0, -0.3, 1.5, 18, 3, puff, false)
	case game.CueDash:
		sp.burst(dust, 6, x, y+6, 0, 0, 1.2, 16, 3.4, c.Mix(Paper, 0.5), false)
		sp.add(spark{x: x, y: y, life: 12, size: 20, kind: ring, c: c})
	case game.CueCharged:
		sp.add(spark{x: x, y: y, life: 16, size: 30, kind: ring, c: Gold, front: true})
		sp.burst(dash, 8, x, y, 0, 0, 3, 16, 2, Gold, true)
	case game.CueSwing:
		face := float32(1)
		if who < int(s.Players) {
			face = float32(s.Fighters[who].Face)
		}
		sp.burst(dash, 3+int(size), x+face*10, y, face*3, 0, 1, 10, 2, Paper, true)
	case game.CueHit:
		a.shake = max(a.shake, min(2+size*0.7, 14))
		if size > 10 {
			a.flash = max(a.flash, min(size/50, 0.4))
		}
		sp.add(spark{x: x, y: y, life: 14 + size/2, size: 22 + size*2, kind: ring, c: Paper, front: true})
		sp.burst(dash, 8+int(size), x, y, 0, 0, 2.5+size*0.4, 22, 3, Gold, true)
		sp.burst(dash, 5, x, y, 0, 0, 2+size*0.3, 20, 3, c, true)
		sp.burst(dust, 5, x, y, 0, 0, 1.5, 22, 5, Paper, false)
	case game.CueBounce:
		a.shake = max(a.shake, min(size*0.5, 6))
		sp.burst(dust, 6, x, y, 0, 0, 1.6, 20, 4, puff, false)
	case game.CueTrail:
		sp.burst(dust, 1, x, y, 0, 0, 0.4, 26, 5.5, c.Mix(Paper, 0.55).Fade(0.7), false)
	case game.CueFall:
		a.shake, a.flash = 16, 0.35
		dx, dy := unit(-x, -60-y)
		for range 34 {
			v := 3 + 9*(sp.rnd()+1)
			sp.add(spark{x: x, y: y, vx: dx*v + sp.rnd()*2.5, vy: dy*v + sp.rnd()*2.5, life: 38, size: 4, kind: dash, c: c.Mix(Paper, 0.3*(sp.rnd()+1)), front: true})
		}
		for i := range 3 {
			sp.add(spark{x: x, y: y, life: 24 + 8*float32(i), size: 60 + 40*float32(i), kind: ring, c: c, front: true})
		}
	case game.CueSudden:
		a.say("SUDDEN DEATH", Alarm)
		a.shake = 8
	case game.CueRound:
		a.say("ROUND", c.Mix(Paper, 0.2))
		a.confetti(x, y-20, 30)
	case game.CueMatch:
		a.say("VICTORY", c.Mix(Paper, 0.2))
		a.confetti(x, y-20, 90)
	}
}

func (a *Arena) confetti(x, y float32, n int) {
	for range n {
		u := float64(a.sparks.rnd()) * math.Pi
		v := 2 + 2.5*(a.sparks.rnd()+1)
		a.sparks.add(spark{x: x, y: y, vx: v * float32(math.Cos(u)), vy: -2 - v*float32(math.Abs(math.Sin(u))), life: 70, size: 3, kind: dash,
			c: Player[hash(a.sparks.seed)%len(Player)], front: true})
	}
}
