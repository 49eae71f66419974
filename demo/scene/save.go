//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/view"
)

// saver is how a player saves a report for the developer: what happened to the
// room that was entered last, also when that is over.
type saver struct {
	trace func() []byte // nil: no room was entered
	said  string        // to the player
	left  int           // ticks that this is still shown
}

const saveShown = 360 // ticks

func (s *saver) save() {
	s.left = saveShown
	if s.trace == nil {
		s.said = "There is nothing to report: no room was entered"
		return
	}
	name, err := saveFile(s.trace())
	if s.said = "Saved as " + name + ". Send it to the developer"; err != nil {
		s.said = "It could not be saved: " + err.Error()
	}
}

func (s *saver) draw(b *view.Brush) {
	if s.left > 0 {
		for i, line := range wrapText(s.said, 80) {
			note(b, line, view.Height-44-float32(20*i))
		}
	}
}
