//go:build worlds

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// browser is a window of a new Chromium, with one empty tab.
func browser(t *testing.T, flags ...chromedp.ExecAllocatorOption) browsers.Tab {
	t.Helper()
	b, err := browsers.ChromiumWith(t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return window(t, b)
}

func window(t *testing.T, b browsers.Browser) browsers.Tab {
	t.Helper()
	tab, err := b.Window(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value is what an expression is in the page; promises are awaited, and the
// page takes it for something that a person did.
func value[T any](t *testing.T, tab browsers.Tab, expression string) (v T) {
	t.Helper()
	must(t, tab.Act(expression, &v))
	return v
}

// until waits for an expression to become true.
func until(t *testing.T, tab browsers.Tab, expression string) {
	t.Helper()
	if err := browsers.Until(func() (any, bool) {
		var ok bool
		err := tab.Eval("!!("+expression+")", &ok) // it fails while the page is another one
		return nil, err == nil && ok
	}); err != nil {
		t.Fatalf("%s: %v; the page says %q", expression, err, value[string](t, tab, "document.body.innerText"))
	}
}

// started is the program itself, ready; its lines can be awaited.
func started(t *testing.T, dir string, args ...string) (url string, out *lines) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-no-open", "-addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WEB_TEST_MAIN=1")
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out = new(lines)
	ready := make(chan string, 1)
	var wait sync.WaitGroup
	wait.Go(func() {
		for s := bufio.NewScanner(pipe); s.Scan(); {
			fmt.Fprintln(out, s.Text())
			if u, ok := strings.CutPrefix(s.Text(), "ready "); ok {
				ready <- u
			}
		}
		close(ready)
	})
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		wait.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ends with %v", err)
		}
	})
	url, ok := <-ready
	if !ok {
		t.Fatalf("never ready: %s", out)
	}
	return url, out
}

func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	if err := browsers.Until(func() (any, bool) {
		said := l.String()
		return len(said), strings.Contains(said, text)
	}); err != nil {
		t.Fatalf("the terminal never says %q, but: %s", text, l)
	}
}

func TestGame(t *testing.T) {
	url, out := started(t, ".", "./testdata/hello")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.punchback?.shown")
	if got := value[string](t, tab, "document.title"); got != "hello (this machine only)" {
		t.Errorf("title %q", got)
	}
	if w := value[string](t, tab, "document.getElementById('fill').style.width"); w != "100%" {
		t.Errorf("the progress bar ends at %s", w)
	}
	if value[string](t, tab, "document.activeElement.tagName") != "CANVAS" {
		t.Error("the canvas is not focused: keys need a click first")
	}
	if !value[bool](t, tab, "document.getElementById('phone').hidden") {
		t.Error("a page for this machine only invites phones")
	}

	t.Run("report", func(t *testing.T) {
		value[any](t, tab, "punchback.report('desync at frame 512: Players[1].Vel.X'), 0")
		out.await(t, "page: desync at frame 512: Players[1].Vel.X\n")
	})

	t.Run("copy", func(t *testing.T) {
		if !value[bool](t, tab, `Object.defineProperty(navigator, 'clipboard', {value: undefined}),
			document.addEventListener('copy', (e) => { globalThis.copied = e.target.value; }), punchback.copy('the link')`) {
			t.Error("without navigator.clipboard nothing is copied")
		}
		if got := value[string](t, tab, "copied"); got != "the link" {
			t.Errorf("copied %q", got)
		}
		if value[string](t, tab, "document.activeElement.tagName") != "CANVAS" {
			t.Error("copying takes the focus from the canvas")
		}
	})

	// Each callback runs once, in order, unless it is cancelled; a callback that
	// fails does not stop the others, and a request made within one waits.
	t.Run("callbacks", func(t *testing.T) {
		got := value[string](t, tab, `new Promise((resolve) => {
			const ran = [];
			requestAnimationFrame(() => { ran.push(1); requestAnimationFrame(() => { ran.push('later'); resolve(ran.join(' ')); }); cancelAnimationFrame(third); });
			requestAnimationFrame(() => { ran.push(2); throw new Error('on purpose'); });
			const third = requestAnimationFrame(() => ran.push('cancelled within'));
			const fourth = requestAnimationFrame(() => ran.push('cancelled'));
			cancelAnimationFrame(fourth);
			requestAnimationFrame((now) => ran.push(Math.abs(now - performance.now()) < 1000));
		})`)
		if got != "1 2 true later" {
			t.Errorf("ran %q", got)
		}
	})

	t.Run("one driver", func(t *testing.T) {
		type count struct{ Runs, Frames int }
		c := value[count](t, tab, `new Promise((resolve) => {
			const all = () => { const f = punchback.frames(); return f.native + f.worker; };
			const before = all();
			let runs = 0;
			requestAnimationFrame(function again() {
				if (++runs < 30) return requestAnimationFrame(again);
				resolve({ runs, frames: all() - before });
			});
		})`)
		// Where the machine is so slow that a frame is late, the other driver looks, too.
		if c.Frames < c.Runs || c.Frames > 2*c.Runs {
			t.Errorf("%d runs in %d frames", c.Runs, c.Frames)
		}
	})

	t.Run("hidden", func(t *testing.T) { hide(t, tab) })
}

