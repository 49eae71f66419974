package scene

import "github.com/punchback/punchback/demo/controls"

// press is what was newly pressed in one tick, by key, mouse or finger. Menus
// see nothing else, so that they can be tried without a window.
type press struct {
	up, down, left, right bool
	ok, back, enter       bool // ok is enter or space
	erase, copy, hud      bool
	save                  bool
	slower, faster        bool // for split screen, where the arrows play
	less, more            bool
	typed                 []rune
	x, y                  int // the pointer
	pointed, click, held  bool
	moved                 controls.Stick // a gamepad's
	pad                   bool           // its first button
}

// item is one line of a menu. A slider has steps > 0 and is moved with left
// and right; one that turns hears left and right, and taps at its ends.
type item struct {
	text  string
	turns bool
	hint  string
	value int
	steps int
}

// menu is a column of items of which one is chosen.
type menu struct {
	items []item
	at    int
	x, y  int // the top left corner on the screen
	w, h  int // of one item
}

// lay gives a menu in the middle its place, between two heights; on a high screen it has
// more room.
func (m *menu) lay(f *frame, top, bottom int) {
	m.y, m.h, m.w = top, min((bottom-top)/len(m.items), menuRow), menuWidth
	if f.tall() {
		m.h, m.w = tallRow, tallWidth
	}
	m.x = (unitsWide - m.w) / 2
}

// update moves the choice and tells which item was picked, or -1.
func (m *menu) update(p *press) (picked int) {
	n := len(m.items)
	if n == 0 {
		return -1
	}
	if p.up {
		m.at = (m.at + n - 1) % n
	}
	if p.down {
		m.at = (m.at + 1) % n
	}
	over := m.hit(p.x, p.y)
	if over >= 0 && (p.pointed || p.click) {
		m.at = over
	}
	it := &m.items[m.at]
	if it.steps > 0 {
		m.move(it, p, over == m.at && p.held)
		return -1
	}
	if it.turns && over == m.at {
		m.turn(p)
	}
	if p.ok || p.click && over == m.at {
		return m.at
	}
	return -1
}

// move moves a slider, by keys or to where it is held.
func (m *menu) move(it *item, p *press, held bool) {
	switch {
	case held:
		it.value = m.slide(p.x, it.steps)
	case p.left && it.value > 0:
		it.value--
	case p.right && it.value < it.steps:
		it.value++
	}
}

// turn makes a tap at an end of the item left or right.
func (m *menu) turn(p *press) {
	if end := m.w / 5; p.click {
		p.left, p.right = p.x < m.x+end, p.x >= m.x+m.w-end
		p.click = !p.left && !p.right
	}
}

// hit is the item under a point, or -1.
func (m *menu) hit(x, y int) int {
	if x < m.x || x >= m.x+m.w || y < m.y || m.h == 0 {
		return -1
	}
	if i := (y - m.y) / m.h; i < len(m.items) {
		return i
	}
	return -1
}

// slide is the value of a slider touched at x. The track is the right part of
// the item, as drawn.
func (m *menu) slide(x, steps int) int {
	from, to := m.track()
	v := ((x-from)*steps + (to-from)/2) / (to - from)
	return min(max(v, 0), steps)
}

// track is where the slider's line begins and ends.
func (m *menu) track() (from, to int) { return m.x + m.w*2/5, m.x + m.w - 56 }
