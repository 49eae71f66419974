//go:build !js

package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proofs are the key of all servers here, as one has it that is started again.
var proofs = []byte("the same for all of these")

func start(t *testing.T) string {
	t.Helper()
	s, err := server.New(server.Config{Turn: "off", Proofs: proofs})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return "ws" + strings.TrimPrefix(h.URL, "http")
}

func TestABadLinkIsNamedAtOnce(t *testing.T) {
	for link, want := range map[string]string{
		"":                              "no scheme",
		"game.example/pong":             "no scheme",
		"ftp://game.example/pong":       `scheme "ftp"`,
		"ws:///pong":                    "no host",
		"ws://:8080/pong":               "no host",
		"ws://game.example":             "no game",
		"ws://game.example/a b":         "game",
		"ws://game.example/a/b/c":       "room code",
		"ws://game.example/a?players=9": "players",
		"ws://game.example:port/a":      "port",
		"ws://u:p@game.example/a":       "user",
		"ws://game.example/a?x=%":       "query",
	} {
		c, err := client.Dial(link, client.Options{})
		if err == nil {
			c.Close()
			t.Errorf("%q is taken", link)
		} else if !strings.HasPrefix(err.Error(), "signaling: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q in it", link, err, want)
		}
	}
	for _, o := range []client.Options{{Build: strings.Repeat("x", 129)}, {Name: strings.Repeat("x", 65)}, {Who: strings.Repeat("x", 65)}} {
		if c, err := client.Dial("ws://game.example/a", o); err == nil {
			c.Close()
			t.Errorf("%+v is taken", o)
		}
	}
}

// wait waits for a condition that changes with a notification.
func wait(t *testing.T, wake chan struct{}, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.After(limit)
	for !ok() {
		select {
		case <-wake:
		case <-deadline:
			t.Fatal("waited in vain for " + what)
		}
	}
}

func dial(t *testing.T, link string) (*client.Conn, chan struct{}) {
	t.Helper()
	wake := make(chan struct{}, 1)
	c, err := client.Dial(link, client.Options{Build: "1", Notify: func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, wake
}

func TestAnUnknownServer(t *testing.T) {
	c, wake := dial(t, "ws://127.0.0.1:1/pong")
	wait(t, wake, "words", 5*time.Second, func() bool {
		return strings.Contains(c.Text(), "can't reach ws://127.0.0.1:1: connection refused; is the server running?")
	})
	if c.Err() != nil || c.Up() {
		t.Error("gave up at once:", c.Err())
	}
	if testing.Short() {
		return
	}
	wait(t, wake, "the end of patience", 20*time.Second, func() bool { return c.Err() != nil })
	if !strings.Contains(c.Err().Error(), "is the server running?") || client.Refusal(c.Err()) != "" {
		t.Error(c.Err())
	}
	if err := c.Send(protocol.Message{Kind: protocol.Signal}); err == nil {
		t.Error("Send after the end is no error")
	}
}

// What stands in front of a server reports whether it is away, asked too often, or
// none; no flag of it is for a player to read.
func TestWhatAnAnswerMeans(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusBadGateway:         "can't reach ws://127.0.0.1: the server is away (502 Bad Gateway); trying again",
		http.StatusServiceUnavailable: "can't reach ws://127.0.0.1: the server is away (503 Service Unavailable); trying again",
		http.StatusGatewayTimeout:     "can't reach ws://127.0.0.1: the server is away (504 Gateway Timeout); trying again",
		521:                           "can't reach ws://127.0.0.1: the server is away (521 status code 521); trying again",
		http.StatusTooManyRequests:    "can't reach ws://127.0.0.1: the server is asked too often (429 Too Many Requests); trying again",
		http.StatusMisdirectedRequest: "can't reach ws://127.0.0.1: the server does not know the host 127.0.0.1; trying again",
		http.StatusOK:                 "can't reach ws://127.0.0.1: it is a web server, but not a Punchback server: 200 OK; trying again",
		http.StatusNotFound:           "can't reach ws://127.0.0.1: it is a web server, but not a Punchback server: 404 Not Found; trying again",
		-1:                            "can't reach ws://127.0.0.1: the server closed the connection; trying again",
	} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if status < 0 {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, "<html><h1>One moment please</h1></html>")
		}))
		c, wake := dial(t, h.URL+"/pong")
		wait(t, wake, "words", 20*time.Second, func() bool { return strings.HasSuffix(c.Text(), "; trying again") })
		if got := strings.Replace(c.Text(), strings.TrimPrefix(h.URL, "http://"), "127.0.0.1", 1); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
		c.Close()
		h.Close()
	}
}

