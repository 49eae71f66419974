//go:build !cgo && !windows

package scene

import (
	"strings"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// Letters are 13 pixels high.
func TestNothingIsInTheWay(t *testing.T) {
	long := strings.Repeat("no answer from the other side ", 20)
	lines := len(wrapAtMost(statusLines, long, 60))
	if end := statusTop(lines) + (lines-1)*statusRow + 13; end > lobbyBar {
		t.Errorf("%d lines end at %d, in the bar at %d", lines, end, lobbyBar)
	}
	for n := range protocol.MaxMembers + 1 {
		shown, height := rows(n)
		last := shown - 1
		if shown < n {
			last++ // how many more there are
		}
		if end := lobbyRows + last*height + 13; statusTop(lines) < end {
			t.Errorf("%d lines begin at %d, the last of %d members ends at %d", lines, statusTop(lines), n, end)
		}
	}
	names := gathering{least: 2, most: 2, waits: []string{strings.Repeat("x", 20), strings.Repeat("y", 20)}}
	if advice := wrapText(names.advice(), adviceLetters); len(advice) > adviceLines {
		t.Errorf("the advice takes %d lines: %q", len(advice), advice)
	}
	if adviceTop-2 < lobbyTop+lobbyHeight || adviceTop+adviceLines*statusRow > 360-22-3 || adviceLetters*7+20 > 640-2*adviceLeft {
		t.Error("the advice is in the way of the card, the last line or the edge")
	}
	if foot := 20 + 7*len(chooseHint+leaveHint+saveHint); foot > 640 {
		t.Errorf("the foot is %d wide", foot)
	}
	if legendTop+18 > cardTop-18 {
		t.Error("the keys are in the way of what is wrong with a player's machine")
	}
	for _, s := range []struct {
		lines int
		size  float32
	}{{2, 2}, {len(wrapAtMost(sheetLines, long, 64)), 1}} {
		if end := sheetTop + 4 + sheetHeight(s.lines, s.size); end > sheetEnd {
			t.Errorf("a sheet of %d lines ends at %v, the network figures begin at %d", s.lines, end, sheetEnd)
		}
	}
}
