//go:build worlds && linux

package main_test

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// Tabs of one person's browser: one that comes in the place of another that died or
// was left gets that one's place, and two that live are two members.

// secondOf is the machine that plays with 1 in a match of two.
func secondOf(t *testing.T, seats []string) string {
	t.Helper()
	if len(seats) != 2 || seats[0] != "1" {
		t.Fatalf("seats %v; want 1 and another", seats)
	}
	return seats[1]
}

// agrees compares how a match of a bot's has ended with what a page told of one of its own.
func (p *tab) agrees(b *process, bots, own int) {
	p.t.Helper()
	hash := b.says(p.t, fmt.Sprintf(`(?s)match %d: .*?played: frame %d has hash ([0-9a-f]{16})`, bots, matchOf10))
	at := fmt.Sprintf("%d.%d", own, matchOf10)
	p.until(fmt.Sprintf(`globalThis.worlds.hashes[%q]`, at))
	if got := p.seen().Hashes[at]; got != hash {
		p.t.Errorf("match and frame %s: %s has %s, the bot %s", at, p.name, got, hash)
	}
}

// inMatch has a bot and a page play their first match, and returns them in the middle of it.
func inMatch(t *testing.T, b *shared) (p1 *process, p2 *tab) {
	t.Helper()
	p1 = member(t, exec.Command, "p1", world.server, room(t), "2")
	p1.says(t, `room [^\n]*(is this machine)`)
	p2 = b.open(t, "p2", join(room(t), 2))
	if second := secondOf(t, begins(t, 1, p1)); second != "2" {
		t.Errorf("the page is %s, want 2", second)
	}
	playing(t, p1)
	p2.untilFrame(60)
	return p1, p2
}

// rematch waits until a bot plays its second match, with somebody who is new, within
// 15 s of its coming.
func rematch(t *testing.T, yard time.Duration, came time.Time, p1 *process) {
	t.Helper()
	if second := secondOf(t, begins(t, 2, p1)); second == "2" {
		t.Errorf("the new page is %s as was the old one; want a number of its own", second)
	}
	within(t, 15*time.Second, yard, came, "both play")
}

// TestTabsCrash kills the page of one of two in a match. 3 s later another tab of the
// same browser opens the link: both play the next match.
func TestTabsCrash(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(string) (browsers.Browser, error){"chromium": browsers.Chromium, "firefox": browsers.Firefox} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cores.take(t, most())
			yard := yardstick(t, world.server)
			own := &shared{name: filepath.Base(shelf(t)), start: start} // all of its pages may die
			t.Cleanup(own.close)
			p1, p2 := inMatch(t, own)
			p2.must(browsers.Crash(p2.Tab))
			stays(t, 3*time.Second, p1)
			came := time.Now()
			again := p2.other("p2-again", join(room(t), 2))
			rematch(t, yard, came, p1)
			again.agrees(p1, 2, 1)
		})
	}
}

// TestTabsPlace kills a page while people gather, whose browser has no time to say a
// word to the server. Another tab gets its place, not one more: there is room for the
// third.
func TestTabsPlace(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage+2*aBot)
	page, mute := wire(t, strings.TrimPrefix(world.page, "http://"))
	link := strings.Replace(join(room(t), 3), world.page, page, 1)
	p1 := member(t, exec.Command, "p1", world.server, room(t), "3")
	p1.says(t, `room [^\n]*(is this machine)`)
	p2 := open(t, "p2", link)
	p1.says(t, `room [^\n]* 2 "[^"]*" (is linked)`)
	mute()
	p2.must(browsers.Crash(p2.Tab))
	p1.says(t, `room [^\n]* 2 "[^"]*" is (?:not )?linked (and away)`)
	p2.other("p2-again", link)
	p1.says(t, `room [^\n]* 3 "[^"]*" (is linked)`)
	p3 := member(t, exec.Command, "p3", world.server, room(t), "3")
	if seats := begins(t, 1, p1, p3); !slices.Equal(seats, []string{"1", "3", "4"}) {
		t.Errorf("seats %v; want 1, the new page and who came last", seats)
	}
	plays(t, 1, p1, p3)
}

// wire leads to a server. When it is muted, the WebSockets that are there carry nothing
// any more but their own end.
func wire(t *testing.T, to string) (page string, mute func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var mutes atomic.Int64
	carry := func(from, to net.Conn) {
		defer to.Close()
		buf := make([]byte, 4096)
		socket, made := false, mutes.Load()
		for {
			n, err := from.Read(buf)
			socket = socket || bytes.Contains(buf[:n], []byte("Upgrade: websocket"))
			if err == nil && !(socket && made < mutes.Load()) {
				_, err = to.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go carry(near, far)
			go carry(far, near)
		}
	}()
	return "http://" + l.Addr().String(), func() { mutes.Add(1) }
}

// TestTabsReload reloads the page of one of two in a match: the other reads that it
// has left, at once, and both play the next match.
func TestTabsReload(t *testing.T) {
	t.Parallel()
	cores.take(t, most())
	yard := yardstick(t, world.server)
	p1, p2 := inMatch(t, chromium)
	came := time.Now()
	p2.must(p2.Act(`setTimeout(() => location.reload()), 0`, nil))
	if how := p1.says(t, `netcode: peer 2 (has left|was silent)`); how != "has left" {
		t.Errorf("the bot reads that the page %s", how)
	}
	rematch(t, yard, came, p1)
	p2.agrees(p1, 2, 1)
}

// TestTabsLiving opens the link of two in two tabs of one browser, which play with
// each other. For a third the room is full.
func TestTabsLiving(t *testing.T) {
	t.Parallel()
	cores.take(t, most())
	yard := yardstick(t, world.server)
	one := open(t, "one", join(room(t), 2))
	one.until(`globalThis.worlds.first`)
	two := one.other("two", join(room(t), 2))
	for _, p := range []*tab{one, two} {
		p.until(`globalThis.worlds.match`)
	}
	three := two.other("three", join(room(t), 2))
	three.until(`globalThis.worlds.first`)
	came := time.Now()
	three.screen("error")
	within(t, 10*time.Second, yard, came, "the third is refused")
	if want := fmt.Sprintf("room %s is full: it is for 2", room(t)); !strings.Contains(three.console.String(), want) {
		t.Errorf("the third page says %q; want %q", three.console, want)
	}
	if seats := []int{one.stats().Player, two.stats().Player}; !slices.Contains(seats, 0) || !slices.Contains(seats, 1) {
		t.Errorf("the tabs play seats %v; want one each", seats)
	}
	one.untilFrame(matchOf10)
	two.untilFrame(matchOf10)
	agree(t, one, two, 1, matchOf10/20)
}
