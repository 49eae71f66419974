//go:build worlds

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode/rtc"
)

// A player who opened the game by its LAN address, which is no secure context, saves
// a report by the page's button: of a room that lives, and of one whose program has
// ended.
func TestThePageSavesAReport(t *testing.T) {
	url, _ := started(t, ".", "-addr", "0.0.0.0:0", "../pong")
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(url))
	until(t, ctx, "globalThis.punchback?.frames")
	if lan := value[string](t, ctx, "punchback.page || ''"); lan != "" {
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
	do(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.SetDownloadBehavior(cdp.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir).WithEventsEnabled(true).Do(ctx)
	}))
	done := make(chan struct{}, 8)
	chromedp.ListenTarget(ctx, func(e any) {
		if p, ok := e.(*cdp.EventDownloadProgress); ok && p.State == cdp.DownloadProgressStateCompleted {
			done <- struct{}{}
		}
	})
	saved := func(click string) *trace.Trace {
		t.Helper()
		value[any](t, ctx, click)
		select {
		case <-done:
		case <-ctx.Done():
			t.Fatal("nothing was saved")
		}
		names, _ := filepath.Glob(filepath.Join(dir, "punchback-trace-*.txt"))
		if len(names) != 1 {
			t.Fatalf("saved are %v", names)
		}
		b, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(names[0])
		tr, err := trace.Decode(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		return tr
	}
	kinds := func(tr *trace.Trace) string {
		s := ""
		for _, e := range tr.Events {
			s += fmt.Sprint(e.Kind, " ", e.Word, ", ")
		}
		return s
	}

	do(t, ctx, chromedp.Navigate(url+"?room=alone"))
	t.Log("secure context:", value[bool](t, ctx, "isSecureContext"))
	until(t, ctx, "globalThis.punchback?.room?.code === 'alone'")
	tr := saved("punchback.saveTrace()")
	if s := kinds(tr); tr.Platform != "js/wasm" || !strings.HasPrefix(s, "join , ") || !strings.Contains(s, "welcome ,") {
		t.Errorf("a room that waits: %s %s", tr.Platform, s)
	}

	do(t, ctx, chromedp.Navigate(url+"?room=full"))
	until(t, ctx, "document.documentElement.dataset.state === 'stopped'")
	tr = saved("document.querySelector('#loading .save').click()")
	if s := kinds(tr); !strings.HasSuffix(s, "over full, ") {
		t.Errorf("a room that is full: %s", s)
	}
	if value[bool](t, ctx, "document.querySelector('#loading .save').hidden") {
		t.Error("the button is not shown")
	}
}
