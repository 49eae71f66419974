//go:build worlds

package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// faults are what a game of one's own can do wrong, planted into pong by the
// page's ?plant=.
const faults = `
	steps++
	plant := js.Global().Get("location").Get("search").String()
	is := func(name string) bool { return strings.Contains(plant, "plant="+name) && steps > 300 }
	switch {
	case is("panic"):
		panic("the ball is lost")
	case is("desync"):
		p.Score[0] = mine
	case is("deep"):
		mine = deep(mine)
	case strings.Contains(plant, "plant=restless"):
		p.Score[1] = int32(steps)
	}
`

// planted makes the go command take another pong than that in the tree.
func planted(t *testing.T) {
	t.Helper()
	file, err := filepath.Abs("../pong/pong.go")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for _, c := range [][2]string{
		{"\t\"os\"\n", "\t\"os\"\n\t\"math/rand/v2\"\n\t\"strings\"\n\t\"syscall/js\"\n"},
		{"in []netcode.Input) {\n", "in []netcode.Input) {\n" + faults},
		{"//go:build cgo || windows || js\n", "//go:build js\n"},
	} {
		if strings.Count(text, c[0]) != 1 {
			t.Fatalf("pong.go no longer has one %q", c[0])
		}
		text = strings.Replace(text, c[0], c[1], 1)
	}
	text += "\nvar steps, mine = 0, rand.Int32() // two pages that chose alike would agree\n\nfunc deep(n int32) int32 { return deep(n+1) + 1 }\n"
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pong.go"), text)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: filepath.Join(dir, "pong.go")}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	t.Setenv("GOFLAGS", "-overlay="+filepath.Join(dir, "overlay.json"))
}

// TestWhatEndsAGameIsSeen lets pong, which has no line for it, fail in every way:
// the page says why, for good where the program is over, and the terminal, too.
func TestWhatEndsAGameIsSeen(t *testing.T) {
	planted(t)
	url, out := started(t, ".", "../pong")
	first := browser(t)
	defer func() {
		if t.Failed() {
			t.Log(out)
		}
	}()

	elsewhere, err := server.New(server.Config{Addr: "127.0.0.1:0", Turn: "off"})
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(elsewhere)
	defer func() { elsewhere.Close(); other.Close() }()
	refuses := "ws://" + other.Listener.Addr().String()

	full := strings.Replace(url, "http", "ws", 1) + "pong/full?players=2"
	for range 2 {
		r, err := rtc.Join(full, &rtc.Options{Build: "pong/1"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer func() { t.Log(r.Status()) }()
	}

	const stopped, notice = "stopped", "notice"
	for _, c := range []struct {
		name, path, script string
		shows              string // where
		page, terminal     string // what
	}{
		{"panic", "-/tabs?n=2&plant=panic", "", stopped, "panic: the ball is lost", "The game has stopped with status 2:\npage: panic: the ball is lost\n"},
		{"stack", "-/tabs?n=2&plant=deep", "", stopped, "call stack", "The game has stopped:\npage: RangeError: Maximum call stack size exceeded\n"},
		{"desync", "-/tabs?n=2&plant=desync", "", notice, "desync at frame ", " in Score[0] at byte "},
		{"restless", "-/tabs?n=2&plant=restless", "", stopped, "the same 8 steps from the same start differ", "(Score[1]) is 8 and 16"},
		{"origin", "?server=" + refuses, "", stopped, "may not use this server", "page: rtc: pages of http://127.0.0.1"},
		{"full", "?room=full", "", stopped, "room full is full", "page: rtc: room full is full"},
		{"no WebRTC", "?room=alone", "delete globalThis.RTCPeerConnection", stopped, "this browser has no WebRTC", "rtc: this browser has no WebRTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := first.Beside(nil)
			must(t, err)
			defer tab.Close()
			must(t, tab.Preload("globalThis.sockets = 0; globalThis.WebSocket = class extends WebSocket { constructor(...a) { super(...a); sockets++; } };"+c.script))
			must(t, tab.Front())
			must(t, tab.Navigate(url+c.path))
			page := "globalThis"
			if strings.Contains(c.path, "tabs") {
				page = "frames[0]"
			}
			where := "say"
			if c.shows == notice {
				where = notice
			}
			until(t, tab, fmt.Sprintf("%s?.document?.getElementById(%q)?.innerText.includes(%q)", page, where, c.page))
			// What was drawn before may still come, and must not hide it.
			value[any](t, tab, "new Promise((done) => { let n = 10; requestAnimationFrame(function again() { n-- ? requestAnimationFrame(again) : done(0); }); })")
			if got := value[string](t, tab, page+".document.documentElement.dataset.state"); (c.shows == stopped) != (got == stopped) {
				t.Errorf("the page is %q", got)
			}
			if c.shows == stopped && value[bool](t, tab, page+".document.getElementById('loading').classList.contains('done')") {
				t.Error("the overlay is gone again")
			}
			if c.name == "panic" && !value[bool](t, tab, page+".punchback.traced.includes('match')") {
				t.Error("the page has nothing of the match to save")
			}
			if c.script != "" && value[int](t, tab, "sockets") != 0 {
				t.Error("a page without WebRTC asks for a room")
			}
			out.await(t, c.terminal)
			png, err := tab.Shot()
			must(t, err)
			write(t, filepath.Join("../../.artifacts/ended", strings.ReplaceAll(c.name, " ", "-")+".png"), string(png))
		})
	}
}
