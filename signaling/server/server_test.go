package server_test

import (
	"context"
	"fmt"
	"github.com/coder/websocket"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server for one test and gives its ws:// URL.
func start(t *testing.T, cfg server.Config) string {
	t.Helper()
	if cfg.Turn == "" {
		cfg.Turn = "off"
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

// proxy stands between a client and the server, and can cut the line.
type proxy struct {
	net.Listener
	to string
	mu sync.Mutex
	on []net.Conn
}

func newProxy(t *testing.T, url string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: strings.TrimPrefix(url, "ws://")}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			to := p.to
			p.mu.Unlock()
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			p.mu.Lock()
			p.on = append(p.on, a, b)
			p.mu.Unlock()
			wg.Go(func() { io.Copy(a, b); a.Close() })
			wg.Go(func() { io.Copy(b, a); b.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.on {
		c.Close()
	}
	p.on = nil
}

func TestALostConnectionComesBackAndIsToldEverything(t *testing.T) {
	url := start(t, server.Config{})
	p := newProxy(t, url)
	a := enter(t, url+"/pong/A", "1")
	b := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1")
	a.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{1}, Data: []byte("d")})
	first := b.await(protocol.Start).Match

	p.cut()
	for m := a.await(protocol.Update); !m.Members[0].Away; m = a.await(protocol.Update) {
	}
	w := b.welcome()
	if w.Self != 2 || w.Round != 2 || w.Match == nil || w.Match.Seed != first.Seed || len(w.Members) != 2 {
		t.Fatalf("%+v", w)
	}
	if m := a.await(protocol.Update).Members[0]; m.Away || m.ID != 2 || string(m.Data) != "d" {
		t.Fatalf("%+v", m)
	}
	a.say(protocol.Message{Kind: protocol.Signal, To: 2, Payload: []byte("still here?")})
	if s := b.await(protocol.Signal); string(s.Payload) != "still here?" {
		t.Fatalf("%+v", s)
	}
}

func TestTheServerDiesAndForgets(t *testing.T) {
	dead := start(t, server.Config{})
	p := newProxy(t, dead)
	link := "ws://" + p.Addr().String() + "/pong?players=2-3"
	a, b := enter(t, link, "1"), enter(t, link, "1")
	a.say(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{1}})
	a.await(protocol.Start)
	b.await(protocol.Start)

	fresh := start(t, server.Config{})
	p.mu.Lock()
	p.to = strings.TrimPrefix(fresh, "ws://")
	p.mu.Unlock()
	p.cut()
	code := a.code
	wa, wb := a.welcome(), b.welcome()
	if wa.Self != 1 || wb.Self != 2 || wa.Code != code || wb.Code != code || wa.Round != 2 {
		t.Fatalf("%+v, %+v", wa, wb)
	}
	// Both still play, and say so by themselves: a third has to wait. Then the rematch starts here.
	playing := func(m protocol.Message) bool {
		return slices.ContainsFunc(m.Members, func(m protocol.Member) bool { return m.ID == 2 && m.Round == 1 })
	}
	for m := wa; !playing(m); m = a.await(protocol.Update) {
	}
	c := dial(t, fresh+"/pong/"+code, "1")
	c.until("a refusal", func() bool { return c.Err() != nil })
	if r := client.Refusal(c.Err()); r != protocol.CodePlaying {
		t.Fatal(c.Err())
	}
	a.say(protocol.Message{Kind: protocol.State, Round: 2, Ready: true, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 2, Ready: true, Linked: []protocol.ID{1}})
	if m := a.await(protocol.Start).Match; m.Round != 2 || fmt.Sprint(m.Seats) != "[1 2]" {
		t.Fatalf("%+v", m)
	}
}

func TestGraceEnds(t *testing.T) {
	url := start(t, server.Config{Limits: server.Limits{Grace: 500 * time.Millisecond, Silence: time.Second}})
	a := enter(t, url+"/pong/A", "1")
	// A client that says hello and then nothing, not even a ping.
	b := raw(t, url+"/pong/A", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	if m := b.read(); m.Kind != protocol.Welcome {
		t.Fatalf("%+v", m)
	}
	begin := time.Now()
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a's own pings are too slow for this server
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				a.Send(protocol.Message{Kind: protocol.Ping})
			}
		}
	}()
	if m := a.await(protocol.Left); m.From != 2 || time.Since(begin) < 1200*time.Millisecond {
		t.Fatalf("%+v after %v", m, time.Since(begin))
	}
}

// line is a WebSocket without a client's manners.
type line struct {
	*websocket.Conn
	t *testing.T
}

func raw(t *testing.T, url string, header http.Header, protocols ...string) *line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, Host: header.Get("Host"), Subprotocols: protocols, HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	t.Cleanup(func() { c.CloseNow() })
	return &line{c, t}
}

