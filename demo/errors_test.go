//go:build worlds

package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/signaling/protocol"
)

// raw is a client of the signaling service that says what a test wants.
type raw struct {
	t    *testing.T
	conn *websocket.Conn
	self protocol.ID
}

// dial opens a WebSocket to a room, which may have a query; else it is for two.
func dial(t *testing.T, server, room, version string, header http.Header) *raw {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browsers.Patience)
	defer cancel()
	code, query, ok := strings.Cut(room, "?")
	if !ok {
		query = "players=2"
	}
	conn, _, err := websocket.Dial(ctx, strings.TrimSuffix(server+"/punchback/"+code, "/")+"?"+query, &websocket.DialOptions{
		Subprotocols: []string{version}, HTTPHeader: header,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(protocol.MaxMessage)
	return &raw{t: t, conn: conn}
}

// enter joins a room as a player with this build of the game.
func enter(t *testing.T, server, room, build string) *raw {
	t.Helper()
	r := dial(t, server, room, protocol.Version, nil)
	r.say(protocol.Message{Kind: protocol.Hello, Build: build, Name: "raw"})
	r.self = r.hear(protocol.Welcome).Self
	return r
}

func (r *raw) say(m protocol.Message) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), browsers.Patience)
	defer cancel()
	if err := r.conn.Write(ctx, websocket.MessageText, protocol.Encode(m)); err != nil {
		r.t.Fatal(err)
	}
}

// hear waits for a message of this kind.
func (r *raw) hear(kind protocol.Kind) protocol.Message {
	r.t.Helper()
	for {
		if m := r.read(); m.Kind == kind {
			return m
		} else if m.Ends() {
			r.t.Fatalf("waiting for %s: %s: %s", kind, m.Code, m.Text)
		}
	}
}

// read waits for a message.
func (r *raw) read() (m protocol.Message) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), browsers.Patience)
	defer cancel()
	_, text, err := r.conn.Read(ctx)
	if err == nil {
		m, err = protocol.Decode(text)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// stay answers whatever keeps the connection alive, for the rest of the test.
func (r *raw) stay() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, _, err := r.conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	go func() {
		beat := time.NewTicker(5 * time.Second)
		defer beat.Stop()
		for {
			select {
			case <-ended:
				return
			case <-beat.C:
				_ = r.conn.Write(context.Background(), websocket.MessageText, protocol.Encode(protocol.Message{Kind: protocol.Ping}))
			}
		}
	}()
	r.t.Cleanup(func() { _ = r.conn.CloseNow(); <-ended })
}

// TestBadLinks ends bots with one line each.
func TestBadLinks(t *testing.T) {
	t.Parallel()
	nobody := fmt.Sprintf("ws://127.0.0.1:%d", freePort(t))
	for _, c := range []struct {
		name, server, room, want string
	}{
		{"no url", "nonsense", "R", `nonsense`},
		{"not a websocket", "ftp://127.0.0.1", "R", `ftp`},
		{"bad room", world.server, "not a room!", `not a room!`},
		{"long room", world.server, strings.Repeat("R", 33), `32`},
		{"nobody there", nobody, "R", `(?i)127\.0\.0\.1:\d+.*(refused|reach|answer)|(refused|reach|answer).*127\.0\.0\.1:\d+`},
		{"unknown name", "ws://nobody.invalid", "R", `nobody\.invalid`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bot(t, c.server, c.room, 2, 60, 1).fails(t, c.want)
		})
	}
	t.Run("players", func(t *testing.T) {
		t.Parallel()
		bot(t, world.server, "R", 9, 60, 1).fails(t, `9`)
	})
}

func TestFullRoom(t *testing.T) {
	t.Parallel()
	for range 2 {
		enter(t, world.server, room(t), game.Build).stay()
	}
	bot(t, world.server, room(t), 2, 60, 1).fails(t, `(?i)full`)
}

func TestOtherBuild(t *testing.T) {
	t.Parallel()
	enter(t, world.server, room(t), "another game").stay()
	bot(t, world.server, room(t), 2, 60, 1).fails(t, `(?i)build.*another game|another game.*build|version`)
}

