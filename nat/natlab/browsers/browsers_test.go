//go:build worlds && unix

package browsers

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

type console struct {
	mu   sync.Mutex
	text strings.Builder
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// Both do the same, and a tab behind another is hidden for real.
func TestBrowsers(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>here</title><canvas></canvas><script>
onkeydown = (e) => { globalThis.pressed = e.key + ' ' + e.code; };
console.log(early, 'said');
globalThis.gl = document.querySelector('canvas').getContext('webgl2');</script>`)
	}))
	defer s.Close()
	for name, start := range map[string]func(string) (Browser, error){"Chromium": Chromium, "Firefox": Firefox} {
		t.Run(name, func(t *testing.T) {
			b, err := start(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			var out console
			tab, err := b.Window(&out)
			must(err)
			must(tab.Preload("globalThis.early = 'preloaded'"))
			must(tab.Navigate(s.URL))
			var got struct {
				Title       string
				GL, Shown   bool
				Width, Late int
			}

			must(tab.Eval(`({title: document.title, gl: !!gl, shown: !document.hidden, width: innerWidth, late: await new Promise((ok) => setTimeout(ok, 10, 7))})`, &got))
			if got.Title != "here" || !got.GL || !got.Shown || got.Width != 640 || got.Late != 7 {
				t.Errorf("%+v", got)
			}
			if err := tab.Eval("nothing.there", nil); err == nil || !strings.Contains(err.Error(), "nothing") {
				t.Errorf("an error of a script is %v", err)
			}
			must(tab.Press("a", 0))
			var pressed string
			must(Until(func() (any, bool) { return tab.Eval("globalThis.pressed", &pressed), pressed != "" }))
			if pressed != "a KeyA" {
				t.Errorf("pressed %q", pressed)
			}
			shot, err := tab.Shot()
			must(err)
			if p, err := png.Decode(bytes.NewReader(shot)); err != nil || p.Bounds().Dx() != 640 {
				t.Errorf("a picture: %v", err)
			}
			front, err := tab.Beside(nil)
			must(err)
			hidden := func() (h bool) {
				must(tab.Eval("document.hidden", &h))
				return h
			}
			must(front.Front())
			must(Until(func() (any, bool) { return nil, hidden() }))
			must(tab.Front())
			must(Until(func() (any, bool) { return nil, !hidden() }))
			must(front.Close())
			must(tab.Close())
			must(Until(func() (any, bool) {
				return nil, strings.Contains(out.String(), "preloaded said") || strings.Contains(out.String(), "said")
			}))
		})
	}
}