func (l *line) write(m protocol.Message) {
	l.t.Helper()
	if err := l.Write(l.t.Context(), websocket.MessageText, protocol.Encode(m)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) read() protocol.Message {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Second)
	defer cancel()
	_, b, err := l.Read(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	m, err := protocol.Decode(b)
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// ends waits for the end, past whatever is said before.
func (l *line) ends() error {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 8*time.Second)
	defer cancel()
	for {
		if _, _, err := l.Read(ctx); err != nil {
			if ctx.Err() != nil {
				l.t.Fatal("the connection does not end")
			}
			return err
		}
	}
}

func TestEveryRefusalIsInWords(t *testing.T) {
	url := start(t, server.Config{Origins: []string{"https://good.example"}})
	enter(t, url+"/pong/A", "1")
	from := func(origin string) http.Header { return http.Header{"Origin": {origin}} }
	for name, c := range map[string]struct {
		path      string
		header    http.Header
		protocols []string
		hello     *protocol.Message
		code      string
		text      string
	}{
		"another version": {"/pong", nil, []string{"punchback.v999"}, nil, protocol.CodeVersion, "punchback.v999"},
		"no version":      {"/pong", nil, nil, nil, protocol.CodeVersion, protocol.Version},
		"origin":          {"/pong", from("https://evil.example"), []string{protocol.Version}, nil, protocol.CodeOrigin, "origin https://evil.example refused; start with -origin https://evil.example"},
		"path":            {"/po%20ng", nil, []string{protocol.Version}, nil, protocol.CodePlace, "game"},
		"players":         {"/pong?players=9", nil, []string{protocol.Version}, nil, protocol.CodePlace, "players"},
		"not hello":       {"/pong", nil, []string{protocol.Version}, &protocol.Message{Kind: protocol.State}, protocol.CodeBad, "hello"},
		"too long":        {"/pong", nil, []string{protocol.Version}, &protocol.Message{Kind: protocol.Hello, Name: strings.Repeat("x", 65)}, protocol.CodeBad, "name"},
		"build":           {"/pong/A", from("https://good.example"), []string{"other", protocol.Version}, &protocol.Message{Kind: protocol.Hello, Build: "2"}, protocol.CodeBuild, `"1"`},
	} {
		l := raw(t, url+c.path, c.header, c.protocols...)
		if c.hello != nil {
			l.write(*c.hello)
		}
		if m := l.read(); m.Kind != protocol.Error || m.Code != c.code || !strings.Contains(m.Text, c.text) {
			t.Errorf("%s: %+v", name, m)
		}
		if err := l.ends(); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Errorf("%s: the end is %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	url := start(t, server.Config{Limits: server.Limits{Sockets: 2, Rooms: 1, Rate: 5, Hello: 300 * time.Millisecond}})
	a := raw(t, url+"/pong/A", nil, protocol.Version)
	a.write(protocol.Message{Kind: protocol.Hello})
	if m := a.read(); m.Kind != protocol.Welcome {
		t.Fatalf("%+v", m)
	}
	b := raw(t, url+"/pong/B", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello})
	if m := b.read(); m.Code != protocol.CodeBusy || !strings.Contains(m.Text, "1 rooms") {
		t.Errorf("a second room: %+v", m)
	}
	c := raw(t, url+"/pong/A", nil, protocol.Version)
	if m := c.read(); m.Code != protocol.CodeBusy || !strings.Contains(m.Text, "2 connections") {
		t.Errorf("a third connection: %+v", m)
	}
	c.ends()
	b.ends()
	d := raw(t, url+"/pong/A", nil, protocol.Version)
	d.ends() // said no hello
	for range 30 {
		a.write(protocol.Message{Kind: protocol.Ping})
	}
	for m := a.read(); ; m = a.read() {
		if m.Kind == protocol.Error {
			if m.Code != protocol.CodeRate {
				t.Errorf("30 messages at once: %+v", m)
			}
			break
		}
	}
	e := raw(t, url+"/pong/A", nil, protocol.Version)
	e.Write(t.Context(), websocket.MessageText, make([]byte, protocol.MaxMessage+1))
	if err := e.ends(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a message over the limit: %v", err)
	}
}

// A member that reads nothing costs its own connection, not the others'.
func TestASlowClientIsDropped(t *testing.T) {
	url := start(t, server.Config{Limits: server.Limits{Rate: 10_000, Silence: time.Minute}})
	a := raw(t, url+"/pong/A", nil, protocol.Version)
	a.write(protocol.Message{Kind: protocol.Hello})
	a.read()
	b := raw(t, url+"/pong/A", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello})
	b.read()
	go func() {
		for range 2000 { // 64 MB
			if a.Write(t.Context(), websocket.MessageText, protocol.Encode(protocol.Message{Kind: protocol.Signal, To: 2, Payload: make([]byte, protocol.MaxPayload)})) != nil {
				return
			}
		}
	}()
	for {
		if m := a.read(); m.Kind == protocol.Update && m.Members[0].Away {
			return
		}
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
		url := start(t, server.Config{Turn: c.turn, Public: c.public})
		l := raw(t, url+"/pong", http.Header{"Host": {c.host}}, protocol.Version)
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

// Someone who is refused and does not go is cut off.
func TestWhoDoesNotGoIsCut(t *testing.T) {
	c, err := net.Dial("tcp", strings.TrimPrefix(start(t, server.Config{}), "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /pong HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(b), "101 Switching") || !strings.Contains(string(b), protocol.CodeVersion) {
		t.Fatalf("%v after %q", err, b)
	}
}

// A page that is reloaded must find its place free.
func TestAReloadedPageIsGoneAtOnce(t *testing.T) {
	url := start(t, server.Config{})
	a := enter(t, url+"/pong/A", "1")
	b := raw(t, url+"/pong/A", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	b.read()
	b.Close(websocket.StatusGoingAway, "")
	if m := a.await(protocol.Left); m.From != 2 {
		t.Fatalf("%+v", m)
	}
}

func TestWhoWaitsLongGetsFreshCredentials(t *testing.T) {
	url := start(t, server.Config{Turn: "127.0.0.1:0", Limits: server.Limits{Fresh: time.Millisecond}})
	a := raw(t, url+"/pong/A", nil, protocol.Version)
	a.write(protocol.Message{Kind: protocol.Hello})
	first := a.read().Servers
	for {
		a.write(protocol.Message{Kind: protocol.Ping})
		for m := a.read(); m.Kind != protocol.Pong; m = a.read() {
			if m.Kind == protocol.Update && len(m.Servers) == 3 && m.Servers[1].Username > first[1].Username {
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // The time in a username goes by seconds.
	}
}
