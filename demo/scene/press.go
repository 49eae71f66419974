//go:build cgo || windows || js

package scene

import (
	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/inpututil"

	"github.com/punchback/punchback/demo/controls"
)

var touches []ebiten.TouchID

// read takes what was newly pressed from Ebiten.
func (p *press) read(a *app) {
	x, y := ebiten.CursorPosition()
	click := inpututil.IsMouseButtonJustPressed(ebiten.MouseButtonLeft)
	held := ebiten.IsMouseButtonPressed(ebiten.MouseButtonLeft)
	touches = inpututil.AppendJustPressedTouchIDs(touches[:0]) // the newest finger taps, whatever the others hold
	click = click || len(touches) > 0
	if touches = ebiten.AppendTouchIDs(touches); len(touches) > 0 {
		x, y = ebiten.TouchPosition(touches[0])
		held = true
	}
	x, y = a.frame.units(x, y)
	*p = press{
		up:     again(ebiten.KeyArrowUp) || again(ebiten.KeyW),
		down:   again(ebiten.KeyArrowDown) || again(ebiten.KeyS),
		left:   again(ebiten.KeyArrowLeft) || again(ebiten.KeyA),
		right:  again(ebiten.KeyArrowRight) || again(ebiten.KeyD),
		ok:     just(ebiten.KeyEnter) || just(ebiten.KeyNumpadEnter) || just(ebiten.KeySpace),
		enter:  just(ebiten.KeyEnter) || just(ebiten.KeyNumpadEnter),
		back:   just(ebiten.KeyEscape),
		erase:  again(ebiten.KeyBackspace),
		copy:   just(ebiten.KeyC),
		hud:    just(ebiten.KeyF1) || just(ebiten.KeyTab),
		save:   just(ebiten.KeyF2),
		slower: again(ebiten.KeyDigit1), faster: again(ebiten.KeyDigit2),
		less: again(ebiten.KeyDigit3), more: again(ebiten.KeyDigit4),
		typed: ebiten.AppendInputChars(p.typed[:0]),
		x:     x, y: y, pointed: x != p.x || y != p.y, click: click, held: held,
	}
	p.gamepad(a.controls, a.plays() && a.now.name() != "result")
	if a.controls.Device() == controls.Touch {
		p.corners(a)
	}
}

// gamepad adds what was pressed on one. Where it plays, only what moves no fighter counts.
func (p *press) gamepad(c *controls.Controls, plays bool) {
	one := func(on *bool, b ebiten.StandardGamepadButton) { *on = *on || c.Just(b) }
	one(&p.hud, ebiten.StandardGamepadButtonRightTop)
	one(&p.back, ebiten.StandardGamepadButtonCenterLeft)
	one(&p.enter, ebiten.StandardGamepadButtonCenterRight)
	if plays {
		return
	}
	p.moved, p.pad = c.Moved(), c.Just(ebiten.StandardGamepadButtonRightBottom)
	p.up = p.up || p.moved&controls.Up != 0
	p.down = p.down || p.moved&controls.Down != 0
	p.left = p.left || p.moved&controls.Left != 0
	p.right = p.right || p.moved&controls.Right != 0
	p.ok, p.enter = p.ok || p.pad, p.enter || p.pad
	one(&p.copy, ebiten.StandardGamepadButtonRightLeft)
	one(&p.back, ebiten.StandardGamepadButtonRightRight)
}

// corners makes taps of what the buttons in the corners stand for.
func (p *press) corners(a *app) {
	plays := a.plays()
	at := func(right bool, word string) bool {
		return p.click && word != "" && a.frame.corner(right, plays).has(p.x, p.y)
	}
	back, hud := at(false, a.back()), at(true, a.graph())
	p.back, p.hud = p.back || back, p.hud || hud
	p.click = p.click && !back && !hud
}

func just(k ebiten.Key) bool { return inpututil.IsKeyJustPressed(k) }

// again repeats a key that stays down.
func again(k ebiten.Key) bool {
	d := inpututil.KeyPressDuration(k)
	return d == 1 || d > 24 && d%5 == 0
}
