//go:build cgo || windows || js

package view

import (
	"math"

	"github.com/punchback/punchback/demo/game"
)

// Arena is what a picture of a match remembers beside the state: the camera,
// sparks, and how each puppet moved. It follows states as they come; losing
// one, or seeing one again after a rollback, does no harm.
type Arena struct {
	Names   [game.MaxPlayers]string
	Notes   [game.MaxPlayers]string // what is wrong with a player's machine; empty: nothing
	You     int                     // the seat whose arrow is drawn, or -1
	Bare    bool                    // without damage and banners
	Calm    bool                    // without shaking and flashes
	puppets [game.MaxPlayers]puppet
	sparks  sparks
	t       float32
	x, y    float32 // the camera looks here
	zoom    float32
	shake   float32
	flash   float32
	banner  string
	bannerC Color
	bannerT float32
}

// Update follows one tick. A nil speaker is silent.
func (a *Arena) Update(g *game.Game, speaker *Speaker) {
	s := g.State()
	a.t++
	if a.zoom == 0 {
		a.zoom, a.y = 0.5, -60
	}
	for c, happened := range g.Cues().Heard(g.State().Frame) {
		if !happened {
			a.sparks.undo(c)
			speaker.Fade(c)
			continue
		}
		a.cue(s, c.Kind, int(c.Who), float32(c.X), float32(c.Y), float32(c.Size), c.Frame)
		speaker.Cue(c)
	}
	for i := range s.Fighters[:s.Players] {
		a.puppets[i].follow(&s.Fighters[i])
	}
	a.sparks.update()
	a.shake *= 0.86
	a.flash *= 0.88
	if a.Calm {
		a.shake, a.flash = 0, 0
	}
	a.bannerT++
	a.follow(s)
}

// follow moves the camera so that everybody who is still in is seen.
func (a *Arena) follow(s *game.State) {
	left, right, top, bottom := float32(-130), float32(130), float32(-110), float32(30)
	for i := range s.Fighters[:s.Players] {
		f := &s.Fighters[i]
		if f.Move == game.Fallen || f.Gone {
			continue
		}
		x, y := place(f)
		left, right = min(left, x-60), max(right, x+60)
		top, bottom = min(top, y-80), max(bottom, y+50)
	}
	left, right = max(left, -430), min(right, 430)
	top, bottom = max(top, -350), min(bottom, 240)
	zoom := min(Width/(right-left+60), (Height-60)/(bottom-top+20), 1.25)
	if s.Phase == game.MatchOver && s.Winner >= 0 {
		x, y := place(&s.Fighters[s.Winner])
		left, right, top, bottom, zoom = x, x, y-40, y-20, 1.5
	}
	a.x += ((left+right)/2 - a.x) * 0.07
	a.y += ((top+bottom)/2 - a.y) * 0.07
	a.zoom += (zoom - a.zoom) * 0.06
}

func place(f *game.Fighter) (x, y float32) {
	return float32(f.Pos.X.Float64()), float32(f.Pos.Y.Float64())
}

func (a *Arena) say(s string, c Color) { a.banner, a.bannerC, a.bannerT = s, c, 0 }

// Hush takes the banner away, for a message of the scene.
func (a *Arena) Hush() { a.banner = "" }

// Draw draws the match on w by h units of b, which has begun.
func (a *Arena) Draw(b *Brush, s *game.State, w, h float32) {
	jx := a.shake * float32(math.Sin(float64(a.t)*2.3))
	jy := a.shake * float32(math.Cos(float64(a.t)*3.1))
	b.Sky(a.x+jx, a.y+jy, a.t)
	zoom := a.zoom * min(w/Width, h/Height)
	b.Camera(a.x+jx, a.y+jy, w/2, h/2+8, zoom)
	a.stage(b, s)
	a.sparks.draw(b, false)
	for i := range s.Fighters[:s.Players] {
		if i != a.You {
			a.puppets[i].draw(b, &s.Fighters[i], Player[i], a.t)
		}
	}
	if a.You >= 0 && a.You < int(s.Players) { // in front of the others
		f := &s.Fighters[a.You]
		a.puppets[a.You].draw(b, f, Player[a.You], a.t)
		if f.Move != game.Fallen {
			x, y := place(f)
			y -= 54 + 2*float32(math.Sin(float64(a.t)*0.15))
			b.Poly(append(b.ring[:0], [2]float32{x - 6, y}, [2]float32{x + 6, y}, [2]float32{x, y + 7}), Player[a.You].Mix(Paper, 0.3))
		}
	}
	a.sparks.draw(b, true)
	b.Screen()
	if a.flash > 0.02 {
		b.Rect(0, 0, w, h, Paper.Fade(a.flash))
	}
	if !a.Bare {
		a.cards(b, s, w, h)
		a.words(b, s, w, h)
	}
}

