package scene

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
	moved, click, held    bool
}

// item is one line of a menu. A slider has steps > 0 and is moved with left
// and right.
type item struct {
	text  string
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
	if over >= 0 && (p.moved || p.click) {
		m.at = over
	}
	it := &m.items[m.at]
	if it.steps > 0 {
		if p.left && it.value > 0 {
			it.value--
		}
		if p.right && it.value < it.steps {
			it.value++
		}
		if over == m.at && p.held {
			it.value = m.slide(p.x, it.steps)
		}
		return -1
	}
	if p.ok || p.click && over == m.at {
		return m.at
	}
	return -1
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
