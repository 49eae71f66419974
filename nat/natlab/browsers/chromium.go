//go:build unix

package browsers

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

type chromium struct {
	ctx context.Context
	end func()

	mu   sync.Mutex
	tabs []*ChromeTab // all that were opened
}

// Chromium starts it with a new profile in dir. No flag keeps hidden tabs awake.
// One makes them sleep as soundly after a second as else after five minutes: a
// timer that sets the next one comes once a minute, unless a link is open.
func Chromium(dir string) (Browser, error) { return ChromiumWith(dir) }

// ChromiumWith starts it with flags of the caller's own.
func ChromiumWith(dir string, flags ...chromedp.ExecAllocatorOption) (Browser, error) {
	path, err := find("chromium", "chromium-browser", "google-chrome")
	if err != nil {
		return nil, err
	}
	all, stop := chromedp.NewExecAllocator(context.Background(), append(flags,
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.WindowSize(640, 360),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(Patience),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/1"))...)
	ctx, end := chromedp.NewContext(all)
	b := &chromium{ctx: ctx, end: func() { _ = chromedp.Cancel(ctx); end(); stop() }}
	if err := chromedp.Run(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("browsers: chromium: %w", err)
	}
	return b, nil
}

func (b *chromium) Name() string { return "Chromium" }

// Close ends the tabs first: each says goodbye, and waits for an answer.
func (b *chromium) Close() {
	b.mu.Lock()
	tabs := b.tabs
	b.mu.Unlock()
	for _, t := range tabs {
		_ = chromedp.Cancel(t.ctx)
	}
	b.end()
}

// direct is a context for commands to the browser itself.
func (b *chromium) direct() context.Context {
	return cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
}

func (b *chromium) Window(console io.Writer) (Tab, error) {
	person, err := target.CreateBrowserContext().Do(b.direct())
	if err != nil {
		return nil, err
	}
	// In front, as a window is that a person opens; else nothing in it has the focus.
	create := target.CreateTarget("about:blank").WithFocus(true).WithBrowserContextID(person).WithNewWindow(true).WithWidth(640).WithHeight(360)
	t, err := b.open(create, person, console)
	if err != nil {
		_ = target.DisposeBrowserContext(person).Do(b.direct())
		return nil, err
	}
	t.first = true
	return t, nil
}

// ChromeTab is a tab of Chromium, for what only its own protocol can do.
type ChromeTab struct {
	b      *chromium
	person cdp.BrowserContextID
	first  bool // its end is that of the person
	id     target.ID
	ctx    context.Context
	end    func()
}

func (b *chromium) open(create *target.CreateTargetParams, person cdp.BrowserContextID, console io.Writer) (*ChromeTab, error) {
	id, err := create.Do(b.direct())
	if err != nil {
		return nil, err
	}
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	t := &ChromeTab{b: b, person: person, id: id, ctx: ctx, end: end}
	b.mu.Lock()
	b.tabs = append(b.tabs, t)
	b.mu.Unlock()
	if console != nil {
		var mu sync.Mutex
		chromedp.ListenTarget(ctx, func(event any) {
			mu.Lock()
			defer mu.Unlock()
			switch e := event.(type) {
			case *runtime.EventConsoleAPICalled:
				for _, a := range e.Args {
					fmt.Fprintf(console, "%s: %s %s\n", e.Type, a.Value, a.Description)
				}
			case *runtime.EventExceptionThrown:
				fmt.Fprintf(console, "exception: %v\n", e.ExceptionDetails)
			}
		})
	}
	if err := chromedp.Run(ctx); err != nil { // the first use, which must have no limit: the tab would end with it
		end()
		return nil, err
	}
	return t, nil
}

// Run runs actions of chromedp.
func (t *ChromeTab) Run(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// Preload has a script run before any of the page's own.
func (t *ChromeTab) Preload(script string) error {
	return t.Run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// Navigate goes to a page.
func (t *ChromeTab) Navigate(url string) error { return t.Run(chromedp.Navigate(url)) }

// Eval evaluates an expression into v, and waits if it is a promise.
func (t *ChromeTab) Eval(expression string, v any) error { return t.evaluate(expression, v, false) }

// Act does so as if a person had clicked.
func (t *ChromeTab) Act(expression string, v any) error { return t.evaluate(expression, v, true) }

func (t *ChromeTab) evaluate(expression string, v any, gesture bool) error {
	var text *string
	err := t.Run(chromedp.Evaluate(asJSON(expression), &text, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true).WithUserGesture(gesture)
	}))
	if err != nil || text == nil {
		return err
	}
	return decode(expression, *text, v)
}

// Press holds a key down for some time.
func (t *ChromeTab) Press(key string, length time.Duration) error {
	if err := t.Run(input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithCode(code(key))); err != nil {
		return err
	}
	time.Sleep(length)
	return t.Run(input.DispatchKeyEvent(input.KeyUp).WithKey(key).WithCode(code(key)))
}

// code is where a key is: KeyboardEvent.code.
func code(key string) string {
	if len(key) == 1 && key[0] >= 'a' && key[0] <= 'z' {
		return "Key" + string(key[0]-'a'+'A')
	}
	return key
}

// Downloads has what the person saves written to a directory, without a question.
func (t *ChromeTab) Downloads(dir string) error {
	return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithBrowserContextID(t.person).WithDownloadPath(dir).Do(t.b.direct())
}

// Shot is a picture of the page.
func (t *ChromeTab) Shot() (png []byte, err error) {
	err = t.Run(chromedp.CaptureScreenshot(&png))
	return png, err
}

// Beside opens another tab of the same person, whose console is written to console.
func (t *ChromeTab) Beside(console io.Writer) (Tab, error) {
	other, err := t.b.open(target.CreateTarget("about:blank").WithFocus(true).WithBrowserContextID(t.person), t.person, console)
	if err != nil {
		return nil, err
	}
	return other, nil
}

// Front shows the tab, and hides the others of its window.
func (t *ChromeTab) Front() error { return target.ActivateTarget(t.id).Do(t.b.direct()) }

// Close closes the tab.
func (t *ChromeTab) Close() error {
	_ = chromedp.Cancel(t.ctx)
	if !t.first {
		return nil
	}
	return target.DisposeBrowserContext(t.person).Do(t.b.direct())
}
