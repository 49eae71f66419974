//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode"
)

// title is the first page. Behind it two bots fight, to nobody's harm.
type title struct {
	menu  menu
	t     float32
	show  *game.Game
	arena view.Arena
	in    []netcode.Input
}

const (
	friend = iota
	join
	bot
	split
	naming
	setting
	quit
)

func newTitle(a *app) scene {
	t := &title{menu: menu{items: []item{
		friend:  {hint: "Makes a room and a link to it. Left and right: how many play", turns: true},
		join:    {text: "Join a room", hint: "Type the code that a friend told you, or the whole link"},
		bot:     {text: "Play against a bot", hint: "Over a real WebRTC link, inside this machine"},
		split:   {text: "Split screen", hint: "Two at one keyboard, and a bad network between you to play with"},
		naming:  {hint: "What the others see. It is kept"},
		setting: {text: "Settings", hint: "Sound, input delay, your address, motion"},
		quit:    {text: "Quit"},
	}}}
	if !canQuit {
		t.menu.items = t.menu.items[:quit]
	}
	t.reset(a)
	return t
}

func (t *title) reset(a *app) {
	t.show = game.New(uint64(a.tick)*2654435761+5, 2)
	t.in = make([]netcode.Input, 2)
	t.arena = view.Arena{You: -1, Bare: true, Calm: a.settings.calm}
}

func (t *title) name() string { return "title" }
func (t *title) close(*app)   {}

func (t *title) update(a *app) scene {
	t.t++
	s := t.show.State()
	for i := range t.in {
		t.in[i].Bits = game.Bot(s, netcode.Player(i), uint64(i)+3)
	}
	t.show.Step(t.in)
	t.arena.Update(t.show, nil)
	if s.Phase == game.MatchOver && s.Clock > 240 {
		t.reset(a)
	}
	t.menu.items[friend].text = "Play with a friend"
	if a.o.Players > 2 {
		t.menu.items[friend].text = "Play with friends: " + itoa(a.o.Players)
	}
	t.menu.items[naming].text = "Name: " + cutText(a.o.Name, 20)
	was := t.menu.at
	t.menu.lay(&a.frame, titleTop, noteTop)
	picked := t.menu.update(&a.keys)
	if t.menu.at == friend {
		if a.keys.left {
			a.o.Players = max(a.o.Players-1, 2)
		}
		if a.keys.right {
			a.o.Players = min(a.o.Players+1, game.MaxPlayers)
		}
	}
	if was != t.menu.at || picked >= 0 {
		a.speaker.Blip(picked >= 0)
	}
	home := place{server: a.o.Server, players: a.o.Players, fresh: true}
	switch picked {
	case friend:
		return newLobby(a, home, false)
	case join:
		return newEntry()
	case bot:
		home.players = 2
		return newLobby(a, home, true)
	case split:
		return newSplit(a)
	case naming:
		return newNaming(a)
	case setting:
		return newSettings(a)
	case quit:
		return nil
	}
	return t
}

func (t *title) draw(b *view.Brush, a *app) {
	t.arena.Draw(b, t.show.State(), view.Width, view.Height)
	b.Screen()
	b.Gradient(0, 0, view.Width, view.Height, view.Ink.Fade(0.2), view.Ink.Fade(0.62))
	size := float32(9)
	if a.frame.tall() {
		b.Rect(0, view.Height, view.Width, 2*view.Height, view.Ink.Fade(0.62))
		size = 7.8
	}
	b.Logo(view.Width/2, 52, size, t.t)
	b.Shout("hole punching and rollback, as a brawl", view.Width/2, 124, 1, view.Paper)
	drawMenu(b, &t.menu, a.tick)
}
