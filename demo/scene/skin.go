//go:build cgo || windows || js

package scene

import (
	"math"
	"strconv"

	"github.com/punchback/punchback/demo/view"
)

// drawMenu draws items as pills, the chosen one in front.
func drawMenu(b *view.Brush, m *menu, tick int) {
	for i := range m.items {
		it := &m.items[i]
		x, y, w, h := float32(m.x), float32(m.y+i*m.h), float32(m.w), float32(m.h-4)
		chosen := i == m.at
		back, ink := view.Ink.Fade(0.62), view.Paper.Fade(0.85)
		if chosen {
			k := float32(math.Sin(float64(tick)*0.12)) * 1.5
			x, w = x-4-k/2, w+8+k
			back, ink = view.Paper, view.Ink
		}
		b.Pill(x+1, y+2, w, h, h/2, view.Ink.Fade(0.45))
		b.Pill(x, y, w, h, h/2, back)
		size := float32(1)
		if m.h >= tallRow {
			size = 2
		}
		ty := float32(int(y + h/2 - 6.5*size + 0.5))
		if it.steps > 0 {
			drawSlider(b, m, it, x, ty, h, ink, chosen)
			continue
		}
		b.TextCenter(it.text, x+w/2, ty, size, ink)
		if chosen {
			left, right := ">", "<"
			if it.turns {
				left, right = "<", ">"
			}
			b.Text(left, x+10*size, ty, size, view.Player[1])
			b.Text(right, x+w-16*size, ty, size, view.Player[1])
		}
	}
	if m.at >= len(m.items) || m.items[m.at].steps > 0 {
		return
	}
	switch hint := m.items[m.at].hint; {
	case hint == "":
	case m.h >= tallRow:
		for i, line := range wrapText(hint, 32) {
			b.TextCenter(line, view.Width/2, float32(m.y+len(m.items)*m.h+12+28*i), 2, view.Paper)
		}
	default:
		note(b, hint, noteTop+3)
	}
}

func drawSlider(b *view.Brush, m *menu, it *item, x, ty, h float32, ink view.Color, chosen bool) {
	b.Text(it.text, x+12, ty, 1, ink)
	from, to := m.track()
	y := ty + 6
	at := float32(from) + float32(to-from)*float32(it.value)/float32(it.steps)
	b.Line(float32(from), y, float32(to), y, 3, ink.Fade(0.25))
	b.Line(float32(from), y, at, y, 3, view.Player[0])
	r := float32(4)
	if chosen {
		r = 5.5
	}
	b.Circle(at, y, r, view.Player[0])
	b.Text(it.hint, float32(to)+9, ty, 1, ink)
}

// under paints the field below the picture of a match on a high screen.
func under(b *view.Brush, a *app) {
	if rest := float32(a.frame.high - unitsHigh); rest > 0 {
		b.Rect(0, unitsHigh, unitsWide, rest, view.Ink)
		b.Rect(0, unitsHigh, unitsWide, 2, view.Grey.Fade(0.4))
	}
}

// note writes a line on a dark band.
func note(b *view.Brush, s string, y float32) {
	w := view.TextWidth(s, 1) + 20
	b.Pill(view.Width/2-w/2, y-3, w, 19, 9, view.Ink.Fade(0.7))
	b.TextCenter(s, view.Width/2, y, 1, view.Paper)
}

// card is a dark sheet to write on, with a headline.
func card(b *view.Brush, x, y, w, h float32, head string) {
	b.Pill(x+2, y+4, w, h, 12, view.Ink.Fade(0.4))
	b.Pill(x, y, w, h, 12, view.Ink.Fade(0.86))
	b.TextCenter(head, x+w/2, y+12, 2, view.Gold)
}

func itoa(n int) string { return strconv.Itoa(n) }
