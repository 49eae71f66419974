package netcode

import (
	"bytes"
	"testing"
)

// A dump has the Command of each frame, though a row's are lent for that row alone.
func TestDumpHasEachCommand(t *testing.T) {
	g, tl := &toy{}, &timeline{}
	tl.begin(g, 2, 16, g.Save(nil), false)
	orders := []string{"first", "2nd", "the third", ""}
	for _, order := range orders {
		for p := range 2 {
			tl.queues[p].put(1, []byte(order), tl.now)
		}
		tl.advance(0)
	}
	d := &dispute{timeline: tl, err: &DesyncError{Frame: 4, Offset: -1}}
	b := d.dump(&Config{Terms: Terms{Players: 2}, Seats: []Peer{0, 1}})
	for _, order := range orders[:3] {
		if n := bytes.Count(b, []byte(order)); n != 2 {
			t.Errorf("%q is in the dump %d times, was given by two", order, n)
		}
	}
}
