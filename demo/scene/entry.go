//go:build cgo || windows || js

package scene

import (
	"unicode"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/view"
)

// entry is where a line is typed, on a keyboard or on one on the screen.
type entry struct {
	head, ask string
	text      []rune
	most      int // letters
	spaces    bool
	bad       string
	board     *controls.Board
	shown     bool // the keyboard on the screen
	t         float32
	done      func(a *app, text string) (scene, error)
}

// newEntry asks for the code of a room.
func newEntry() *entry {
	return &entry{
		head: "Join a room", ask: "Type the code, or the whole link:", most: 200,
		board: controls.NewBoard("1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM"),
		done: func(a *app, text string) (scene, error) {
			p, err := parsePlace(text, place{server: a.o.Server, players: a.o.Players})
			if err != nil {
				return nil, err
			}
			return newLobby(a, p, false), nil
		},
	}
}

// newNaming asks what the player is called.
func newNaming(a *app) *entry {
	return &entry{
		head: "Your name", ask: "What the others see:", most: mostName, spaces: true, text: []rune(a.o.Name),
		board: controls.NewBoard("1234567890", "QWERTYUIOP", "ASDFGHJKL'", "ZXCVBNM "),
		done: func(a *app, text string) (scene, error) {
			name, err := checkName(text)
			if err != nil {
				return nil, err
			}
			a.o.Name = name
			keep("name", name)
			return newTitle(a), nil
		},
	}
}

func (e *entry) name() string { return "entry" }
func (e *entry) close(*app)   {}

func (e *entry) update(a *app) scene {
	e.t++
	for _, r := range a.keys.typed {
		e.add(r)
	}
	enter := a.keys.enter && !a.keys.pad
	if e.shown = a.controls.Device() != controls.Keyboard; e.shown {
		x, y, w, h := e.field(a)
		e.board.Place(x, y, w, h)
		key, ok := rune(0), a.keys.pad
		if e.board.Move(a.keys.moved); ok {
			key = e.board.Press()
		} else if a.keys.click {
			key, ok = e.board.Tap(a.frame.pixel(float64(a.keys.x)+0.5, float64(a.keys.y)+0.5))
		}
		switch {
		case !ok:
		case key == controls.Enter:
			enter = true
		case key == controls.Erase:
			e.erase()
		case e.spaces && len(e.text) > 0 && e.text[len(e.text)-1] != ' ':
			e.add(unicode.ToLower(key)) // a name, and not its first letter
		default:
			e.add(key)
		}
	}
	if a.keys.erase {
		e.erase()
	}
	if a.keys.back {
		return newTitle(a)
	}
	if enter {
		next, err := e.done(a, string(e.text))
		if err == nil {
			return next
		}
		e.bad = plainWords(err)
	}
	return e
}

func (e *entry) add(r rune) {
	if (r > 32 || r == 32 && e.spaces) && r < 127 && len(e.text) < e.most {
		e.text, e.bad = append(e.text, r), ""
	}
}

func (e *entry) erase() {
	if len(e.text) > 0 {
		e.text, e.bad = e.text[:len(e.text)-1], ""
	}
}

// field is where the keyboard on the screen stands, in pixels.
func (e *entry) field(a *app) (x, y, w, h float64) {
	x, y = a.frame.pixel(90, boardTop)
	w, h = 460*a.frame.zoom, boardHeight*a.frame.zoom
	if a.frame.tall() {
		h = tallBoard * a.frame.zoom
	}
	return x, y, w, h
}

func (e *entry) draw(b *view.Brush, a *app) {
	b.Sky(e.t*0.3, 0, e.t)
	y := float32(100)
	if e.shown {
		y = entryTop
	}
	card(b, 90, y, view.Width-180, 130, e.head)
	b.TextCenter(e.ask, view.Width/2, y+42, 1, view.Grey)
	text := string(e.text)
	if len(text) > 56 {
		text = "..." + text[len(text)-53:]
	}
	b.Pill(110, y+60, view.Width-220, 26, 8, view.Paper)
	size := float32(1)
	if len(text) < 26 {
		size = 2
	}
	w := view.TextWidth(text, size)
	b.Text(text, float32(int(view.Width/2-w/2)), y+73-size*6.5, size, view.Ink)
	if int(e.t)/30%2 == 0 {
		b.Rect(view.Width/2+w/2+3, y+64, 2, 18, view.Player[1])
	}
	if e.bad != "" {
		b.TextCenter(e.bad, view.Width/2, y+96, 1, view.Alarm)
	}
	if !e.shown {
		note(b, a.say("on", "back"), view.Height-22)
	}
}

// over draws the keyboard.
func (e *entry) over(dst *ebiten.Image, a *app) {
	if e.shown {
		e.board.Draw(dst, a.controls.Device() == controls.Gamepad)
	}
}
