//go:build cgo || windows || js

package scene

import (
	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/inpututil"
)

var touches []ebiten.TouchID

// read takes what was newly pressed from Ebiten, on a screen of scale pixels per unit.
func (p *press) read(scale int) {
	x, y := ebiten.CursorPosition()
	click := inpututil.IsMouseButtonJustPressed(ebiten.MouseButtonLeft)
	held := ebiten.IsMouseButtonPressed(ebiten.MouseButtonLeft)
	touches = inpututil.AppendJustPressedTouchIDs(touches[:0])
	click = click || len(touches) > 0
	if touches = ebiten.AppendTouchIDs(touches[:0]); len(touches) > 0 {
		x, y = ebiten.TouchPosition(touches[0])
		held = true
	}
	x, y = x/scale, y/scale
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
		x:     x, y: y, moved: x != p.x || y != p.y, click: click, held: held,
	}
}

func just(k ebiten.Key) bool { return inpututil.IsKeyJustPressed(k) }

// again repeats a key that stays down.
func again(k ebiten.Key) bool {
	d := inpututil.KeyPressDuration(k)
	return d == 1 || d > 24 && d%5 == 0
}
