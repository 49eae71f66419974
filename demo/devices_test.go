//go:build worlds

package main_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// phone is a page on a phone of so many pixels of its own.
type phone struct {
	*tab
	w, h    float64
	fingers map[float64]*input.TouchPoint
}

func openPhone(t *testing.T, name, url string, w, h int) *phone {
	t.Helper()
	said := console(t, name)
	window, err := chromium.get(t).Window(said)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{tab: &tab{window, t, name, said}, w: float64(w), h: float64(h), fingers: map[float64]*input.TouchPoint{}}
	p.dots(1)
	p.must(p.chrome().Run(emulation.SetTouchEmulationEnabled(true).WithMaxTouchPoints(5)))
	p.load(url)
	return p
}

// shot keeps a picture with all dots. Otherwise there is one for each pixel, since a machine
// without a graphics card needs long for three by three.
func (p *phone) shot(name string) {
	p.t.Helper()
	p.dots(3)
	p.frames(2)
	p.tab.shot(name)
	p.dots(1)
}

// dots sets how many dots each pixel has, across.
func (p *phone) dots(n float64) {
	p.t.Helper()
	p.must(p.chrome().Run(emulation.SetDeviceMetricsOverride(int64(p.w), int64(p.h), n, true)))
}

func (p *phone) chrome() *browsers.ChromeTab { return p.Tab.(*browsers.ChromeTab) }

func (p *phone) tall() bool { return p.h > p.w }

// at is where a point of a scene of 640 by 360 units is, in the phone's pixels: on a
// wide one in the middle, on a high one larger and a third down.
func (p *phone) at(x, y float64) (px, py float64) {
	k := p.h / 360
	left, top := (p.w-640*k)/2, 0.0
	if p.tall() {
		k = p.w / 472
		left, top = (p.w-640*k)/2, (p.h-360*k)*0.3
	}
	return left + x*k, top + y*k
}

// touch puts a finger on the screen, or moves it.
func (p *phone) touch(finger, x, y float64) {
	p.t.Helper()
	kind := input.TouchMove
	if p.fingers[finger] == nil {
		kind = input.TouchStart
	}
	p.fingers[finger] = &input.TouchPoint{ID: finger, X: x, Y: y}
	p.send(kind)
}

func (p *phone) lift(finger float64) {
	p.t.Helper()
	if p.fingers[finger] != nil {
		if delete(p.fingers, finger); len(p.fingers) > 0 {
			p.send(input.TouchMove) // a finger that it does not name is lifted
		} else {
			p.send(input.TouchEnd)
		}
	}
}

func (p *phone) send(kind input.TouchType) {
	p.t.Helper()
	var points []*input.TouchPoint
	for _, point := range p.fingers {
		points = append(points, point)
	}
	p.must(p.chrome().Run(input.DispatchTouchEvent(kind, points)))
}

// tap touches until the page says that something has come of it.
func (p *phone) tap(x, y float64, until string) {
	p.t.Helper()
	p.must(browsers.Until(func() (any, bool) {
		if eval[bool](p.tab, until) {
			return 0, true
		}
		p.touch(9, x, y)
		p.frames(3)
		p.lift(9)
		p.frames(3)
		return 0, eval[bool](p.tab, until)
	}))
}

// frames waits for so many of the page.
func (p *tab) frames(n int) {
	p.t.Helper()
	p.must(p.Act(fmt.Sprintf(`new Promise(done => { let n = %d; const f = () => n-- ? requestAnimationFrame(f) : done(true); f(); })`, n), new(bool)))
}

// press touches the key of a letter on the keyboard on the screen.
func (p *phone) press(letter rune) {
	p.t.Helper()
	height := 206.0
	if p.tall() {
		height = 260
	}
	for r, row := range []string{"1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM\b\n"} {
		if c := strings.IndexRune(row, letter); c >= 0 {
			x, y := p.at(90+460*(float64(c)+0.5)/float64(len(row)), 146+height*(float64(r)+0.5)/4)
			p.touch(9, x, y)
			p.frames(3)
			p.lift(9)
			p.frames(3)
			return
		}
	}
	p.t.Fatalf("there is no key %q", letter)
}

