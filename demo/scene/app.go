//go:build cgo || windows || js

package scene

import (
	"errors"
	"image"
	"math"
	"sync"
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/demo/netgraph"
	"github.com/punchback/punchback/demo/view"
)

// scene is one page of the demo. update runs 60 times a second and returns
// the scene to go on with: itself, another one, or nil to quit.
type scene interface {
	update(a *app) scene
	draw(b *view.Brush, a *app)
	name() string
	close(a *app) // left: gives back rooms and links
}

// app is the ebiten.Game around the scenes.
type app struct {
	o     Options
	now   scene
	keys  press
	brush view.Brush
	tick  int
	hud   bool
	saver saver
	fresh bool // a scene has just begun: its first tick sees no keys
	drawn int  // the tick that is on the screen
	frame frame
	wide  int // of the window, in its own units
	slow  int // how often sharpening was too much

	controls *controls.Controls
	settings settings
	speaker  *view.Speaker // nil is silent
	gone     []*member     // saying goodbye
	pasted   []rune        // from the clipboard, in the browser
	closing  sync.WaitGroup
}

// picture is a scene that draws something over what the brush drew.
type picture interface {
	over(dst *ebiten.Image, a *app)
}

// Run opens the window and shows scenes until the player quits.
func Run(o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	a := &app{o: o, hud: o.HUD, frame: frame{scale: 1, high: view.Height}, controls: controls.New(view.Actions()...)}
	if a.o.Name == "" {
		a.o.Name = keptName()
	}
	ebiten.SetWindowTitle(o.title())
	ebiten.SetWindowSize(2*view.Width, 2*view.Height)
	ebiten.SetWindowResizingMode(ebiten.WindowResizingModeEnabled)
	ebiten.SetScreenClearedEveryFrame(false) // see Draw; every scene paints all of it
	ebiten.SetRunnableOnUnfocused(true)      // the others wait for this machine, whatever window is in front
	if !o.Mute {
		a.speaker = view.NewSpeaker()
	}
	a.settings = usual(calm())
	a.settings.read(kept("settings"))
	a.apply()
	a.now = first(a)
	a.publish()
	a.turn()
	for _, sentence := range o.Odd {
		warn(sentence)
	}
	err := ebiten.RunGame(a)
	a.quit()
	if errors.Is(err, ebiten.Termination) {
		return nil
	}
	return err
}

// first is the scene that the options ask for.
func first(a *app) scene {
	switch {
	case a.o.Room != "":
		return newLobby(a, place{server: a.o.Server, code: a.o.Room, players: a.o.Players}, false)
	case a.o.Split:
		return newSplit(a)
	}
	return newTitle(a)
}

// quit says goodbye where there still is somebody to hear it.
func (a *app) quit() {
	if a.now != nil {
		a.now.close(a)
	}
	for len(a.gone) > 0 {
		a.part()
		time.Sleep(time.Second / game.Rate)
	}
	a.closing.Wait()
}

func (a *app) Update() error {
	a.tick++
	a.frame.fit(a.plays())
	a.controls.Update()
	a.keys.read(a)
	a.keys.typed = append(a.keys.typed, a.pasted...)
	a.pasted = nil
	if a.fresh {
		a.keys, a.fresh = press{x: a.keys.x, y: a.keys.y}, false
	}
	if a.keys.hud {
		a.hud = !a.hud
	}
	a.saver.left--
	if a.keys.save {
		a.saver.save()
	}
	a.speaker.Tick()
	a.part()
	next := a.now.update(a)
	if next != a.now {
		a.now.close(a)
		a.now, a.fresh = next, true
		if next == nil {
			return ebiten.Termination
		}
		a.turn()
	}
	return nil
}

// lobbyEvery is how many ticks one picture of a lobby stays: little moves in
// it, and on a small machine that draws in software the pictures of two pages
// would be in the way of their connecting.
const lobbyEvery = 4

// plays reports whether the scene is one where everybody's device moves a fighter.
func (a *app) plays() bool {
	switch a.now.(type) {
	case *match, *splitScreen:
		return true
	}
	return false
}

// Draw draws once a tick at most: a screen that shows more pictures than there are
// ticks, and one that is not held to any rate, would get the same ones again.
// And it draws nothing that nobody sees: a hidden page that drew on would have
// to finish all those pictures, all at once and in the way of its ticks, when
// it is shown again.
func (a *app) Draw(dst *ebiten.Image) {
	every := 1
	if _, waiting := a.now.(*lobby); waiting {
		every = lobbyEvery
	}
	if hidden() || a.tick < a.drawn+every {
		return
	}
	a.drawn = a.tick
	a.sharpen()
	a.frame.fit(a.plays())
	b := &a.brush
	b.Within(dst, float32(a.frame.x), float32(a.frame.y), float32(a.frame.zoom))
	a.now.draw(b, a)
	if m, ok := a.now.(*match); ok && a.frame.tall() {
		m.below(b, a)
	}
	b.End()
	if p, ok := a.now.(picture); ok {
		p.over(dst, a)
		b.Within(dst, float32(a.frame.x), float32(a.frame.y), float32(a.frame.zoom))
	}
	a.corners(b)
	a.saver.draw(b)
	b.End()
	if a.thumbs() {
		a.controls.Thumbs.Draw(dst)
	}
	if m := a.playing(); a.hud && m != nil {
		if a.now.name() == "result" { // whose sheet is at the top
			k := a.frame.scale
			dst = dst.SubImage(image.Rect(0, sheetEnd*k, view.Width*k, view.Height*k)).(*ebiten.Image)
		}
		netgraph.Draw(dst, m.session.Stats(), m.worst())
	}
}

// playing is the member whose match is on the screen, if there is one.
func (a *app) playing() *member {
	if m, ok := a.now.(*match); ok && m.me.session != nil {
		return m.me
	}
	return nil
}

// Layout keeps 16:9 and lets Ebiten scale the rest. A window that is higher than wide is
// used as a whole.
func (a *app) Layout(w, h int) (int, int) {
	a.wide, a.frame.high = w, view.Height
	if h > w {
		a.frame.high = view.Width * h / max(w, 1)
	} else {
		a.wide = min(w, h*view.Width/view.Height) // beside it is nothing
	}
	return view.Width * a.frame.scale, a.frame.high * a.frame.scale
}

// sharpen draws more pixels where the window has them and the machine has
// shown that it can: a software renderer stays at 640 by 360.
func (a *app) sharpen() {
	if a.tick%60 != 59 || a.slow > 1 {
		return
	}
	pixels := float64(a.wide) * ebiten.Monitor().DeviceScaleFactor()
	most := min(int(math.Ceil(pixels/view.Width-0.05)), 3)
	switch fps := ebiten.ActualFPS(); {
	case a.frame.scale > 1 && fps < 50:
		a.frame.scale, a.slow = 1, a.slow+1
	case a.frame.scale < most && fps > 57 && a.tick > 120:
		a.frame.scale = most
	}
}
