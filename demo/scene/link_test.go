//go:build !cgo && !windows

// These tests need no window, and Ebiten wants one as soon as it is linked:
// they run with CGO_ENABLED=0, where it is not.

package scene

import (
	"reflect"
	"strings"
	"testing"
)

func TestParsePlace(t *testing.T) {
	home := place{server: "ws://127.0.0.1:8080", players: 2}
	for _, c := range []struct{ in, url, err string }{
		{"tokiba", "ws://127.0.0.1:8080/punchback/TOKIBA?players=2", ""},
		{"MyRoom", "ws://127.0.0.1:8080/punchback/MyRoom?players=2", ""},
		{" fox-7 ", "ws://127.0.0.1:8080/punchback/FOX-7?players=2", ""},
		{"http://192.0.2.7:8080/?room=abc&players=4", "ws://192.0.2.7:8080/punchback/abc?players=2-4", ""},
		{"https://play.example/?room=abc", "wss://play.example/punchback/abc?players=2", ""},
		{"play.example/?room=abc", "ws://play.example/punchback/abc?players=2", ""},
		{"wss://play.example/punchback/XY?players=3", "wss://play.example/punchback/XY?players=2-3", ""},
		{"wss://play.example/punchback/XY?players=2-3", "wss://play.example/punchback/XY?players=2-3", ""},
		{"wss://play.example/punchback/XY?players=2-2", "wss://play.example/punchback/XY?players=2", ""},
		{"", "", "missing"},
		{"http://play.example/", "", "missing"},
		{"a b", "", "has a ' '"},
		{"http://play.example/chess/XY", "", "chess"},
		{"ftp://play.example/?room=a", "", "ftp"},
		{"http://?room=a", "", "no link"},
		{"http://h/?room=a&players=9", "", "2 to 4"},
		{"http://h/?room=a&players=2-9", "", "2 to 4"},
		{"http://h/?room=a&players=3-4", "", "2 to 4"},
		{strings.Repeat("x", 40), "", "32"},
	} {
		p, err := parsePlace(c.in, home)
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%q: %v", c.in, err)
		case c.err == "" && p.url() != c.url:
			t.Errorf("%q: %s, want %s", c.in, p.url(), c.url)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: error %v, want one with %q", c.in, err, c.err)
		}
	}
	if got := (place{server: "ws://h", players: 2, fresh: true}).url(); got != "ws://h/punchback?players=2&new" {
		t.Error(got)
	}
}

func TestFromPage(t *testing.T) {
	o, err := FromPage("https://h:1/?room=R&players=3&autoplay=1&mute=1&lag=80&jitter=10&loss=0.05&split=0")
	want := Options{Server: "wss://h:1", Room: "R", Players: 3, Autoplay: true, Mute: true, Lag: 80, Jitter: 10, Loss: 0.05}
	if err != nil || !reflect.DeepEqual(o, want) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := FromPage("http://h/?players=2-4"); err != nil || o.Players != 4 {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := FromPage("http://h/"); err != nil || o.Server != "ws://h" || o.Players != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range []string{"?players=1", "?players=x", "?lag=-1", "?loss=2", "?loss=NaN", "?room=a%20b"} {
		if _, err := FromPage("http://h/" + bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestMenu(t *testing.T) {
	m := menu{items: []item{{text: "a"}, {text: "b"}, {text: "c", steps: 10, value: 9}}, x: 100, y: 100, w: 200, h: 20}
	step := func(p press) int { return m.update(&p) }
	if step(press{down: true}); m.at != 1 {
		t.Fatal("down went to", m.at)
	}
	if step(press{up: true}); m.at != 0 {
		t.Fatal("up went to", m.at)
	}
	if step(press{up: true}); m.at != 2 {
		t.Fatal("up from the first went to", m.at)
	}
	step(press{right: true})
	step(press{right: true})
	if m.items[2].value != 10 {
		t.Fatal("a slider went past its end:", m.items[2].value)
	}
	if step(press{ok: true}) != -1 {
		t.Fatal("a slider was picked")
	}
	if step(press{down: true}); step(press{ok: true}) != 0 {
		t.Fatal("the first item was not picked")
	}
	if got := step(press{x: 150, y: 125, click: true}); got != 1 {
		t.Fatal("a click on the second item picked", got)
	}
	if got := step(press{x: 10, y: 125, click: true}); got != -1 {
		t.Fatal("a click beside the menu picked", got)
	}
	if step(press{x: 150, y: 145}); m.at != 1 {
		t.Fatal("a resting pointer took the choice from the keyboard")
	}
	from, to := m.track()
	step(press{x: from, y: 145, pointed: true, held: true})
	if m.items[2].value != 0 {
		t.Fatal("a slider dragged to its start is", m.items[2].value)
	}
	step(press{x: to, y: 145, held: true})
	if m.items[2].value != 10 {
		t.Fatal("a slider dragged to its end is", m.items[2].value)
	}
}
