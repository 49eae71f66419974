//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/view"
)

// thumbs places the touch pad where a match is played by touch, and reports whether there
// is one.
func (a *app) thumbs() bool {
	if a.controls.Device() != controls.Touch || !a.plays() || a.now.name() == "result" {
		return false
	}
	k := float64(a.frame.scale)
	w, h := unitsWide*k, float64(a.frame.high)*k
	css := w / float64(max(a.wide, 1)) // pixels per one of the window's own
	if a.frame.tall() {
		a.controls.Thumbs.Place(0, unitsHigh*k, w, h-unitsHigh*k, thumb*css)
	} else {
		a.controls.Thumbs.Place(0, 50*k, w, h-50*k, min(thumb*css, h*0.2))
	}
	return true
}

// thumb is the radius that a thumb needs, in pixels of a phone's own.
const thumb = 58

// corners draws the buttons that stand for keys on a touch screen.
func (a *app) corners(b *view.Brush) {
	if a.controls.Device() != controls.Touch {
		return
	}
	for i, word := range [...]string{a.back(), a.graph()} {
		if word == "" {
			continue
		}
		at := a.frame.corner(i == 1, a.plays())
		b.Pill(at.x-1, at.y-1, at.w+2, at.h+2, at.h/2+1, view.Paper.Fade(0.25))
		b.Pill(at.x, at.y, at.w, at.h, at.h/2, view.Ink.Fade(0.85))
		size := float32(1)
		if at.h > 50 {
			size = 2
		}
		b.TextCenter(word, at.x+at.w/2, at.y+at.h/2-6.5*size, size, view.Paper)
	}
}

// back is the word on the button that leads back, empty where nothing is before it.
func (a *app) back() string {
	switch a.now.name() {
	case "title":
		return ""
	case "match", "result", "lobby":
		return "leave"
	}
	return "back"
}

// graph is the word on the button that shows the network, empty where there is none.
func (a *app) graph() string {
	if a.playing() == nil {
		return ""
	}
	return "net"
}

// copies says how the link is copied.
func (a *app) copies() string {
	switch a.controls.Device() {
	case controls.Touch:
		return "tap here to copy the link"
	case controls.Gamepad:
		return "X copies the link"
	}
	return "C copies the link"
}

// say says what to press to go on, and to go back, on the device that was used last.
func (a *app) say(on, back string) string {
	switch a.controls.Device() {
	case controls.Touch:
		return "Tap: " + on
	case controls.Gamepad:
		return "A: " + on + "    B: " + back
	}
	return "Enter: " + on + "    Escape: " + back
}