// stage draws the island and its platforms.
func (a *Arena) stage(b *Brush, s *game.State) {
	const half, depth = game.StageHalf, game.StageDepth
	sudden := s.Phase == game.Fight && s.Clock > game.SuddenDeath
	grass, stone := Grass, Stone
	if sudden {
		k := 0.4 + 0.3*float32(math.Sin(float64(a.t)*0.2))
		grass, stone = grass.Mix(Alarm, k), stone.Mix(Alarm, k/2)
	}
	for i := range 5 { // the island's roots
		u := float32(i-2) / 2
		x, w := u*130, 74-20*float32(math.Abs(float64(u)))
		d := 60 + 34*(1-u*u) + float32(hash(i+5)%12)
		b.Poly(append(b.ring[:0], [2]float32{x - w, depth - 8}, [2]float32{x + w, depth - 8}, [2]float32{x + w/3, depth + d*0.7}, [2]float32{x, depth + d}, [2]float32{x - w/2, depth + d*0.6}), stone.Mix(Ink, 0.45+0.1*float32(i%2)))
	}
	b.PillShade(-half, 0, 2*half, depth, 10, stone.Mix(Paper, 0.12), stone.Mix(Ink, 0.35))
	for i := range 16 { // stones
		h := hash(i + 31)
		x := float32(h%(2*half-40)) - half + 20
		y := 14 + float32(h/400%24)
		b.Pill(x, y, 10+float32(h%9), 5, 2, stone.Mix(Ink, 0.25))
	}
	b.Pill(-half-3, -1, 2*half+6, 11, 5, grass.Mix(Ink, 0.35))
	b.Pill(-half-3, -1, 2*half+6, 7, 4, grass)
	for i := range 34 { // blades
		h := hash(i + 200)
		x := float32(h%(2*half-8)) - half + 4
		sway := 2 * float32(math.Sin(float64(a.t)*0.04+float64(x)*0.05))
		b.Stroke(x, 1, x+sway, -3-float32(h%4), 1.5, grass.Mix(Paper, 0.2))
	}
	for _, p := range game.Platforms {
		x, w, y := float32(p.Left), float32(p.Right-p.Left), float32(p.Y)
		b.Pill(x+3, y+3, w-6, 8, 4, stone.Mix(Ink, 0.4))
		b.Pill(x, y-1, w, 7, 3.5, grass.Mix(Ink, 0.3))
		b.Pill(x, y-1, w, 4, 2, grass)
	}
}

// cards shows each player's damage and rounds at the lower edge.
func (a *Arena) cards(b *Brush, s *game.State, w, h float32) {
	n := float32(s.Players)
	cw := min(118, (w-12)/n-6)
	x := w/2 - (n*cw+(n-1)*6)/2
	for i := range s.Fighters[:s.Players] {
		f, p, c := &s.Fighters[i], &a.puppets[i], Player[i]
		out := f.Gone || f.Move == game.Fallen
		y := h - 46
		jx := p.ouch * float32(math.Sin(float64(a.t)*1.9)) * 0.6
		if note := a.Notes[i]; note != "" && !f.Gone {
			b.Pill(x, y-18, min(b.Width(note, 1)+14, cw), 16, 8, Ink.Fade(0.72))
			b.Text(note, x+7, y-17, 1, Gold)
		}
		b.Pill(x, y, cw, 41, 8, Ink.Fade(0.72))
		b.Pill(x, y, 5, 41, 2.5, c)
		name := a.Names[i]
		if name == "" {
			name = "P" + string(rune('1'+i))
		}
		if most := int((cw - 18) / b.Width("ab", 1) * 2); len(name) > most && most > 0 {
			name = name[:most]
		}
		ink := c.Mix(Paper, 0.25)
		if out {
			ink = Grey.Fade(0.6)
		}
		b.Text(name, x+10, y+3, 1, ink)
		for k := range game.RoundsToWin {
			px, py := x+14+float32(k)*9, y+29
			b.Circle(px, py, 3.4, Paper.Fade(0.2))
			if k < int(f.Wins) {
				b.Circle(px, py, 3.4, Gold)
			}
		}
		text := "out"
		hurt := Paper.Mix(Gold, min(float32(f.Hurt)/60, 1)).Mix(Alarm, min(max(float32(f.Hurt)-60, 0)/80, 1))
		if f.Gone {
			text = "gone"
		}
		if !out {
			text = percents[min(max(int(f.Hurt), 0), game.MaxHurt)]
		} else {
			hurt = Grey
		}
		size := float32(2)
		if b.Width(text, 2) > cw-42 {
			size = 1
		}
		b.Text(text, x+cw-6-b.Width(text, size)+jx, y+28-size*7, size, hurt)
		x += cw + 6
	}
}

// words writes the banner in the middle.
func (a *Arena) words(b *Brush, s *game.State, w, h float32) {
	if s.Phase == game.Fight && s.Clock < game.SuddenDeath && s.Clock > game.SuddenDeath-10*game.Rate {
		b.Shout(percents[(game.SuddenDeath-int(s.Clock)+59)/60][:1+btoi((game.SuddenDeath-int(s.Clock)+59)/60 > 9)], w/2, 8, 2, Paper)
	}
	if a.banner == "" || a.bannerT > 80 {
		return
	}
	pop := 1 + 1.2*float32(math.Exp(-float64(a.bannerT)/3))
	fade := min((80-a.bannerT)/20, 1)
	b.Shout(a.banner, w/2, h*0.3-13*pop, float32(int(3*pop)), a.bannerC.Fade(fade))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// percents are written once, so that a frame makes no strings.
var percents = func() (p [game.MaxHurt + 1]string) {
	for i := range p {
		d := [4]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10), '%'}
		skip := 0
		if i < 100 {
			skip = 1
		}
		if i < 10 {
			skip = 2
		}
		p[i] = string(d[skip:])
	}
	return p
}()
