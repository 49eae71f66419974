//go:build !js

package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// line is a WebSocket without a client's manners.
type line struct {
	*websocket.Conn
	t *testing.T
}

func raw(t *testing.T, url string, header http.Header, protocols ...string) *line {
	t.Helper()
	return rawBy(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url, header, protocols...)
}

func rawBy(t *testing.T, by *http.Client, url string, header http.Header, protocols ...string) *line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, Host: header.Get("Host"), Subprotocols: protocols, HTTPClient: by})
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
		"origin":          {"/pong", from("https://evil.example"), []string{protocol.Version}, nil, protocol.CodeOrigin, "pages of https://evil.example may not use this server"},
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

// The player of a page that may not be here reads a sentence; the flag that lets
// it in stands in the log, where what anybody can send is nothing to paste.
func TestTheLogHasTheFlagForAnOrigin(t *testing.T) {
	for origin, want := range map[string][2]string{
		"https://evil.example:8443":                 {"pages of https://evil.example:8443 may not use this server", "signaling -origin https://evil.example:8443 lets it in"},
		"null":                                      {"pages of an unknown origin may not use this server", "signaling -origin '*' lets it in"},
		"https://a.example; rm -rf /":               {"pages of an unknown origin may not use this server", "signaling -origin '*' lets it in"},
		"https://" + strings.Repeat("x", 4000):      {"pages of an unknown origin may not use this server", "signaling -origin '*' lets it in"},
		"https://u:p@a.example/path?query#fragment": {"pages of an unknown origin may not use this server", "signaling -origin '*' lets it in"},
	} {
		var log book
		url := start(t, server.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
		for range 20 {
			if m := raw(t, url+"/pong", http.Header{"Origin": {origin}}, protocol.Version).read(); m.Code != protocol.CodeOrigin || m.Text != want[0] {
				t.Errorf("%.100q: %+v", origin, m)
			}
		}
		if n := strings.Count(log.String(), want[1]); n < 1 || n > 10 || len(log.String()) > 400*n { // One in ten seconds.
			t.Errorf("%.100q: the log is\n%s", origin, log.String())
		}
	}
}

func TestLimits(t *testing.T) {
	url := start(t, server.Config{Limits: server.Limits{Sockets: 2, Rooms: 1, Rate: 5, Hello: time.Second}})
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
	for health := ""; !strings.Contains(health, "sockets 1\n"); { // d's is closed, but may be counted still.
		r, err := http.Get("http" + strings.TrimPrefix(url, "ws") + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		health = string(b)
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

// Someone who is refused and does not go is cut off.
func TestWhoDoesNotGoIsCut(t *testing.T) {
	c, err := net.Dial("tcp", strings.TrimPrefix(start(t, server.Config{}), "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /pong HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(b), "101 Switching") || !strings.Contains(string(b), protocol.CodeVersion) {
		t.Fatalf("%v after %q", err, b)
	}
}