// hide puts another tab of the same window in front, which hides the game's tab
// for real: Chromium gives it no animation frame at all.
func hide(t *testing.T, tab browsers.Tab) {
	until(t, tab, "!document.hidden")
	// A key goes down and never up: its release happens elsewhere.
	must(t, tab.Press("ArrowRight", 0))
	value[any](t, tab, `document.querySelector('canvas').dispatchEvent(new KeyboardEvent('keydown', {code: 'ArrowRight', key: 'ArrowRight', bubbles: true})), 0`)
	until(t, tab, "held")

	other, err := tab.Beside(nil)
	must(t, err)
	must(t, other.Front())
	until(t, tab, "document.hidden")

	type count struct{ Native, Worker, Updates, Now float64 }
	const counts = "({...punchback.frames(), updates, now: performance.now()})"
	before := value[count](t, tab, counts)
	until(t, tab, fmt.Sprintf("punchback.frames().worker >= %v && updates >= %v", before.Worker+300, before.Updates+200))
	after := value[count](t, tab, counts)
	if !value[bool](t, tab, "document.hidden") {
		t.Fatal("the tab was shown meanwhile")
	}
	seconds := (after.Now - before.Now) / 1000
	ticks, updates := (after.Worker-before.Worker)/seconds, (after.Updates-before.Updates)/seconds
	t.Logf("hidden for %.1f s: %.1f worker ticks and %.1f updates a second", seconds, ticks, updates)
	if n := after.Native - before.Native; n != 0 {
		t.Errorf("%v native frames in a hidden tab", n)
	}
	// About 62 and 60 if the machine has the time; what a browser leaves the
	// timers of a hidden page is one a second.
	if ticks < 5 || updates < 5 || updates > 65 {
		t.Errorf("%.1f worker ticks and %.1f updates a second; want about 60", ticks, updates)
	}
	if value[bool](t, tab, "held") {
		t.Error("a key is held in a hidden tab")
	}

	must(t, tab.Front())
	until(t, tab, "!document.hidden")
	until(t, tab, fmt.Sprintf("punchback.frames().native > %v", after.Native+30))
	before = value[count](t, tab, counts)
	until(t, tab, fmt.Sprintf("updates >= %v", before.Updates+120))
	after = value[count](t, tab, counts)
	seconds = (after.Now - before.Now) / 1000
	updates = (after.Updates - before.Updates) / seconds
	t.Logf("shown again: %.1f native frames, %.1f worker ticks and %.1f updates a second", (after.Native-before.Native)/seconds, (after.Worker-before.Worker)/seconds, updates)
	if after.Worker-before.Worker > 20 || updates > 65 {
		t.Errorf("shown again: %v worker ticks, %.1f updates a second; want hardly any, and about 60", after.Worker-before.Worker, updates)
	}
}

