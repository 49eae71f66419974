//go:build unix

package rtc_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// A page that is reloaded, left or closed says goodbye: the other end has no
// silence to wait out, with the server or without.
func TestAPageThatIsLeftSaysGoodbye(t *testing.T) {
	if testing.Short() {
		t.Skip("no time for a browser")
	}
	wasm := pageWASM(t)
	for _, b := range []struct {
		name  string
		start func(dir string) (browsers.Browser, error)
	}{{"Chromium", browsers.Chromium}, {"Firefox", browsers.Firefox}} {
		t.Run(b.name, func(t *testing.T) {
			browser, err := b.start(t.TempDir())
			if errors.Is(err, browsers.ErrMissing) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			defer browser.Close()
			for how, leave := range map[string]func(tab browsers.Tab, page string) error{
				"reloaded": func(tab browsers.Tab, page string) error { return tab.Navigate(page) },
				"left":     func(tab browsers.Tab, _ string) error { return tab.Navigate("about:blank") },
				"closed": func(tab browsers.Tab, _ string) error {
					if c, ok := tab.(*browsers.ChromeTab); ok { // as a person does: its own Close lets no page end
						return c.Run(page.Close())
					}
					return tab.Close()
				},
			} {
				for _, there := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s, server %v", how, there), func(t *testing.T) { parting(t, browser, wasm, leave, there) })
				}
			}
		})
	}
}

// A page that the browser keeps, and that comes back, is linked again in the room
// where it was.
func TestAPageThatComesBackIsLinkedAgain(t *testing.T) {
	tab, wasm := browser(t), pageWASM(t)
	p := meetPage(t, tab, wasm)
	if err := tab.Eval(`dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))`, nil); err != nil {
		t.Fatal(err)
	}
	opened := 0
	p.until(func(e trace.Event) bool {
		if e.Kind == trace.Closed && e.Word != "closed by them" {
			t.Errorf("the link is %+v", e)
		}
		if e.Kind == trace.Join { // they are told from the beginning
			opened = 0
		}
		if e.Kind == trace.Open && e.Peer == p.peer {
			opened++
		}
		return opened == 2
	})
}

// paged is a room here that is linked to a page.
type paged struct {
	t    *testing.T
	room *rtc.Room
	page string // its address
	peer int
	stop func() // ends the server
}

func meetPage(t *testing.T, tab browsers.Tab, wasm string) *paged {
	t.Helper()
	url, stop := serveAs(t, "127.0.0.1:0", server.Config{Turn: "off", Origins: []string{"*"}})
	h := httptest.NewServer(pageAt(t, wasm, "punchback = { server: "+strconv.Quote(url)+` }; game = "/toy/ROOM?players=2-3";`))
	t.Cleanup(h.Close)
	if err := tab.Navigate(h.URL + "/"); err != nil {
		t.Fatal(err)
	}
	p := &paged{t: t, page: h.URL + "/", stop: stop, room: join(t, url+"/toy/ROOM?players=2-3", &rtc.Options{Build: "toy/1", Rate: 60})}
	p.peer = p.until(func(e trace.Event) bool { return e.Kind == trace.Open }).Peer
	return p
}

// until waits for something that the room's trace tells.
func (p *paged) until(is func(e trace.Event) bool) (found trace.Event) {
	p.t.Helper()
	if err := browsers.Until(func() (any, bool) {
		tr := traced(p.t, p.room)
		for _, e := range tr.Events {
			if is(e) {
				found = e
				return nil, true
			}
		}
		return len(tr.Events), false
	}); err != nil {
		p.t.Fatalf("%v\n%s", err, p.room.Trace())
	}
	return found
}

// parting has a page left that is linked.
func parting(t *testing.T, b browsers.Browser, wasm string, leave func(tab browsers.Tab, page string) error, there bool) {
	tab, err := b.Window(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := meetPage(t, tab, wasm)
	if !there {
		p.stop()
		p.until(func(e trace.Event) bool { return e.Kind == trace.Down })
	}
	if err := leave(tab, p.page); err != nil {
		t.Fatal(err)
	}
	// Where the server is the first to tell, this end closes the link itself.
	closed := p.until(func(e trace.Event) bool { return e.Kind == trace.Closed && e.Peer == p.peer })
	if closed.Word != "closed by them" && (closed.Word != "" || !there) {
		t.Errorf("the link is %+v", closed)
	}
	if there {
		p.until(func(e trace.Event) bool { return e.Kind == trace.Left && e.Peer == p.peer })
	}
}
