//go:build worlds

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// chromium is one browser for all tests; each page has a context of its own,
// as if it were another person's browser.
var chromium browser

type browser struct {
	once  sync.Once
	ctx   context.Context
	err   error
	close func()
}

func init() { chromium.close = func() {} }

// start starts Chromium as a person has it: no flag here keeps hidden tabs awake.
// One makes them sleep as soundly after a second as else after five minutes: a
// timer that sets the next one comes once a minute, unless a link is open.
func (b *browser) start(t *testing.T) context.Context {
	t.Helper()
	b.once.Do(func() {
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			path, err := exec.LookPath(name)
			if err != nil {
				continue
			}
			dir := filepath.Join(world.bin, "profile")
			all, stop := chromedp.NewExecAllocator(context.Background(),
				chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.WindowSize(640, 360),
				chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
				chromedp.Flag("headless", "new"), chromedp.Flag("disable-background-networking", true),
				chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-extensions", true),
				chromedp.Flag("disable-sync", true), chromedp.Flag("mute-audio", true),
				chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
				chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/1"))
			ctx, end := chromedp.NewContext(all)
			b.ctx, b.close = ctx, func() { end(); stop() }
			b.err = chromedp.Run(ctx)
			return
		}
		b.err = exec.ErrNotFound
	})
	if b.err == exec.ErrNotFound {
		need(t, "chromium")
	}
	if b.err != nil {
		t.Fatalf("chromium: %v", b.err)
	}
	return b.ctx
}

// person is a new browser context: nothing is shared with another one.
func (b *browser) person(t *testing.T) cdp.BrowserContextID {
	t.Helper()
	ctx := b.direct(t)
	id, err := target.CreateBrowserContext().Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.DisposeBrowserContext(id).Do(ctx); err != nil {
			t.Error(err)
		}
	})
	return id
}

// direct is a context for commands to the browser itself.
func (b *browser) direct(t *testing.T) context.Context {
	t.Helper()
	ctx := b.start(t)
	return cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
}

// A tab is a page that is open.
type tab struct {
	t      *testing.T
	name   string
	person cdp.BrowserContextID
	id     target.ID
	ctx    context.Context
}

// newTab opens an empty tab, in a new window or in the one that the person has.
func newTab(t *testing.T, name string, person cdp.BrowserContextID, newWindow bool) *tab {
	t.Helper()
	create := target.CreateTarget("about:blank").WithBrowserContextID(person)
	if newWindow {
		create = create.WithNewWindow(true).WithWidth(640).WithHeight(360)
	}
	id, err := create.Do(chromium.direct(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := chromedp.NewContext(chromium.start(t), chromedp.WithTargetID(id))
	t.Cleanup(end)
	return &tab{t, name, person, id, ctx}
}

// activate brings a tab to the front of its window.
func (p *tab) activate() {
	p.t.Helper()
	if err := target.ActivateTarget(p.id).Do(chromium.direct(p.t)); err != nil {
		p.t.Fatal(err)
	}
}

// stats is what the page says of itself.
type stats struct {
	Scene     string  `json:"scene"`
	Player    int     `json:"player"`
	Players   int     `json:"players"`
	Frame     int     `json:"frame"`
	Confirmed int     `json:"confirmed"`
	HashFrame int     `json:"hashFrame"`
	Hash      string  `json:"hash"`
	RTTMS     float64 `json:"rttMs"`
	Path      string  `json:"path"`
	Rollback  int     `json:"rollback"`
	Stalls    int     `json:"stalls"`
	Room      string  `json:"room"`
}

// watch runs in every page before anything else: it notes when the game first
// showed itself, when the match began, and every hash that the page told, by
// match and frame. It looks by a timer, so that it asks for no animation frame.
const watch = `(() => {
	const seen = globalThis.worlds = {first: 0, match: 0, matches: 0, hashes: {}};
	let last = 0;
	setInterval(() => {
		const s = globalThis.punchback?.stats?.();
		if (!s) return;
		seen.first ||= performance.now();
		if (s.frame > 0) {
			seen.match ||= performance.now();
			if (!last || s.frame < last) seen.matches++;
			last = s.frame;
		}
		if (s.hashFrame > 0 && s.hash) seen.hashes[seen.matches + "." + s.hashFrame] = s.hash;
	}, 20);
})();`

// seen is what watch noted; times are in ms since the navigation.
type seen struct {
	First   float64           `json:"first"`
	Match   float64           `json:"match"`
	Matches int               `json:"matches"`
	Hashes  map[string]string `json:"hashes"` // by "match.frame", both from 1
}

// open opens a page in a context of its own. What scripts are given runs
// before the page's own.
func open(t *testing.T, name, url string, scripts ...string) *tab {
	t.Helper()
	person := chromium.person(t)
	p := newTab(t, name, person, true)
	ctx := p.ctx
	log, err := os.Create(filepath.Join(shelf(t), name+".console"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // of log
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			for _, a := range e.Args {
				fmt.Fprintf(log, "%s: %s %s\n", e.Type, a.Value, a.Description)
			}
		case *runtime.EventExceptionThrown:
			fmt.Fprintf(log, "exception: %v\n", e.ExceptionDetails)
		}
	})
	t.Cleanup(func() {
		if t.Failed() {
			p.keep()
		}
		mu.Lock()
		defer mu.Unlock()
		_ = log.Close()
	})
	var actions []chromedp.Action
	for _, s := range append([]string{watch}, scripts...) {
		actions = append(actions, chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(s).Do(ctx)
			return err
		}))
	}
	p.run(append(actions, chromedp.Navigate(url))...)
	return p
}

