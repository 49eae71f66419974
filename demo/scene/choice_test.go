//go:build !cgo && !windows

package scene

import "testing"

func TestChoice(t *testing.T) {
	var c choice
	for i, step := range []struct {
		p       press
		on, new bool
	}{
		{press{}, false, false},
		{press{enter: true}, true, true}, {press{enter: true}, false, true},
		{press{left: true}, true, true}, {press{left: true}, true, false}, {press{right: true}, false, true},
		{press{click: true, x: choiceLeft + 1, y: choiceTop + 1}, true, true},
		{press{click: true, x: choiceLeft + 1, y: choiceTop + 1}, true, false},
		{press{click: true, x: choiceRight + 1, y: choiceTop - 1}, true, false},
		{press{click: true, x: choiceRight + 1, y: choiceTop + 1}, false, true},
		{press{click: true, x: choiceRight + choiceWidth, y: choiceTop + 1}, false, false},
	} {
		if changed := c.update(&step.p); changed != step.new || c.on != step.on {
			t.Errorf("step %d: %t, changed %t", i, c.on, changed)
		}
	}
	if choiceTop < lobbyTop+lobbyHeight || choiceTop+choiceHeight > 360-25 {
		t.Error("the buttons are in the way of the card or the last line")
	}
}
