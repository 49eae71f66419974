//go:build !js

package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server for one test and gives its ws:// URL.
// proofs are the key of all servers here, as one has it that is started again.
var proofs = []byte("the same for all of these")

func start(t *testing.T, cfg server.Config) string {
	t.Helper()
	if cfg.Turn == "" {
		cfg.Turn = "off"
	}
	if cfg.Proofs == nil {
		cfg.Proofs = proofs
	}
	s, err := server.New(cfg)
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

// player is a client whose messages a test awaits.
type player struct {
	*client.Conn
	t    *testing.T
	wake chan struct{}
	self protocol.ID
	code string
}

func dial(t *testing.T, url, build string) *player {
	t.Helper()
	p := &player{t: t, wake: make(chan struct{}, 1)}
	var err error
	p.Conn, err = client.Dial(url, client.Options{Build: build, Name: "n", Notify: func() {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// enter is dial and the Welcome.
func enter(t *testing.T, url, build string) *player {
	t.Helper()
	p := dial(t, url, build)
	p.welcome()
	return p
}

func (p *player) welcome() protocol.Message {
	p.t.Helper()
	w := p.await(protocol.Welcome)
	p.self, p.code = w.Self, w.Code
	return w
}

// next is the next message.
func (p *player) next() (m protocol.Message) {
	p.t.Helper()
	p.until("a message", func() (ok bool) {
		m, ok = p.Recv()
		return ok
	})
	return m
}

// await is the next message of that kind.
func (p *player) await(k protocol.Kind) protocol.Message {
	p.t.Helper()
	for {
		if m := p.next(); m.Kind == k {
			return m
		}
	}
}

// until waits for a condition that the client notifies of.
func (p *player) until(what string, ok func() bool) {
	p.t.Helper()
	limit := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-p.wake:
		case <-limit:
			p.t.Fatalf("waited in vain for %s; err %v, text %q", what, p.Err(), p.Text())
		}
	}
}

func (p *player) say(m protocol.Message) {
	p.t.Helper()
	if err := p.Send(m); err != nil {
		p.t.Fatal(err)
	}
}

func TestTwoMeetStartAndPlayAgain(t *testing.T) {
	url := start(t, server.Config{}) + "/pong"
	a := enter(t, url, "1")
	b := dial(t, url, "1")
	w := b.welcome()
	if a.self != 1 || b.self != 2 || a.code != b.code || len(w.Members) != 2 || w.Round != 1 {
		t.Fatalf("a is %d in %s, b is %d: %+v", a.self, a.code, b.self, w)
	}
	if u := a.await(protocol.Update); u.Members[0].ID != 2 {
		t.Fatalf("%+v", u)
	}
	for i := range 100 {
		a.say(protocol.Message{Kind: protocol.Signal, To: 2, Payload: fmt.Append(nil, i)})
	}
	for i := range 100 {
		if s := b.await(protocol.Signal); s.From != 1 || string(s.Payload) != fmt.Sprint(i) {
			t.Fatalf("signal %d is %+v", i, s)
		}
	}
	var last *protocol.Match
	for round := 1; round <= 3; round++ {
		a.say(protocol.Message{Kind: protocol.State, Round: round, Linked: []protocol.ID{2}, Data: []byte("level 1")})
		b.say(protocol.Message{Kind: protocol.State, Round: round, Linked: []protocol.ID{1}})
		ma, mb := a.await(protocol.Start).Match, b.await(protocol.Start).Match
		if fmt.Sprint(*ma) != fmt.Sprint(*mb) || ma.Round != round || len(ma.Nonce) != 16 || string(ma.Setup) != "level 1" || fmt.Sprint(ma.Seats) != "[1 2]" {
			t.Fatalf("%+v, %+v", ma, mb)
		}
		if last != nil && (last.Seed == ma.Seed || string(last.Nonce) == string(ma.Nonce)) {
			t.Fatal("the rematch has the same seed or nonce")
		}
		last = ma
	}
	b.Close()
	if m := a.await(protocol.Left); m.From != 2 {
		t.Fatalf("%+v", m)
	}
}

func TestHealthAndFallback(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/hello.txt", []byte("static"), 0o644); err != nil {
		t.Fatal(err)
	}
	url := "http" + strings.TrimPrefix(start(t, server.Config{Web: dir}), "ws")
	for path, want := range map[string]string{"/healthz": "ok\nrooms 0\nmembers 0\nsockets 0\n", "/hello.txt": "static"} {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || string(b) != want {
			t.Errorf("%s: %s %q", path, r.Status, b)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestServersCarryTheHostOfTheClient(t *testing.T) {
	for _, c := range []struct{ turn, public, host, want string }{
		{"127.0.0.1:0", "", "127.0.0.1", "turn:127.0.0.1:"},
		{"127.0.0.1:0", "", "localhost", "turn:127.0.0.1:"},
		{":0", "", "localhost", "turn:127.0.0.1:"},
		{":0", "", "game.example", "turn:game.example:"},
		{":0", "192.0.2.7", "game.example", "turn:192.0.2.7:"},
	} {
		url := start(t, server.Config{Turn: c.turn, Public: c.public, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
		l := raw(t, url+"/pong", http.Header{"Host": {c.host}, "X-Forwarded-For": {"192.0.2.9"}}, protocol.Version)
		l.write(protocol.Message{Kind: protocol.Hello})
		w := l.read()
		if len(w.Servers) != 3 || !strings.HasPrefix(w.Servers[1].URLs[0], c.want) || !strings.HasSuffix(w.Servers[1].URLs[0], "?transport=udp") ||
			!strings.HasPrefix(w.Servers[0].URLs[0], "stun:") || !strings.HasSuffix(w.Servers[2].URLs[0], "?transport=tcp") || w.Servers[1].Credential == "" {
			t.Errorf("%+v: %+v", c, w.Servers)
		}
	}
}

func TestRunSaysWhatToOpenAndEndsInPeace(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := make(chan net.Addr, 1)
	done := make(chan error, 1)
	var out strings.Builder
	go func() {
		done <- server.Run(ctx, server.Config{Addr: "127.0.0.1:0", Turn: "127.0.0.1:0", Out: &out, Ready: func(a net.Addr) { ready <- a }})
	}()
	addr := <-ready
	p := enter(t, "ws://"+addr.String()+"/pong", "1")
	if err := server.Run(ctx, server.Config{Addr: addr.String()}); err == nil || !strings.Contains(err.Error(), addr.String()+" is in use") {
		t.Errorf("the port twice: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	p.until("the loss", func() bool { return !p.Up() && p.Text() != "" })
	if p.Err() != nil {
		t.Error("after a Welcome a client tries for ever:", p.Err())
	}
	if !strings.Contains(out.String(), "signaling at ws://"+addr.String()) || !strings.Contains(out.String(), "this machine only") {
		t.Error(out.String())
	}
}

func TestAStoppingServerSaysSo(t *testing.T) {
	s, err := server.New(server.Config{Turn: "off"})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	l := raw(t, "ws"+strings.TrimPrefix(h.URL, "http")+"/pong", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello})
	l.read()
	go s.Close()
	if m := l.read(); m.Code != protocol.CodeClosing {
		t.Errorf("%+v", m)
	}
	l.ends()
	s.Close()
	r, err := http.Get(h.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusServiceUnavailable {
		t.Error("healthy after Close:", r.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}