// A server that is away is waited for: it may be restarting behind its proxy. That
// is a matter of seconds for whoever comes, and has no end for whoever was in a room.
func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	var there atomic.Pointer[server.Server]
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := there.Load(); s != nil {
			s.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer h.Close()
	begin := func() *server.Server {
		s, err := server.New(server.Config{Turn: "off"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		there.Store(s)
		return s
	}
	const away = "the server is away (502 Bad Gateway)"
	c, wake := dial(t, h.URL+"/pong")
	wait(t, wake, "words", 20*time.Second, func() bool { return strings.Contains(c.Text(), away) })
	s := begin()
	wait(t, wake, "a welcome", 20*time.Second, c.Up)

	there.Store(nil)
	s.Close()
	wait(t, wake, "words", 20*time.Second, func() bool { return strings.Contains(c.Text(), away) })
	if !testing.Short() {
		late, lateWake := dial(t, h.URL+"/pong")
		wait(t, lateWake, "the end of patience", 30*time.Second, func() bool { return late.Err() != nil })
		if text := late.Err().Error(); !strings.Contains(text, away) {
			t.Error(text)
		}
	}
	if c.Err() != nil { // It has waited for longer than the other.
		t.Fatal(c.Err())
	}
	begin()
	wait(t, wake, "a return", 20*time.Second, c.Up)
}

func TestARefusalEndsIt(t *testing.T) {
	url := start(t)
	a, wake := dial(t, url+"/pong/A")
	wait(t, wake, "a welcome", 5*time.Second, a.Up)
	b, err := client.Dial(url+"/pong/A", client.Options{Build: "2", Notify: func() { wake <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, wake, "the refusal", 5*time.Second, func() bool { return b.Err() != nil })
	if client.Refusal(b.Err()) != protocol.CodeBuild || !strings.Contains(b.Text(), `"1"`) {
		t.Error(b.Err(), b.Text())
	}
	b.Close()
	if client.Refusal(b.Err()) != protocol.CodeBuild {
		t.Error("Close changes why it was over:", b.Err())
	}
}

func TestCloseAtAnyTime(t *testing.T) {
	url := start(t)
	for i := range 30 {
		c, wake := dial(t, url+"/pong")
		if i%2 == 0 {
			wait(t, wake, "a welcome", 5*time.Second, c.Up)
		}
		begin := time.Now()
		c.Close()
		c.Close()
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("Close took %v", d)
		}
		if c.Up() || c.Err() == nil {
			t.Error("still up after Close")
		}
	}
}

func TestQueuesAreBounded(t *testing.T) {
	c, _ := dial(t, "ws://127.0.0.1:1/pong")
	n := 0
	for c.Send(protocol.Message{Kind: protocol.Signal, To: 1}) == nil {
		if n++; n > 10_000 {
			t.Fatal("no bound")
		}
	}
	for range 10_000 { // of States only the last one waits
		if err := c.Send(protocol.Message{Kind: protocol.State}); err != nil {
			t.Fatal(err)
		}
	}
}

// The same client in a JavaScript engine, with its WebSocket.
func TestInNode(t *testing.T) {
	if err := exec.Command("node", "--experimental-websocket", "-e", "").Run(); err != nil {
		t.Skipf("no Node with a WebSocket (20.10 or later): %v; the tests in a browser use the same client", err)
	}
	bin := filepath.Join(t.TempDir(), "client.test.wasm")
	build := exec.Command("go", "test", "-c", "-o", bin, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	url := start(t)
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec"), bin, "-test.v")
	run.Env = append(os.Environ(), "NODE_OPTIONS=--experimental-websocket", "PUNCHBACK_URL="+url)
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: TestTwoMeetInJavaScript") {
		t.Fatal(err)
	}
}
