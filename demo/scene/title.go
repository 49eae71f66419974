//go:build cgo || windows || js

package scene

import "github.com/punchback/punchback/demo/view"

// title is the first page.
type title struct {
	menu menu
	t    float32
}

const (
	friend = iota
	join
	bot
	split
	quit
)

func newTitle(a *app) scene {
	t := &title{menu: menu{x: 210, y: 168, w: 220, h: 28, items: []item{
		friend: {text: "Play with a friend", hint: "Makes a room and a link to it. Left and right: how many can play"},
		join:   {text: "Join a room", hint: "Type the code that a friend told you, or paste the link"},
		bot:    {text: "Play against a bot", hint: "Over a real WebRTC link, inside this machine"},
		split:  {text: "Split screen", hint: "Two at one keyboard, and a bad network between you to play with"},
		quit:   {text: "Quit"},
	}}}
	if !canQuit {
		t.menu.items = t.menu.items[:quit]
	}
	return t
}

func (t *title) name() string { return "title" }
func (t *title) close()       {}

func (t *title) update(a *app) scene {
	t.t++
	switch t.menu.update(&a.keys) {
	case quit:
		return nil
	}
	return t
}

func (t *title) draw(b *view.Brush, a *app) {
	b.Sky(t.t*0.4, 0, t.t)
	b.Screen()
	b.Logo(view.Width/2, 62, 9, t.t)
	b.Shout("hole punching and rollback, as a brawl", view.Width/2, 132, 1, view.Paper)
	drawMenu(b, &t.menu, a.tick)
}
