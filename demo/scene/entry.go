//go:build cgo || windows || js

package scene

import "github.com/punchback/punchback/demo/view"

// entry is where a code is typed.
type entry struct {
	text []rune
	bad  string
	t    float32
}

func (e *entry) name() string { return "join" }
func (e *entry) close(*app)   {}

func (e *entry) update(a *app) scene {
	e.t++
	for _, r := range a.keys.typed {
		if r > 32 && r < 127 && len(e.text) < 200 {
			e.text, e.bad = append(e.text, r), ""
		}
	}
	if a.keys.erase && len(e.text) > 0 {
		e.text, e.bad = e.text[:len(e.text)-1], ""
	}
	if a.keys.back {
		return newTitle(a)
	}
	if a.keys.enter {
		p, err := parsePlace(string(e.text), place{server: a.o.Server, players: a.o.Players})
		if err == nil {
			return newLobby(a, p, false)
		}
		e.bad = plainWords(err)
	}
	return e
}

func (e *entry) draw(b *view.Brush, a *app) {
	b.Sky(e.t*0.3, 0, e.t)
	card(b, 90, 100, view.Width-180, 130, "Join a room")
	b.TextCenter("Type the code, or the whole link:", view.Width/2, 142, 1, view.Grey)
	text := string(e.text)
	if len(text) > 56 {
		text = "..." + text[len(text)-53:]
	}
	b.Pill(110, 160, view.Width-220, 26, 8, view.Paper)
	size := float32(1)
	if len(text) < 26 {
		size = 2
	}
	w := view.TextWidth(text, size)
	b.Text(text, float32(int(view.Width/2-w/2)), 173-size*6.5, size, view.Ink)
	if int(e.t)/30%2 == 0 {
		b.Rect(view.Width/2+w/2+3, 164, 2, 18, view.Player[1])
	}
	if e.bad != "" {
		b.TextCenter(e.bad, view.Width/2, 196, 1, view.Alarm)
	}
	note(b, "Enter: join    Escape: back", view.Height-22)
}
