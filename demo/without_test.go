//go:build worlds && linux

package main_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// Players who are asked whether to go on without somebody, or to wait.

// TestRoomsGoOnWithout has a page wait for somebody who was killed: it says who is
// away, and offers to go on without or to wait; the player goes on.
func TestRoomsGoOnWithout(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage+2*aBot)
	p := open(t, "page", fmt.Sprintf("%s/?room=%s&players=3&mute=1", world.page, room(t)))
	p.until(`globalThis.punchback?.room?.code`)
	dies := member(t, exec.Command, "p1", world.server, room(t), "3")
	dies.says(t, `room [^\n]*(is linked)`)
	dies.kill()
	stays := member(t, exec.Command, "p2", world.server, room(t), "3")
	stays.says(t, `waiting for p1, (away) for \d+ s, or going on without`)
	stays.says(t, `room [^\n]*(is linked)`)
	p.shot("away")
	p.must(p.Press("Enter", 100*time.Millisecond))
	if seats := begins(t, 1, stays); len(seats) != 2 {
		t.Errorf("seats %v; want two", seats)
	}
	p.untilFrame(60)
}

// TestWindowGoesOnWithout kills one of three in a match. The window tells who is not
// heard, and after the match asks its player, who goes on without by a click.
func TestWindowGoesOnWithout(t *testing.T) {
	t.Parallel()
	cores.take(t, aWindow+2*aBot)
	w := openWindow(t, "window", append(screen(t), silent(t)), "-server", world.server, "-room", room(t), "-players", "3", "-name", "Win", "-autoplay")
	p1 := member(t, exec.Command, "p1", world.server, room(t), "2-3")
	p1.says(t, `room [^\n]*"Win" (is linked)`)
	dies := member(t, exec.Command, "p2", world.server, room(t), "2-3")
	begins(t, 1, p1, dies)
	playing(t, p1, dies)
	dies.kill()
	stays(t, 3*time.Second, p1)
	w.shot("unheard")
	p1.says(t, `waiting for p2, (away) for \d+ s, or going on without`)
	w.shot("away")
	if err := browsers.Until(func() (any, bool) {
		w.tool("xdotool", "mousemove", "--window", w.id, strconv.Itoa(2*250), strconv.Itoa(2*318), "click", "1")
		return nil, strings.Contains(p1.out.String(), "match 2: seats [1 2]")
	}); err != nil {
		t.Fatalf("%v\n%s", err, p1.out)
	}
	w.shot("again")
	plays(t, 2, p1)
}
