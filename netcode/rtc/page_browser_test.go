package rtc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

const pageHTML = `<!doctype html><script src="wasm_exec.js"></script><script>
const go = new Go();
WebAssembly.instantiateStreaming(fetch("page.wasm"), go.importObject).then(r => go.run(r.instance));
</script>`

// A page in a real browser and a native program meet, play and play again: the
// two halves of the same API.
func TestAPageMeetsAWindow(t *testing.T) {
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && browser == "" {
			browser = path
		}
	}
	if browser == "" || testing.Short() {
		t.Skip("no browser here, or no time for one")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "page.wasm"), "./testdata/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := server.New(server.Config{Turn: "off", Fallback: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, pageHTML)
		case "/page.wasm":
			http.ServeFile(w, r, filepath.Join(dir, "page.wasm"))
		case "/wasm_exec.js":
			http.ServeFile(w, r, filepath.Join(goroot(t), "lib/wasm/wasm_exec.js"))
		default:
			http.NotFound(w, r)
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer func() { s.Close(); h.Close() }()

	alloc, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("headless", "new"))...)
	defer end()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	if err := chromedp.Run(tab, chromedp.Navigate(h.URL)); err != nil {
		t.Fatal(err)
	}
	said := func() (s string) {
		if err := chromedp.Run(tab, chromedp.Evaluate(`globalThis.said ?? ""`, &s)); err != nil {
			t.Fatal(err)
		}
		return s
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
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
		await(t, want, func() bool { return strings.Contains(said(), want) })
	}
	if want := "link " + h.URL + "/?players=2&room="; !strings.Contains(said(), want) {
		t.Errorf("the page said %q, want %q", said(), want)
	}
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
