//go:build cgo || windows || js

package scene

import (
	"image"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// splitScreen is two machines in one: two sessions with a network in a
// variable between them, which can be made as bad as one likes.
type splitScreen struct {
	half  [2]half
	net   *simnet.Net
	menu  menu
	inset [2]view.Brush
	err   error
	seed  uint64
	calm  bool
	used  [2]bool // somebody holds the keys of this half
}

// half is one of the two machines.
type half struct {
	game    *game.Game
	session *netcode.Session
	arena   view.Arena
	strip   strip
}

func newSplit(a *app) scene {
	s := &splitScreen{seed: uint64(a.tick)*977 + 1, calm: a.settings.calm}
	s.menu = menu{x: 150, y: 284, w: 340, h: 20, items: a.o.sliders()}
	s.reset()
	a.controls.Players = 2
	return s
}

func (s *splitScreen) reset() {
	s.seed++
	s.net = simnet.New(s.seed, 2)
	for i := range s.half {
		h := &s.half[i]
		*h = half{game: game.New(s.seed, 2), arena: view.Arena{You: i, Calm: s.calm}}
		h.arena.Names = [game.MaxPlayers]string{"P1", "P2"}
		cfg := netcode.Config{Terms: netcode.Terms{Players: 2, Seed: s.seed, Build: game.Build}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(i)}
		if h.session, s.err = netcode.NewSession(h.game, s.net.Peer(cfg.Self), cfg); s.err != nil {
			return
		}
	}
}

func (s *splitScreen) name() string { return "split" }
func (s *splitScreen) close(a *app) { a.controls.Players = 1 }

// path is the network that the sliders make.
func (s *splitScreen) path() simnet.Path {
	it := s.menu.items
	return path(it[0].value*10, it[1].value*10, float64(it[2].value)*0.02)
}

func (s *splitScreen) update(a *app) scene {
	if s.err != nil {
		return newFail(s.err)
	}
	if a.keys.back {
		return newTitle(a)
	}
	p := a.keys
	p.up, p.down, p.left, p.right = a.keys.slower, a.keys.faster, a.keys.less, a.keys.more // the arrows play
	s.menu.update(&p)
	it := s.menu.items
	it[0].hint, it[1].hint, it[2].hint = itoa(it[0].value*10)+" ms", itoa(it[1].value*10)+" ms", itoa(it[2].value*2)+" %"
	s.net.SetAll(s.path())
	s.net.Tick()
	bits := [2]uint64{a.controls.Bits(0), a.controls.Bits(1)}
	if s.used[1] = s.used[1] || bits[1] != 0; a.controls.Device() == controls.Touch && !s.used[1] {
		bits[1] = game.Bot(s.half[1].game.State(), 1, 12) // A screen has no place for two pairs of thumbs.
	}
	for i := range s.half {
		h := &s.half[i]
		if a.o.Autoplay {
			bits[i] = game.Bot(h.game.State(), netcode.Player(i), uint64(i)+11)
		}
		if err := h.session.Advance(netcode.Input{Bits: bits[i]}); err != nil {
			return newFail(err)
		}
		h.strip.follow(h.session)
		speaker := a.speaker
		if i > 0 {
			speaker = nil
		}
		h.arena.Update(h.game, speaker)
	}
	if st := s.half[0].game.State(); st.Phase == game.MatchOver && st.Clock > 60 && (a.keys.enter || a.o.Autoplay && st.Clock > 240) {
		s.reset()
	}
	return s
}

func (s *splitScreen) draw(b *view.Brush, a *app) {
	under(b, a)
	b.Screen()
	b.Rect(0, 0, view.Width, view.Height, view.Ink)
	for i := range s.half {
		x := float32(322 * i)
		b.Text(view.Legend(a.controls, i), x+6, 252, 1, view.Player[i].Mix(view.Paper, 0.4))
		s.half[i].strip.draw(b, x+4, 238, 310)
	}
	b.Text("confirmed", 512, 286, 1, view.Paper)
	b.Text("predicted", 512, 302, 1, view.Grey)
	b.Text("rolled back", 512, 318, 1, view.Alarm)
	for i := range s.half {
		st := s.half[i].session.Stats()
		b.Text("repairs "+itoa(int(st.Rollbacks)), 14, 272+float32(i)*36, 1, view.Player[i].Mix(view.Paper, 0.3))
		b.Text("deepest "+itoa(st.MaxDepth)+" waits "+itoa(int(st.Waited)), 14, 286+float32(i)*36, 1, view.Grey)
	}
	drawMenu(b, &s.menu, a.tick)
	how := "1 2 choose   3 4 change   or drag       Escape: back"
	if a.controls.Device() == controls.Touch {
		how = "drag to change the network between the two"
	}
	b.TextCenter(how, view.Width/2, 346, 1, view.Grey)
	if st := s.half[0].game.State(); st.Phase == game.MatchOver && st.Clock > 60 {
		note(b, "Enter: once more", 220)
	}
}

// over draws the two worlds, each in its own part of the screen.
func (s *splitScreen) over(dst *ebiten.Image, a *app) {
	k := float32(a.frame.scale)
	for i := range s.half {
		x := 322 * i * a.frame.scale
		part := dst.SubImage(image.Rect(x, 0, x+318*a.frame.scale, 232*a.frame.scale)).(*ebiten.Image)
		const zoom = 0.62
		b := &s.inset[i]
		b.Within(part, 0, 0, zoom*k)
		s.half[i].arena.Draw(b, s.half[i].game.State(), 318/zoom, 232/zoom)
		b.End()
	}
}
