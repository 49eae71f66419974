//go:build worlds

package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// bare is a page of somebody's own, with neither page.js nor Ebiten. It counts
// the connections to the server and the heartbeats.
const bare = `<!doctype html><title>bare</title><script src="wasm_exec.js"></script><script>
globalThis.sockets = 0;
globalThis.pings = 0;
globalThis.WebSocket = class extends WebSocket {
	constructor(...a) { super(...a); sockets++; }
	send(text) { super.send(text); if (text.includes('"ping"')) pings++; }
};
const go = new Go();
WebAssembly.instantiateStreaming(fetch("page.wasm"), go.importObject).then(r => go.run(r.instance));
</script>`

// bareServer serves it, with rooms, around a program.
func bareServer(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "page.wasm"), program)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{Turn: "off", Fallback: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, bare)
		case "/page.wasm":
			http.ServeFile(w, r, filepath.Join(dir, "page.wasm"))
		case "/wasm_exec.js":
			http.ServeFile(w, r, filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"))
		default:
			http.NotFound(w, r)
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); h.Close() })
	return h.URL
}

// toy is the game that it plays.
type toy struct {
	Sum   uint64
	Moves [netcode.MaxPlayers]int32
}

func toyStep(s *toy, in []netcode.Input) {
	for p := range in {
		s.Sum = s.Sum*1099511628211 ^ in[p].Bits + uint64(p)
		s.Moves[p] += int32(in[p].Bits & 1)
	}
}

// TestHiddenOwnPage lets a friend come to a page that has been hidden for so long
// that its own timers come once a minute, and has no script of ours that helps:
// the server still hears from it every five seconds, and the match begins at once.
func TestHiddenOwnPage(t *testing.T) {
	t.Parallel()
	cores.take(t, aBot) // it draws nothing
	url := bareServer(t, "../netcode/rtc/testdata/page")
	p := open(t, "page", url)
	p.until(`globalThis.sockets`)
	p.front()
	p.until(`sockets > 1 || pings >= 3`, `pings`) // left to the page's timers the third would come after a minute
	if n := eval[int](p, `sockets`); n != 1 {
		t.Errorf("%d connections to the server; want the first one kept", n)
	}

	begin := time.Now()
	room, err := rtc.Join("ws"+strings.TrimPrefix(url, "http")+"/toy?players=2", &rtc.Options{Build: "toy/1", Rate: 60, Name: "friend"})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	ctx, cancel := context.WithTimeout(t.Context(), browsers.Patience)
	defer cancel()
	m, err := room.WaitMatch(ctx)
	if err != nil {
		t.Fatalf("%v: %+v", err, room.Status())
	}
	cfg := m.Config()
	t.Logf("the friend is in the match after %v, linked in %v", time.Since(begin), m.Peer(1-seat(cfg)).Connect)
	state := toy{Sum: cfg.Seed}
	s, err := netcode.NewSession(plain.New(&state, toyStep), m, cfg)
	if err != nil {
		t.Fatal(err)
	}
	// play plays until something is so, or the session has given the other one up.
	play := func(done func() bool) (err error) {
		t.Helper()
		for err == nil && !done() {
			if err := m.Wait(ctx); err != nil {
				t.Fatalf("%v: %+v, %+v", err, s.Stats(), slices.Collect(room.Members()))
			}
			for range m.Due() {
				err = s.Advance(netcode.Input{Bits: uint64(s.Frame()) * 3})
			}
		}
		return err
	}
	const frames = 120
	begin = time.Now()
	if err := play(func() bool { return s.Confirmed() >= frames }); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d frames in %v, %d ticks waited", frames, time.Since(begin), s.Stats().Waited)
	if !eval[bool](p, `document.hidden`) {
		t.Error("the page was shown meanwhile")
	}

	// A locked phone freezes the page, and a page that thaws finds its sockets
	// closed. It was away, but has not left, and comes back to its seat.
	other := cfg.Seats[1-seat(cfg)]
	is := func(away bool) func() bool {
		return func() bool {
			for member := range room.Members() {
				if member.Peer == other {
					return member.Away == away
				}
			}
			t.Fatalf("%d has left the room: %+v", other, slices.Collect(room.Members()))
			return false
		}
	}
	p.lifecycle(page.SetWebLifecycleStateStateFrozen)
	begin = time.Now()
	gone := play(func() bool { return is(true)() || time.Since(begin) > 2*time.Second })
	t.Logf("frozen: away is %v after %v, %v", is(true)(), time.Since(begin), gone)
	begin = time.Now()
	p.lifecycle(page.SetWebLifecycleStateStateActive)
	p.until(`sockets > 1`)
	if err := await(ctx, is(false)); err != nil {
		t.Fatalf("%v: %+v", err, slices.Collect(room.Members()))
	}
	t.Logf("thawed: back after %v", time.Since(begin))
	if at := s.Confirmed(); gone == nil {
		gone = play(func() bool { return is(false)() && s.Confirmed() > at+30 })
	}
	t.Logf("frame %d after %v, %v", s.Confirmed(), time.Since(begin), gone)
}

// await waits until something is so.
func await(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// lifecycle freezes a page, or lets it go on.
func (p *tab) lifecycle(state page.SetWebLifecycleStateState) {
	p.t.Helper()
	p.must(p.Tab.(*browsers.ChromeTab).Run(chromedp.ActionFunc(func(ctx context.Context) error {
		return page.SetWebLifecycleState(state).Do(ctx)
	})))
}

// seat is this machine's.
func seat(cfg netcode.Config) netcode.Player {
	return netcode.Player(slices.Index(cfg.Seats, cfg.Self))
}