const scene = `globalThis.punchback?.stats?.().scene`

// win plays until the match is decided, against somebody who runs off the stage: to the
// middle and back, with a jump now and then, and punches.
func (h *thumbs) win() {
	h.t.Helper()
	jumped, ran := 0.0, 0.0
	h.must(browsers.Until(func() (any, bool) {
		s := h.stats()
		jumped, ran = min(jumped, s.Y), max(ran, math.Abs(s.X))
		jump := s.Confirmed/90%2 == 0
		h.move(-s.X, jump)
		if jump {
			h.touch(2, h.x, h.y)
		} else {
			h.lift(2)
		}
		h.until(fmt.Sprintf(`!(punchback.stats().frame < %d)`, s.Frame+3))
		return s.Confirmed, s.Scene != "match"
	}))
	h.lift(2)
	if jumped > -20 || ran < 20 {
		h.t.Errorf("the fighter ran to %.0f and jumped to %.0f", ran, jumped)
	}
}

// run holds the key that leads off the stage.
func (p *tab) run() {
	p.t.Helper()
	p.must(p.Tab.(*browsers.ChromeTab).Run(input.DispatchKeyEvent(input.KeyDown).WithKey("ArrowRight").WithCode("ArrowRight")))
}

// thumbs are a phone's: the left one holds the stick, the right one a button.
type thumbs struct {
	*phone
	x, y float64 // of the button
}

func (h *thumbs) move(direction float64, jump bool) {
	x, y := 90.0, h.h-110
	if h.fingers[1] == nil {
		h.touch(1, x, y)
	}
	up := 0.0
	if jump {
		up = 50
	}
	h.touch(1, x+min(max(direction, -45), 45), y-up)
}

// TestTouch joins a room by its code, plays to a win and leaves, all by taps, on a
// phone in both directions.
func TestTouch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		w, h int
		x, y float64 // of the button that punches
	}{{"wide", 844, 390, 641, 329}, {"high", 390, 844, 262, 502}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cores.take(t, 2*aPage)
			code := strings.ToUpper(c.name)
			foe := open(t, "foe", fmt.Sprintf("%s/?room=%s&players=2&mute=1&name=Lemming", world.page, code))
			foe.until(scene + ` === 'lobby'`)
			p := openPhone(t, c.name, world.page+"/?mute=1&name=Thumbs", c.w, c.h)
			p.until(`document.documentElement.dataset.state === 'shown' && ` + scene + ` === 'title'`)
			p.shot("title-" + c.name)
			x, y := p.at(320, 146+31*1.4)
			if p.tall() {
				x, y = p.at(320, 146+60*1.4)
			}
			p.tap(x, y, scene+` === 'entry'`)
			for _, letter := range code {
				p.press(letter)
			}
			p.shot("keys-" + c.name)
			p.press('\n')
			p.until(scene + ` === 'match'`)
			foe.run()
			h := &thumbs{p, c.x, c.y}
			h.move(1, false)
			h.touch(2, h.x, h.y)
			p.untilFrame(190)
			p.shot("match-" + c.name)
			h.win()
			h.lift(1)
			p.until(scene + ` === 'result'`)
			p.shot("won-" + c.name)
			if s := p.stats(); !s.Won {
				t.Errorf("%+v; want a win", s)
			}
			x, y = p.at(40, 20)
			if p.tall() {
				x, y = 40, 250
			}
			p.tap(x, y, scene+` === 'title'`)
		})
	}
}

// gamepad is a script's: it replaces what the browser tells of one.
const gamepad = `(() => {
	const pad = globalThis.pad = {id: 'script', index: 0, connected: false, mapping: 'standard', timestamp: 0, axes: [0, 0, 0, 0],
		buttons: Array.from({length: 17}, () => ({pressed: false, touched: false, value: 0}))};
	let polls = 0, waiting;
	navigator.getGamepads = () => {
		if (waiting && ++polls > 1) waiting();
		return pad.connected ? [pad] : [];
	};
	const later = (f) => { polls = 0; waiting = () => { waiting = undefined; f(); }; };
	pad.press = (n) => new Promise((done) => { // until the game has looked once, so that nothing is pressed again and again
		pad.hold(n, true);
		later(() => { pad.hold(n, false); later(() => done(true)); });
	});
	pad.hold = (n, on) => { pad.buttons[n].pressed = on; pad.buttons[n].value = on ? 1 : 0; };
})();`

