//go:build !cgo && !windows

package scene

import (
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode/rtc"
)

func TestChoice(t *testing.T) {
	var c choice
	for i, step := range []struct {
		p       press
		on, new bool
	}{
		{press{}, false, false},
		{press{enter: true}, true, true}, {press{enter: true}, false, true},
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

// What a player reads of each member is true.
func TestHowItIsWithAMember(t *testing.T) {
	open, closed := punch.Report{State: punch.Open, Path: punch.Direct}, punch.Report{State: punch.Closed, Reason: "no answer"}
	members := []rtc.Member{
		{Self: true, Link: open}, {Link: open}, {Away: true, AwayFor: 12500 * time.Millisecond, Link: open}, {Unreachable: "no UDP", Link: closed},
		{Link: closed}, {Plays: true, Link: open}, {Banned: "it floods"}, {},
	}
	for i, want := range []string{"here", "linked, direct", "away for 12 s", "can't be reached, trying on", "no answer", "plays", "thrown out", "punching through ..."} {
		if got := linkWords(&members[i]); got != want {
			t.Errorf("member %d: %q, want %q", i, got, want)
		}
	}
	if well, trouble := company(members); well != 3 || !trouble {
		t.Errorf("%d are well, trouble %t", well, trouble)
	}
	if well, trouble := company(members[:2]); well != 2 || trouble {
		t.Errorf("%d are well, trouble %t", well, trouble)
	}
}