// join is the link to a room of the demo, played by the bot's inputs.
func join(room string, players int) string {
	return fmt.Sprintf("%s/?room=%s&players=%d&autoplay=1&mute=1", world.page, room, players)
}

func (p *tab) run(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 40*time.Second)
	defer cancel()
	if chromedp.FromContext(p.ctx).Target == nil {
		ctx = p.ctx // the first use must not end with a limit, or the page ends with it
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// eval evaluates an expression to a value.
func eval[T any](p *tab, expression string) (v T) {
	p.t.Helper()
	var raw []byte
	p.run(chromedp.Evaluate(expression, &raw))
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &v); err != nil {
			p.t.Fatalf("%s: %s = %s: %v", p.name, expression, raw, err)
		}
	}
	return v
}

func (p *tab) stats() stats {
	p.t.Helper()
	return eval[stats](p, `globalThis.punchback?.stats?.() ?? {}`)
}

func (p *tab) seen() seen {
	p.t.Helper()
	return eval[seen](p, `globalThis.worlds`)
}

// until waits until an expression is true.
func (p *tab) until(expression string, limit time.Duration) {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	for !eval[bool](p, `!!(`+expression+`)`) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: not after %v: %s\nstats: %+v", p.name, limit, expression, p.stats())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// untilFrame waits until a frame is confirmed.
func (p *tab) untilFrame(frame int, limit time.Duration) {
	p.t.Helper()
	p.until(fmt.Sprintf(`globalThis.punchback?.stats?.().confirmed >= %d`, frame), limit)
}

// keep keeps what can be had of a page of a failed test.
func (p *tab) keep() {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	var png []byte
	if chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)) == nil {
		_ = os.WriteFile(filepath.Join(shelf(p.t), p.name+"-failed.png"), png, 0o644)
	}
}

// shot keeps a picture of the page, and sees that there is something on it.
func (p *tab) shot(name string) {
	p.t.Helper()
	var png []byte
	p.run(chromedp.CaptureScreenshot(&png))
	path := filepath.Join(shelf(p.t), name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
	notBlank(p.t, path)
}

// notBlank counts the colours of a picture; an empty canvas has one.
func notBlank(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}]++
		}
	}
	if len(colours) < 12 {
		t.Errorf("%s has %d colours; want a picture of a game", path, len(colours))
	}
}

// agree compares every hash that both pages told of their n-th match, and
// wants at least so many.
func agree(t *testing.T, a, b *tab, n, atLeast int) {
	t.Helper()
	x, y := a.seen().Hashes, b.seen().Hashes
	common := 0
	for at, hash := range x {
		other, ok := y[at]
		if !ok || !strings.HasPrefix(at, fmt.Sprint(n, ".")) {
			continue
		}
		common++
		if hash != other {
			t.Errorf("match and frame %s: %s has %s, %s has %s", at, a.name, hash, b.name, other)
		}
	}
	t.Logf("match %d: %d hashes compared", n, common)
	if common < atLeast {
		t.Errorf("match %d: %d hashes to compare; want at least %d", n, common, atLeast)
	}
}

// press presses a key as a finger does.
func (p *tab) press(key, code string, length time.Duration) {
	p.t.Helper()
	p.run(input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithCode(code))
	time.Sleep(length)
	p.run(input.DispatchKeyEvent(input.KeyUp).WithKey(key).WithCode(code))
}
