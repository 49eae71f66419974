//go:build worlds && !js

package punch

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// Packets, in and out, and the questions about the path meanwhile, leave behind
// no object that Go holds. Where the page's policy lets no script of the SDK in,
// they do, and all the rest is the same.
func TestBrowserKeepsNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy []string
		glue   bool
	}{
		{"any page", nil, true},
		{"strict policy", []string{"script-src 'self' 'nonce-ours' 'wasm-unsafe-eval'"}, false},
		{"trusted types", []string{"require-trusted-types-for 'script'"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			do := page(t, browsers.Chromium, c.policy...)
			var glue bool
			if do("!!globalThis.punchback?.glue", &glue); glue != c.glue {
				t.Fatalf("the SDK's script runs: %v", glue)
			}
			l, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var said string
			if do("begin(true, false, '[]')", &said); said != "" {
				t.Fatal(said)
			}
			var r told
			for begin := time.Now(); l.State() != Open || r.Path != "direct"; {
				if time.Since(begin) > time.Minute {
					t.Fatalf("not open: %+v, %s", r, l.Report().Reason)
				}
				if do("next()", &said); said != "" {
					_ = l.Signal([]byte(said))
				}
				for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
					b, _ := json.Marshal(string(s))
					do("hear("+string(b)+")", nil)
				}
				do("report()", &said)
				if err := json.Unmarshal([]byte(said), &r); err != nil {
					t.Fatal(err)
				}
			}
			var before, after int
			const held = "go._ids.size"
			echoes(t, l, 50)
			do(held, &before)
			echoes(t, l, 1000)
			do(held, &after)
			t.Logf("Go holds %d objects, and after 1000 packets out and in %d", before, after)
			if grown := after - before; c.glue && grown > 500 { // a try of another path leaves some
				t.Errorf("Go holds %d objects more; want none of a packet's", grown)
			}
		})
	}
}

// echoes sends packets of all lengths until n have come back as they were.
func echoes(t *testing.T, l *Link, n int) {
	t.Helper()
	var packet, back [MaxPacket]byte
	for i := range packet {
		packet[i] = byte(i * 7)
	}
	clock := time.NewTicker(8 * time.Millisecond) // below what a link lets in
	defer clock.Stop()
	for i, last := 0, time.Now(); n > 0; i++ {
		l.Send(packet[:i%(MaxPacket/8)])
		<-clock.C
		for size, ok := l.Recv(back[:]); ok; size, ok = l.Recv(back[:]) {
			if !bytes.Equal(back[:size], packet[:size]) {
				t.Fatalf("a packet of %d bytes came back as another", size)
			}
			last = time.Now()
			n--
		}
		if time.Since(last) > 20*time.Second {
			t.Fatalf("%d packets have not come back, and none comes: %v", n, l.Err())
		}
	}
}
