package client

import (
	"net/url"
	"os"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/protocol"
)

func link(t *testing.T) string {
	if os.Getenv("PUNCHBACK_URL") == "" || js.Global().Get("WebSocket").IsUndefined() {
		t.Skip("TestInNode runs this with a server")
	}
	return os.Getenv("PUNCHBACK_URL")
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for " + what)
		}
	}
}

func await(t *testing.T, c *Conn, k protocol.Kind) (m protocol.Message) {
	t.Helper()
	until(t, string(k), func() bool {
		var ok bool
		m, ok = c.Recv()
		return ok && m.Kind == k
	})
	return m
}

func TestTwoMeetInJavaScript(t *testing.T) {
	room := link(t) + "/pong/JS"
	a, err := Dial(room, Options{Build: "1", Name: "ä"})
	if err != nil {
		t.Fatal(err)
	}
	await(t, a, protocol.Welcome)
	b, err := Dial(room, Options{Build: "1", Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if w := await(t, b, protocol.Welcome); w.Members[0].Name != "ä" {
		t.Errorf("%+v", w)
	}
	const many = 100 // The server allows a burst of 200 messages, hello and all.
	for i := range many {
		a.Send(protocol.Message{Kind: protocol.Signal, To: 2, Payload: []byte{byte(i)}})
	}
	for i := range many {
		if m := await(t, b, protocol.Signal); m.Payload[0] != byte(i) {
			t.Fatalf("%d: %+v", i, m)
		}
	}
	stranger, err := Dial(room, Options{Build: "1"})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "a refusal", func() bool { return stranger.Err() != nil })
	if Refusal(stranger.Err()) != protocol.CodeFull {
		t.Error(stranger.Err())
	}
	stranger.Close()
	b.Close()
	if m := await(t, a, protocol.Left); m.From != 2 {
		t.Errorf("%+v", m)
	}
	a.Close()
}

// Close inside a callback of the page must not need the page.
func TestCloseInACallback(t *testing.T) {
	c, err := Dial(link(t)+"/pong/CALLBACK", Options{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, c, protocol.Welcome)
	done := make(chan struct{})
	f := js.FuncOf(func(js.Value, []js.Value) any {
		c.Close()
		close(done)
		return nil
	})
	defer f.Release()
	js.Global().Call("setTimeout", f, 0)
	<-done
}

func TestNobodyThere(t *testing.T) {
	link(t)
	c, err := Dial("ws://127.0.0.1:1/pong", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	until(t, "words", func() bool { return strings.Contains(c.Text(), "is the server running?") })
}

func TestMixedContent(t *testing.T) {
	for _, c := range []struct {
		page, to string
		ok       bool
	}{
		{"https:", "ws://game.example", false}, {"https:", "wss://game.example", true}, {"http:", "ws://game.example", true},
		{"https:", "ws://localhost:1", true}, {"https:", "ws://127.0.0.1:1", true}, {"", "ws://game.example", true},
	} {
		u, _ := url.Parse(c.to)
		if err := mixed(c.page, u); (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "wss://") {
			t.Errorf("%s on %s: %v", c.to, c.page, err)
		}
	}
}

func TestMain(m *testing.M) {
	// The last of the page's events may still be at its end, and its goroutine is the runtime's.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
