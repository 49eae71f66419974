//go:build worlds && linux

package browsers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A page that crashes says nothing any more: not even that it is left. What it has
// kept is there in another tab of the same person.
func TestCrash(t *testing.T) {
	for name, start := range map[string]func(string) (Browser, error){"Chromium": Chromium, "Firefox": Firefox} {
		t.Run(name, func(t *testing.T) {
			var left atomic.Int64
			mux := http.NewServeMux()
			mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `<!doctype html><script>
localStorage.lives = 1 + +(localStorage.lives ?? 0);
addEventListener('pagehide', () => navigator.sendBeacon('/left'));
addEventListener('visibilitychange', () => document.hidden && navigator.sendBeacon('/left'));</script>`)
			})
			mux.HandleFunc("/left", func(http.ResponseWriter, *http.Request) { left.Add(1) })
			s := httptest.NewServer(mux)
			defer s.Close()
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
			tab, err := b.Window(nil)
			must(err)
			must(tab.Navigate(s.URL))
			must(tab.Eval(`void navigator.locks.request('alive', () => new Promise(() => {}))`, nil))
			must(Until(func() (_ any, done bool) {
				must(tab.Eval(`navigator.locks.query().then((all) => all.held.length > 0)`, &done))
				return nil, done
			}))
			must(Crash(tab))
			other, err := tab.Beside(nil)
			must(err)
			must(other.Navigate(s.URL))
			must(Until(func() (_ any, done bool) {
				must(other.Eval(`navigator.locks.request('alive', {ifAvailable: true}, (lock) => !!lock)`, &done))
				return nil, done
			}))
			var lives int
			must(other.Eval("+localStorage.lives", &lives))
			if lives != 2 {
				t.Errorf("%d pages shared their storage; want 2", lives)
			}
			if n := left.Load(); n != 0 {
				t.Errorf("the page said %d times that it is left", n)
			}
			must(other.Close())
			must(tab.Close())
		})
	}
}
