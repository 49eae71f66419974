//go:build worlds

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode/rtc"
)

// A player who opened the game by its LAN address, which is no secure context, saves
// a report by the page's button: of a room that lives, and of one whose program has
// ended.
func TestThePageSavesAReport(t *testing.T) {
	url, _ := started(t, ".", "-addr", "0.0.0.0:0", "../pong")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.punchback?.frames")
	if lan := value[string](t, tab, "punchback.page || ''"); lan != "" {
		url = lan
	}
	for range 2 {
		r, err := rtc.Join(strings.Replace(url, "http", "ws", 1)+"pong/full?players=2", &rtc.Options{Build: "pong/1"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
	}
	dir := t.TempDir()
	must(t, tab.(*browsers.ChromeTab).Downloads(dir))
	saved := func(click string) *trace.Trace {
		t.Helper()
		value[any](t, tab, click)
		var tr *trace.Trace
		must(t, browsers.Until(func() (any, bool) {
			names, _ := filepath.Glob(filepath.Join(dir, "punchback-trace-*.txt"))
			if len(names) != 1 {
				return names, false
			}
			b, err := os.ReadFile(names[0]) // it may have its name, and be written yet
			if err == nil {
				tr, err = trace.Decode(b)
			}
			if err != nil {
				return fmt.Sprintf("%v: %q", err, b), false
			}
			return names, os.Remove(names[0]) == nil
		}))
		return tr
	}
	kinds := func(tr *trace.Trace) string {
		s := ""
		for _, e := range tr.Events {
			s += fmt.Sprint(e.Kind, " ", e.Word, ", ")
		}
		return s
	}

	must(t, tab.Navigate(url+"?room=alone"))
	t.Log("secure context:", value[bool](t, tab, "isSecureContext"))
	until(t, tab, "globalThis.punchback?.room?.code === 'alone'")
	tr := saved("punchback.saveTrace()")
	if s := kinds(tr); tr.Platform != "js/wasm" || !strings.HasPrefix(s, "join , ") || !strings.Contains(s, "welcome ,") {
		t.Errorf("a room that waits: %s %s", tr.Platform, s)
	}

	must(t, tab.Navigate(url+"?room=full"))
	until(t, tab, "document.documentElement.dataset.state === 'stopped'")
	tr = saved("document.querySelector('#loading .save').click()")
	if s := kinds(tr); !strings.HasSuffix(s, "over full, ") {
		t.Errorf("a room that is full: %s", s)
	}
	if value[bool](t, tab, "document.querySelector('#loading .save').hidden") {
		t.Error("the button is not shown")
	}
}
