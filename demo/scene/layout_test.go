//go:build !cgo && !windows

package scene

import (
	"strings"
	"testing"
)

// Letters are 13 pixels high; four members can be in a lobby.
func TestNothingIsInTheWay(t *testing.T) {
	long := strings.Repeat("no answer from the other side ", 20)
	lines := len(wrapAtMost(statusLines, long, 60))
	if end := statusTop(lines) + (lines-1)*statusRow + 13; end > lobbyBar {
		t.Errorf("%d lines end at %d, in the bar at %d", lines, end, lobbyBar)
	}
	if members := lobbyRows + 3*memberRow + 13; statusTop(lines) < members {
		t.Errorf("%d lines begin at %d, the last member ends at %d", lines, statusTop(lines), members)
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
