//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/view"
)

// fail says in words what went wrong, and leads back to the title.
type fail struct {
	lines []string
	t     float32
}

func newFail(err error) *fail { return &fail{lines: wrapText(plainWords(err), 62)} }

func (f *fail) name() string { return "error" }
func (f *fail) close(*app)   {}

func (f *fail) update(a *app) scene {
	f.t++
	if a.keys.click && a.saver.trace != nil && a.keys.y > view.Height-26 {
		a.saver.save()
	} else if a.keys.ok || a.keys.back || a.keys.click {
		return newTitle(a)
	}
	return f
}

func (f *fail) draw(b *view.Brush, a *app) {
	b.Sky(0, 0, f.t)
	h := float32(96 + 16*len(f.lines))
	y := view.Height/2 - h/2
	card(b, 80, y, view.Width-160, h, "That did not work")
	for i, l := range f.lines {
		b.TextCenter(l, view.Width/2, y+50+float32(i)*16, 1, view.Paper)
	}
	if on := "back to the title"; a.controls.Device() == controls.Touch {
		b.TextCenter("Tap: "+on, view.Width/2, y+h-26, 1, view.Grey)
	} else {
		b.TextCenter("Enter: "+on, view.Width/2, y+h-26, 1, view.Grey)
	}
	if a.saver.trace != nil {
		note(b, saveHint, view.Height-22)
	}
}
