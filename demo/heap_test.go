//go:build worlds

package main_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

var heapTicks = flag.Int("heap.ticks", 1200, "`ticks` after which the heap is compared with that after a tenth of them; 36000 are ten minutes")

// spy counts the ticks of a match, each of which sends one packet, and the
// objects of JavaScript that Go holds, by kind.
const spy = `(() => {
	let Class, go;
	Object.defineProperty(globalThis, 'Go', {get: () => Class, set(c) {
		Class = c;
		const run = c.prototype.run;
		c.prototype.run = function (...args) { go = this; return run.apply(this, args); };
	}});
	const spy = globalThis.spy = {ticks: 0, kinds: () => {
		const kinds = {};
		for (const v of go._ids.keys()) {
			const kind = Object.prototype.toString.call(v).slice(8, -1);
			kinds[kind] = (kinds[kind] ?? 0) + 1;
		}
		return kinds;
	}};
	const send = RTCDataChannel.prototype.send;
	RTCDataChannel.prototype.send = function (packet) {
		if (!this.ordered) spy.ticks++;
		return send.call(this, packet);
	};
})()`

// spied opens a page with the spy in it. Nobody asks it for anything else, since
// answers are objects, too.
func spied(t *testing.T, name, url string) *tab {
	t.Helper()
	w, err := chromium.get(t).Window(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &tab{Tab: w, t: t, name: name}
	t.Cleanup(func() { _ = p.Close() })
	p.must(p.Preload(spy))
	p.must(p.Navigate(url))
	return p
}

// do is what Chromium's own protocol can do.
func (p *tab) do(actions ...chromedp.Action) {
	p.t.Helper()
	p.must(p.Tab.(*browsers.ChromeTab).Run(actions...))
}

// play plays on to a tick. Where somebody sees the page, a key is held and the
// mouse moves.
func (p *tab) play(to int) {
	p.t.Helper()
	last, i := 0, 0
	p.must(browsers.Until(func() (any, bool) {
		last = eval[int](p, `globalThis.spy?.ticks ?? 0`)
		if i++; !eval[bool](p, `document.hidden`) {
			p.do(input.DispatchKeyEvent(input.KeyDown).WithKey("ArrowUp").WithCode("ArrowUp").WithAutoRepeat(i > 1),
				input.DispatchMouseEvent(input.MouseMoved, float64(i%600), 100))
		}
		return last, last >= to
	}))
}

// heap is what JavaScript needs when V8 has collected its garbage, in bytes:
// objects, the browser's own behind them, and buffers.
func (p *tab) heap() (bytes float64) {
	p.t.Helper()
	p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		if err := heapprofiler.CollectGarbage().Do(ctx); err != nil {
			return err
		}
		used, _, embedder, backing, err := runtime.GetHeapUsage().Do(ctx)
		bytes = used + embedder + backing
		return err
	}))
	return bytes
}

// TestHeap plays the demo and pong: a tick leaves no object of JavaScript
// behind that waits for a collection of Go's.
func TestHeap(t *testing.T) {
	t.Parallel()
	cores.take(t, most())
	t.Run("demo", func(t *testing.T) {
		start(t, "bot", "bot", "-server", world.server, "-room", room(t)) // match after match
		keepsNothing(t, spied(t, "page", join(room(t), 2)))
	})
	t.Run("hidden", func(t *testing.T) {
		start(t, "bot", "bot", "-server", world.server, "-room", room(t))
		p := spied(t, "page", join(room(t), 2))
		p.until(`spy.ticks > 0`)
		p.front()
		keepsNothing(t, p)
	})
	t.Run("pong", func(t *testing.T) {
		web := start(t, "web", "web", "-addr", "127.0.0.1:0", "-no-open", "./demo/pong")
		ready, err := web.out.find(regexp.MustCompile(`(?m)^ready (http://[^/\s]+)`))
		if err != nil {
			t.Fatal(err)
		}
		url := ready[1] + "/?room=" + room(t)
		one := spied(t, "one", url)
		spied(t, "two", url)
		keepsNothing(t, one)
	})
}

func keepsNothing(t *testing.T, p *tab) {
	t.Helper()
	p.play(*heapTicks / 10)
	begin, before := p.heap(), eval[map[string]int](p, `spy.kinds()`)
	p.play(*heapTicks)
	end, after := p.heap(), eval[map[string]int](p, `spy.kinds()`)
	ticks := *heapTicks - *heapTicks/10
	// What comes by the clock may wait for a collection, such as the server's beats,
	// and on a starved machine there are tries of another path.
	limit := 100 + ticks/8 + 100*max(0, after["RTCPeerConnection"]-before["RTCPeerConnection"])
	more := ""
	for _, kind := range slices.Sorted(maps.Keys(after)) {
		n := after[kind] - before[kind]
		if n != 0 {
			more += fmt.Sprintf(" %+d %s", n, kind)
		}
		if n > limit {
			t.Errorf("Go holds %d %s more after %d ticks; want %d at most, and none of a tick's", n, kind, ticks, limit)
		}
	}
	t.Logf("%.2f MB, and %.2f after %d ticks more; Go holds%s", begin/1e6, end/1e6, ticks, cmp.Or(more, " the same"))
	if limit := min(2e6, 1e6+60*float64(ticks)); end-begin > limit {
		t.Errorf("the heap grew by %.2f MB; want %.2f at most", (end-begin)/1e6, limit/1e6)
	}
}
