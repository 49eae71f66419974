//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode"
)

// strip shows the last frames of a session, one cell each: white is confirmed,
// grey a prediction, red was just stepped again.
type strip struct {
	red       [64]uint8 // ticks that a frame stays red, by frame
	now, sure netcode.Frame
}

func (s *strip) follow(session *netcode.Session) {
	for i := range s.red {
		if s.red[i] > 0 {
			s.red[i]--
		}
	}
	s.now, s.sure = session.Frame(), session.Confirmed()
	if from, ok := session.RolledBack(); ok {
		for f := max(from, s.now-63, 0); f <= s.now; f++ {
			s.red[int(f)%len(s.red)] = 16
		}
	}
}

func (s *strip) draw(b *view.Brush, x, y, w float32) {
	const cells = 62
	cell := w / cells
	for i := range cells {
		f := s.now - cells + 1 + netcode.Frame(i)
		if f < 0 {
			continue
		}
		c := view.Paper.Fade(0.25 + 0.65*float32(i)/cells)
		if f > s.sure {
			c = view.Grey.Fade(0.55)
		}
		if k := s.red[int(f)%len(s.red)]; k > 0 {
			c = c.Mix(view.Alarm, min(float32(k)/10, 1))
		}
		b.Rect(x+float32(i)*cell, y, cell-1, 9, c)
	}
}
