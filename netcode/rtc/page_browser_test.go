//go:build unix

package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

const pageHTML = `<!doctype html><script src="wasm_exec.js"></script><script>
%s
const go = new Go();
WebAssembly.instantiateStreaming(fetch("page.wasm"), go.importObject).then(r => go.run(r.instance));
</script>`

// A page in a real browser and a native program meet, play and play again: the
// two halves of the same API.
func TestAPageMeetsAWindow(t *testing.T) {
	tab, wasm := browser(t), pageWASM(t)
	h := serves(t, server.Config{Fallback: pageAt(t, wasm, "")})
	if err := tab.Navigate(h.URL); err != nil {
		t.Fatal(err)
	}
	said := func() string { return said(t, tab) }

	ctx, cancel := context.WithTimeout(context.Background(), 3*browsers.Patience)
	defer cancel()
	room := join(t, "ws"+strings.TrimPrefix(h.URL, "http")+"/toy?players=2", &rtc.Options{Build: "toy/1", Rate: 60})
	for range 2 {
		m, err := room.WaitMatch(ctx)
		if err != nil {
			t.Fatalf("%v: %+v; the page: %s", err, room.Status(), said())
		}
		for p, id := range m.Config().Seats {
			if id != m.Config().Self {
				t.Logf("linked in %v", m.Peer(netcode.Player(p)).Connect)
			}
		}
		want := visit(ctx, t, m, 200)
		if err := browsers.Until(func() (any, bool) { s := said(); return s, strings.Contains(s, want) }); err != nil {
			t.Fatalf("want %s: %v", want, err)
		}
	}
	if want := "link " + h.URL + "/?players=2&room="; !strings.Contains(said(), want) {
		t.Errorf("the page said %q, want %q", said(), want)
	}
}

// Whoever makes a link chooses what is in it, but not the server at which its page
// plays, unless the page wants that: that server would learn everybody's address.
func TestALinkDoesNotMoveAPage(t *testing.T) {
	tab, wasm := browser(t, chromedp.Flag("host-resolver-rules", "MAP game.example 127.0.0.1")), pageWASM(t)
	ws := func(h *httptest.Server) string { return "ws" + strings.TrimPrefix(h.URL, "http") }
	const build, let = "punchback.server = BUILT;", "punchback.serverFromLink = true;"
	for _, c := range []struct {
		host, script, query string
		want                string // the server that is asked: built, linked, or own
		link                bool   // whether the way here leads there, too
	}{
		{"127.0.0.1", build, "?server=", "built", false},
		{"game.example", build, "?server=", "built", false},
		{"game.example", build + let, "?server=", "linked", true},
		{"game.example", build + let, "?room=FOX", "built", false},
		{"game.example", "", "?server=", "own", false},
		{"game.example", let, "?server=", "linked", true},
		{"127.0.0.1", "", "?server=", "linked", true},
	} {
		t.Run(c.host+" "+c.script+c.query, func(t *testing.T) {
			built, linked := serves(t, server.Config{Origins: []string{"*"}}), serves(t, server.Config{Origins: []string{"*"}})
			script := `punchback = {}; game = "/toy?players=2";` + strings.ReplaceAll(c.script, "BUILT", strconv.Quote(ws(built)))
			own := serves(t, server.Config{Public: "game.example", Fallback: pageAt(t, wasm, script)})
			page := strings.Replace(own.URL, "127.0.0.1", c.host, 1) + "/"
			query := c.query
			if query == "?server=" {
				query += url.QueryEscape(ws(linked))
			}
			if err := tab.Navigate(page + query); err != nil {
				t.Fatal(err)
			}
			if err := browsers.Until(func() (any, bool) { return nil, said(t, tab) != "" }); err != nil {
				t.Fatal(err)
			}
			for name, h := range map[string]*httptest.Server{"built": built, "linked": linked, "own": own} {
				if in := members(t, h) == 1; in != (name == c.want) {
					t.Errorf("at the server that is %s: %v", name, in)
				}
			}
			want := "link " + page + "?"
			if c.link {
				want = "server=" + url.QueryEscape(ws(linked))
			}
			if got := said(t, tab); !strings.Contains(got, want) || !c.link && strings.Contains(got, "server=") {
				t.Errorf("the page said %q, want %q in it", got, want)
			}
		})
	}
}

// members is how many are in the rooms of a server.
func members(t *testing.T, h *httptest.Server) (n int) {
	t.Helper()
	r, err := h.Client().Get(h.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var rooms int
	if _, err := fmt.Fscanf(r.Body, "ok\nrooms %d\nmembers %d\n", &rooms, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// browser is a tab of a Chromium; without one the test is skipped.
func browser(t *testing.T, flags ...chromedp.ExecAllocatorOption) browsers.Tab {
	t.Helper()
	if testing.Short() {
		t.Skip("no time for a browser")
	}
	b, err := browsers.ChromiumWith(t.TempDir(), flags...)
	if errors.Is(err, browsers.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	tab, err := b.Window(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// said is what the page has to say so far.
func said(t *testing.T, tab browsers.Tab) (s string) {
	t.Helper()
	if err := tab.Eval(`globalThis.said ?? ""`, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// serves runs a signaling server for one test.
func serves(t *testing.T, cfg server.Config) *httptest.Server {
	t.Helper()
	cfg.Turn = "off"
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); h.Close() })
	return h
}

// pageWASM builds the page's program.
func pageWASM(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "page.wasm")
	build := exec.Command("go", "build", "-o", file, "./testdata/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// pageAt serves the page, in which a script comes before the program.
func pageAt(t *testing.T, wasm, script string) http.Handler {
	t.Helper()
	exec := filepath.Join(goroot(t), "lib/wasm/wasm_exec.js")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, pageHTML, script)
		case "/page.wasm":
			http.ServeFile(w, r, wasm)
		case "/wasm_exec.js":
			http.ServeFile(w, r, exec)
		default:
			http.NotFound(w, r)
		}
	})
}

// visit plays so many frames, leaves, and tells what the other end is to say.
func visit(ctx context.Context, t *testing.T, m *rtc.Match, frames netcode.Frame) string {
	t.Helper()
	defer m.Close()
	cfg := m.Config()
	state := toy{Sum: cfg.Seed}
	s, err := netcode.NewSession(plain.New(&state, step), m, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for !s.Done() {
		if err := m.Wait(ctx); err != nil {
			t.Fatalf("%v: %+v", err, s.Stats())
		}
		for range m.Due() {
			if err := s.Advance(netcode.Input{Bits: uint64(s.Frame()) * 3}); err != nil {
				t.Fatal(err)
			}
			if s.Confirmed() >= frames {
				s.Leave()
			}
		}
	}
	hash, _ := s.Hash(s.Confirmed())
	return fmt.Sprintf("frame %d hash %016x", s.Confirmed(), hash)
}

// goroot is where the toolchain keeps the script that runs its WASM.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
