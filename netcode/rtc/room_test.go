package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rtc") // not the user's, and where a file is in the way no identity is kept
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "punchback"), nil, 0o600)
	}
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir)
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"), // of a browser
		goleak.Cleanup(func(code int) { os.RemoveAll(dir); os.Exit(code) }))
}

// serve runs a real signaling server for one test; stop kills it early.
func serve(t *testing.T) (url string, stop func()) {
	t.Helper()
	return serveAt(t, fmt.Sprint("127.0.0.1:", natlab.FreePorts(1)[0])) // which no connection takes while it is down
}

func serveAt(t *testing.T, addr string) (url string, stop func()) {
	t.Helper()
	return serveAs(t, addr, server.Config{Turn: "off"})
}

func serveAs(t *testing.T, addr string, cfg server.Config) (url string, stop func()) {
	t.Helper()
	cfg.Proofs = []byte("the same after each restart")
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(s)
	h.Listener.Close()
	h.Listener = l
	h.Start()
	stop = sync.OnceFunc(func() {
		h.CloseClientConnections()
		s.Close()
		h.Close()
	})
	t.Cleanup(stop)
	return "ws" + strings.TrimPrefix(h.URL, "http"), stop
}

func join(t *testing.T, url string, o *rtc.Options) *rtc.Room {
	t.Helper()
	r, err := rtc.Join(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// patience is how long a wait may take: longer than any machine needs, since it is
// only against hanging for ever.
const patience = 3 * time.Minute

// await polls, as a game would.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func awaitText(t *testing.T, r *rtc.Room, want string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("status: %+v", r.Status())
		}
	}()
	await(t, want, func() bool { return strings.Contains(r.Status().Text, want) })
}

// over waits for the error that ends a room.
func over(t *testing.T, r *rtc.Room, code, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := r.WaitMatch(ctx)
	var e *rtc.Error
	if m != nil || !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Text, want) || strings.Contains(e.Error(), "\n") {
		t.Fatalf("got %v, %#v; want an error of code %s with %q in one line", m, err, code, want)
	}
	if s := r.Status(); s.Phase != rtc.Over || s.Err != err || s.Text != e.Text {
		t.Errorf("status is %+v", s)
	}
}

func TestBadLinksAndOptions(t *testing.T) {
	for _, c := range []struct {
		link string
		o    rtc.Options
		want string
	}{
		{link: "", want: "no scheme"},
		{link: "localhost:8080/brawl", want: "scheme"},
		{link: "ftp://host/brawl", want: "ftp"},
		{link: "ws://host", want: "no game"},
		{link: "ws://host/brawl?players=9", want: "players"},
		{link: "ws://host/brawl/a/b", want: "room code"},
		{link: "ws://host/brawl", o: rtc.Options{Rate: -1}, want: "Rate is -1"},
		{link: "ws://host/brawl", o: rtc.Options{Timeout: time.Millisecond}, want: "Timeout is 1ms, must be 500ms to 1m"},
		{link: "ws://host/brawl", o: rtc.Options{Timeout: time.Hour}, want: "Timeout is 1h0m0s, must be 500ms to 1m"},
		{link: "ws://host/brawl", o: rtc.Options{Local: 2}, want: "Local is 2"},
		{link: "ws://host/brawl", o: rtc.Options{Build: strings.Repeat("x", 200)}, want: "Build"},
		{link: "ws://host/brawl", o: rtc.Options{Name: strings.Repeat("x", 200)}, want: "Name"},
	} {
		r, err := rtc.Join(c.link, &c.o)
		if r != nil || err == nil || !strings.HasPrefix(err.Error(), "rtc: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %+v: got %v, want an error with %q", c.link, c.o, err, c.want)
		}
	}
}

func TestAloneInARoom(t *testing.T) {
	url, _ := serve(t)
	r := join(t, url+"/brawl?players=2-4", &rtc.Options{Name: "Ann"})
	awaitText(t, r, "waiting for 1 more")
	code := r.Code()
	if code == "" || !strings.HasSuffix(r.Invite(), "/?players=2-4&room="+code) || !strings.HasPrefix(r.Invite(), "http://127.0.0.1:") {
		t.Errorf("code %q, link %q", code, r.Invite())
	}
	for m := range r.Members() {
		if !m.Self || m.Name != "Ann" || m.Peer != 1 || m.Ready {
			t.Errorf("member %+v", m)
		}
	}
	if m, err := r.Match(); m != nil || err != nil {
		t.Errorf("match %v, %v", m, err)
	}
	if err := r.SetData(make([]byte, protocol.MaxData+1)); err == nil {
		t.Error("too much data was taken")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := r.WaitMatch(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitMatch: %v", err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	over(t, r, rtc.CodeClosed, "closed")
}

func TestRefusals(t *testing.T) {
	url, _ := serve(t)
	first := join(t, url+"/brawl/FOX?players=2", &rtc.Options{Build: "1"})
	awaitText(t, first, "waiting for 1 more")
	over(t, join(t, url+"/brawl/FOX?players=2", &rtc.Options{Build: "2"}), rtc.CodeBuild, `build "1"`)
	// Somebody else sits down who never answers.
	stranger(t, url+"/brawl/FOX?players=2", "1")
	awaitText(t, first, "connecting to stranger")
	if s := first.Status(); s.Phase != rtc.Linking || s.Progress < 0.5 || s.Progress > 1 {
		t.Errorf("status %+v", s)
	}
	over(t, join(t, url+"/brawl/FOX?players=2", &rtc.Options{Build: "1"}), rtc.CodeFull, "full")
}

// stranger is a member that says nothing.
func stranger(t *testing.T, url, build string) *client.Conn {
	t.Helper()
	c, err := client.Dial(url, client.Options{Build: build, Name: "stranger"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