func TestErrors(t *testing.T) {
	url, _ := started(t, ".", "./testdata/hello")
	b, err := browsers.Chromium(t.TempDir())
	must(t, err)
	t.Cleanup(b.Close)
	for _, c := range []struct{ name, script, head, say string }{
		{"wasm", "delete globalThis.WebAssembly", "No WebAssembly", "current Chrome"},
		{"webgl", "HTMLCanvasElement.prototype.getContext = () => null", "No WebGL", "hardware acceleration"},
		{"lost", "globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'))", "The game did not load", "Failed to fetch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := window(t, b)
			must(t, tab.Preload(c.script))
			must(t, tab.Navigate(url))
			until(t, tab, "document.documentElement.dataset.state === 'stopped'")
			if head := value[string](t, tab, "document.getElementById('head').innerText"); head != c.head {
				t.Errorf("it says %q", head)
			}
			if say := value[string](t, tab, "document.getElementById('say').innerText"); !strings.Contains(say, c.say) {
				t.Errorf("it says %q", say)
			}
		})
	}
	t.Run("two at once", func(t *testing.T) {
		tab := window(t, b)
		must(t, tab.Preload("delete globalThis.RTCPeerConnection; HTMLCanvasElement.prototype.getContext = () => null"))
		must(t, tab.Navigate(url))
		until(t, tab, "document.getElementById('head').innerText === 'No WebGL' && document.body.innerText.includes('No WebRTC')")
	})
	t.Run("webrtc", func(t *testing.T) {
		tab := window(t, b)
		must(t, tab.Preload("delete globalThis.RTCPeerConnection"))
		must(t, tab.Navigate(url))
		until(t, tab, "document.body.innerText.includes('No WebRTC')")
		until(t, tab, "globalThis.updates > 10") // the game still runs
		value[any](t, tab, "document.querySelector('#lack button').click()")
		until(t, tab, "!document.body.innerText.includes('No WebRTC')")
	})
}

// TestWebKit opens the page in a browser that has no WebRTC: it says so as soon
// as it is read, and the game runs.
func TestWebKit(t *testing.T) {
	url, _ := started(t, ".", "./testdata/hello")
	k, err := browsers.OpenWebKit(t.TempDir())
	must(t, err)
	t.Cleanup(k.Close)
	must(t, k.Navigate(url))
	var has, says bool
	must(t, k.Eval("typeof RTCPeerConnection === 'function'", &has))
	if has {
		t.Skip("this WebKit has WebRTC")
	}
	must(t, k.Eval("document.body.innerText.includes('No WebRTC')", &says))
	if !says {
		t.Error("the page is there and says nothing of WebRTC")
	}
	must(t, browsers.Until(func() (any, bool) {
		var updates int
		must(t, k.Eval("globalThis.updates ?? 0", &updates))
		return updates, updates > 10
	}))
}

// shows is a program that shows a number.
func shows(n int) string {
	return fmt.Sprintf("package main\n\nimport \"syscall/js\"\n\nfunc main() {\n\tjs.Global().Set(\"version\", %d)\n\tselect {}\n}\n", n)
}

func TestSave(t *testing.T) {
	dir := workspace(t, map[string]string{"main.go": shows(1)})
	main := filepath.Join(dir, "main.go")
	url, out := started(t, dir, ".")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.version === 1")
	write(t, main, shows(2))
	until(t, tab, "globalThis.version === 2")
	write(t, main, strings.Replace(shows(2), "select", "sellect", 1))
	until(t, tab, "document.getElementById('broken')?.innerText.includes('main.go:7')")
	out.await(t, "main.go:7")
	if value[int](t, tab, "version") != 2 {
		t.Error("the old build is gone")
	}
	write(t, main, strings.Replace(shows(3), "select {}", `panic("on purpose")`, 1))
	until(t, tab, "document.getElementById('say')?.innerText.includes('panic: on purpose')")
	out.await(t, "page: panic: on purpose")
}