// sticks are a gamepad of a page.
type sticks struct{ *tab }

func (g sticks) do(script string) {
	g.t.Helper()
	g.must(g.Eval(script+`, true`, new(bool)))
}

func (g sticks) hold(button int, down bool) {
	g.t.Helper()
	g.do(fmt.Sprintf(`pad.hold(%d, %t)`, button, down))
}

// press presses a button once.
func (g sticks) press(button int) {
	g.t.Helper()
	g.must(g.Eval(fmt.Sprintf(`pad.press(%d)`, button), new(bool)))
}

// run moves the stick.
func (g sticks) run(x float64) {
	g.t.Helper()
	g.do(fmt.Sprintf(`pad.axes[0] = %v`, x))
}

// TestGamepad chooses from the menu, types a name and fights with a gamepad that is
// plugged in late, and pulled out in the match.
func TestGamepad(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage)
	p := open(t, "gamepad", world.page+"/?mute=1&name=Pad", gamepad)
	p.until(scene + ` === 'title'`)
	g := sticks{p}
	g.do(`pad.connected = true`)
	const a, punch, back, up, down, left, right = 0, 2, 8, 12, 13, 14, 15
	for range 4 { // the name is the last
		g.press(down)
	}
	g.press(a)
	p.until(scene + ` === 'entry'`)
	g.press(up) // to the row of OK
	g.press(left)
	p.shot("name")
	g.press(left) // to the key that erases
	g.press(a)
	g.press(right)
	g.press(a)
	p.until(scene + ` === 'title'`)
	if kept := eval[string](p, `localStorage.getItem('punchback.name')`); kept != "Pa" {
		t.Errorf("the name that is kept is %q, want Pa", kept)
	}
	g.press(down)
	g.press(down)
	g.press(a)
	p.until(scene + ` === 'match'`)
	p.untilFrame(200)
	before := p.stats().X
	g.run(math.Copysign(1, -before))
	g.hold(punch, true)
	p.until(fmt.Sprintf(`Math.abs(punchback.stats().x - %v) > 20`, before))
	p.shot("gamepad")
	g.do(`pad.connected = false`) // while the stick is held
	p.frames(30)
	g.do(`pad.connected = true`)
	g.press(back)
	p.until(scene + ` === 'title'`)
}

// TestSettings hides the address and turns the sound down. Both are so when the page is
// loaded again, and all goes through the relay.
func TestSettings(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage)
	p := open(t, "settings", world.page+"/?mute=1&name=Pad", gamepad)
	p.until(scene + ` === 'title'`)
	g := sticks{p}
	g.do(`pad.connected = true`)
	const a, b, down, left = 0, 1, 13, 14
	for range 5 {
		g.press(down)
	}
	g.press(a)
	p.until(scene + ` === 'settings'`)
	for range 4 {
		g.press(left) // the volume
	}
	g.press(down)
	g.press(down)
	g.press(a) // the relay
	p.shot("settings")
	g.press(b)
	p.until(scene + ` === 'title'`)
	const want = "calm=false&delay=2&relay=true&volume=6"
	if kept := eval[string](p, `localStorage.getItem('punchback.settings')`); kept != want {
		t.Errorf("%q is kept, want %q", kept, want)
	}
	p.must(p.Navigate(world.page + "/?mute=1&name=Pad"))
	p.until(scene + ` === 'title'`)
	g.do(`pad.connected = true`)
	g.press(down)
	g.press(down)
	g.press(a)
	p.until(scene + ` === 'match'`)
	p.untilFrame(120)
	if s := p.stats(); s.Path != "relay" {
		t.Errorf("%+v; want a path by the relay", s)
	}
}