// TestOtherVersion has a server and a client that speak different versions.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	t.Run("old client", func(t *testing.T) {
		w := dial(t, world.server, room(t), "punchback.v0", nil)
		if m := w.hear(protocol.Error); m.Code != protocol.CodeVersion || m.Text == "" {
			t.Errorf("%+v; want code %s and a sentence", m, protocol.CodeVersion)
		}
	})
	t.Run("old server", func(t *testing.T) {
		old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// It takes the offered version, as every version does, since browsers show no reason otherwise.
			conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{r.Header.Get("Sec-WebSocket-Protocol")}})
			if err != nil {
				return
			}
			_ = conn.Write(r.Context(), websocket.MessageText, protocol.Encode(protocol.Message{
				Kind: protocol.Error, Code: protocol.CodeVersion, Text: "this server speaks punchback.v0, not punchback.v1",
			}))
			_ = conn.Close(websocket.StatusNormalClosure, "")
		}))
		defer old.Close()
		bot(t, "ws"+strings.TrimPrefix(old.URL, "http"), room(t), 2, 60, 1).fails(t, `(?i)version|punchback\.v`)
	})
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	addr := strings.TrimPrefix(world.page, "http://")
	_, port, _ := strings.Cut(addr, ":")
	start(t, "web", "web", "-addr", addr, "-no-open").fails(t, `port `+port+` is in use`)
	start(t, "signaling", "signaling", "-addr", addr).fails(t, port+`.*in use`)
}

// TestOriginRefused joins from a page that the server does not serve.
func TestOriginRefused(t *testing.T) {
	t.Parallel()
	_, port := service(t, "127.0.0.1")
	server := fmt.Sprintf("ws://127.0.0.1:%d", port)
	t.Run("words", func(t *testing.T) {
		w := dial(t, server, room(t), protocol.Version, http.Header{"Origin": {"https://evil.example"}})
		m := w.hear(protocol.Error)
		if m.Code != protocol.CodeOrigin || m.Text != "pages of https://evil.example may not use this server" {
			t.Errorf("%+v; want the origin", m)
		}
	})
	t.Run("page", func(t *testing.T) {
		cores.take(t, aPage)
		p := open(t, "page", join(room(t), 2)+"&server="+server)
		p.screen("error")
	})
}

// screen waits for a scene and keeps its picture.
func (p *tab) screen(scene string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`globalThis.punchback?.stats?.().scene === %q`, scene))
	p.shot(p.name)
}

// TestPageErrors sees that what cannot work says so on the screen.
func TestPageErrors(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage)
	t.Run("no WebRTC", func(t *testing.T) {
		p := open(t, "page", join("NoWebRTC", 2), `delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;`)
		p.until(`document.body.innerText.includes("No WebRTC")`)
		p.shot("page")
	})
	t.Run("nobody there", func(t *testing.T) {
		p := open(t, "page", join("Nobody", 2)+fmt.Sprintf("&server=ws://127.0.0.1:%d", freePort(t)))
		p.screen("error")
	})
	// A malformed address fails before there is a game to show it.
	t.Run("malformed link", func(t *testing.T) {
		p := open(t, "page", world.page+"/?room=not%20a%20room!&players=2&mute=1")
		p.until(`document.body.innerText.includes("room") || globalThis.punchback?.stats?.().scene === "error"`)
		p.shot("page")
	})
}

// TestPeerNeverAnswers waits with somebody who is there and says nothing, be it
// its turn to answer, as it is for whoever was first, or to offer: the room stays,
// and says so.
func TestPeerNeverAnswers(t *testing.T) {
	t.Parallel()
	t.Run("answer", func(t *testing.T) {
		t.Parallel()
		_, port := service(t, "127.0.0.1") // whose STUN sees the bot at another address than its own
		server := fmt.Sprintf("ws://127.0.0.1:%d", port)
		enter(t, server, room(t), game.Build).stay()
		member(t, exec.Command, "p1", server, room(t), "2").says(t, `(raw) can't be reached: .*no answer.*ours: host .*srflx .*theirs: none`)
	})
	t.Run("offer", func(t *testing.T) {
		t.Parallel()
		first := enter(t, world.server, room(t), game.Build)
		b := member(t, exec.Command, "p1", world.server, room(t), "2")
		first.hear(protocol.Update) // the bot is there; whom it meets now came later, and has to offer
		first.say(protocol.Message{Kind: protocol.Leave})
		_ = first.conn.CloseNow()
		enter(t, world.server, room(t), game.Build).stay()
		b.says(t, `(raw) can't be reached: .*no offer`)
	})
}

// TestPeerLeavesEarly joins a room whose other player leaves while they
// connect: the place is free again, and who comes then can play.
func TestPeerLeavesEarly(t *testing.T) {
	t.Parallel()
	cores.take(t, 2*aBot)
	gone := enter(t, world.server, room(t), game.Build)
	one := bot(t, world.server, room(t), 2, 300, 1)
	gone.hear(protocol.Update) // the bot is there, and starts to connect
	gone.say(protocol.Message{Kind: protocol.Leave})
	two := bot(t, world.server, room(t), 2, 300, 2)
	results(t, 300, one, two)
}