// TestPhone opens the page on localhost while others can come too: the way for
// them is shown while the game waits for people, and gone when it is played.
func TestPhone(t *testing.T) {
	url, _ := started(t, ".", "-addr", ":0", "./testdata/hello")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.punchback?.shown")
	lan := value[string](t, tab, "punchback.page || ''")
	if lan == "" {
		t.Skip("this machine has no address but its own")
	}
	until(t, tab, "!document.getElementById('phone').hidden && new URL(document.getElementById('qr').src).searchParams.get('text') === punchback.page")
	value[any](t, tab, "punchback.room = { code: 'fox', link: punchback.page + '?players=3&room=fox', phase: 'gathering' }, 0")
	want := lan + "?players=3&room=fox"
	until(t, tab, fmt.Sprintf("document.getElementById('share').innerText.includes(%q) && document.getElementById('qr').naturalWidth > 0", want))
	if got := value[string](t, tab, "new URL(document.getElementById('qr').src).searchParams.get('text')"); got != want {
		t.Errorf("the code leads to %s, want %s", got, want)
	}
	value[any](t, tab, "punchback.room.phase = 'playing', 0")
	until(t, tab, "document.getElementById('phone').hidden")
	value[any](t, tab, "punchback.own = true, punchback.room.phase = 'gathering', 0") // a game that shows its link itself
	until(t, tab, "!document.getElementById('phone').hidden && document.getElementById('share').hidden")
	value[any](t, tab, "punchback.busy = true, 0")
	until(t, tab, "document.getElementById('phone').hidden")
}

// TestNetwork sends packets over two channels of two connections in one page:
// the unreliable one is slow and loses some, the reliable one is left alone.
func TestNetwork(t *testing.T) {
	dir := workspace(t, map[string]string{"main.go": shows(1)})
	url, _ := started(t, dir, "-lag", "150", "-loss", "0.3", ".")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.version === 1")
	type trip struct {
		Fast     int     // arrived of 200
		Sure     int     // arrived of 20
		Quickest float64 // ms of the fast ones
		Slowest  float64 // ms of the sure ones
	}
	got := value[trip](t, tab, `(async () => {
		const a = new RTCPeerConnection(), b = new RTCPeerConnection();
		a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
		b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
		const pair = (id, kind) => [a, b].map((c) => c.createDataChannel('', { negotiated: true, id, ...kind }));
		const [fast, fastEnd] = pair(0, { ordered: false, maxRetransmits: 0 }), [sure, sureEnd] = pair(1, {});
		await a.setLocalDescription(); await b.setRemoteDescription(a.localDescription);
		await b.setLocalDescription(); await a.setRemoteDescription(b.localDescription);
		while (fast.readyState !== 'open' || sure.readyState !== 'open') await new Promise((ok) => setTimeout(ok, 10));
		const took = { fast: [], sure: [] };
		fastEnd.binaryType = sureEnd.binaryType = 'arraybuffer';
		fastEnd.onmessage = (e) => took.fast.push(performance.now() - new Float64Array(e.data)[0]);
		sureEnd.onmessage = (e) => took.sure.push(performance.now() - new Float64Array(e.data)[0]);
		const buffer = new Float64Array(1); // one for all, as a program in WASM may have it
		for (let i = 0; i < 200; i++) {
			buffer[0] = performance.now();
			fast.send(buffer);
			if (i % 10 === 0) sure.send(buffer);
			await new Promise((ok) => setTimeout(ok, 2));
		}
		await new Promise((ok) => setTimeout(ok, 600));
		return { fast: took.fast.length, sure: took.sure.length, quickest: Math.min(...took.fast), slowest: Math.max(...took.sure) };
	})()`)
	t.Logf("%+v", got)
	if got.Sure != 20 || got.Fast < 100 || got.Fast > 180 || got.Quickest < 145 {
		t.Errorf("%+v: want 20 sure ones, and about 140 of 200 fast ones after at least 150 ms", got)
	}
}

func TestTabs(t *testing.T) {
	url, _ := started(t, ".", "-tabs", "2", "-lag", "80", "-mute", "./testdata/hello")
	tab := browser(t)
	must(t, tab.Navigate(url))
	until(t, tab, "frames.length === 2 && frames[0].updates > 20 && frames[1].updates > 20")
	type place struct{ Room, Players, Lag, Mute string }
	const query = "Object.fromEntries(new URLSearchParams(frames[%d].location.search))"
	one, two := value[place](t, tab, fmt.Sprintf(query, 0)), value[place](t, tab, fmt.Sprintf(query, 1))
	if one != two || one.Room == "" || len(one.Room) > 32 || one.Players != "2" || one.Lag != "80" || one.Mute != "1" {
		t.Errorf("the players are at %+v and %+v", one, two)
	}
}
