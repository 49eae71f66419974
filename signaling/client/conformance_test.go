//go:build !js

package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// sample stands for whatever a server chooses: a token, a code, a nonce.
const sample = "AAAAAAAAAAAAAAAAAAAAAA=="

// A client says what the exchanges of protocol/testdata tell, to a server
// that says what they tell. What is said must have what the line has, and may
// have more. See the server's test of the same.
func TestExchanges(t *testing.T) {
	text, err := os.ReadFile("../protocol/testdata/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []struct {
		Name           string
		Server, Client bool // it is for this end alone
		Lines          []step
	}
	if err := json.Unmarshal(text, &exchanges); err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		if !e.Server {
			t.Run(e.Name, func(t *testing.T) {
				t.Parallel()
				exchange(t, e.Lines)
			})
		}
	}
}

type step struct {
	At, Open  string
	Say, Hear json.RawMessage
	Drop, End bool
}

// one is a client and the server's end of its connection.
type one struct {
	conn   *client.Conn
	listed chan error // of a List, what came of it
	socket *websocket.Conn
	said   bool // its first message
}

func exchange(t *testing.T, lines []step) {
	sockets := make(chan *websocket.Conn)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Version}})
		if err != nil {
			t.Error(err)
			return
		}
		select {
		case sockets <- c:
		case <-t.Context().Done():
		}
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ones := map[string]*one{}
	defer func() {
		for _, o := range ones {
			if o.socket != nil {
				o.socket.CloseNow()
			}
			if o.conn != nil {
				o.conn.Close()
			}
		}
		h.CloseClientConnections()
		h.Close()
	}()
	for i, l := range lines {
		o := ones[l.At]
		fail := func(format string, a ...any) {
			t.Helper()
			t.Fatalf("line %d: "+format, append([]any{i + 1}, a...)...)
		}
		switch {
		case l.Open != "":
			if o == nil {
				o = open(ctx, t, "ws"+strings.TrimPrefix(h.URL, "http")+l.Open, lines[i+1].Say)
				ones[l.At] = o
			}
			o.said = false
			select {
			case o.socket = <-sockets:
			case <-ctx.Done():
				fail("nobody came to %s", l.Open)
			}
		case l.Say != nil:
			var m protocol.Message
			if err := json.Unmarshal(l.Say, &m); err != nil {
				fail("%v", err)
			}
			if m.Kind == protocol.Leave {
				go o.conn.Close()
			} else if o.said {
				if err := o.conn.Send(m); err != nil {
					fail("%v", err)
				}
			}
			o.said = true
			_, said, err := o.socket.Read(ctx)
			if err != nil {
				fail("%v, want %s", err, l.Say)
			}
			var got, want any
			if json.Unmarshal(said, &got) != nil || json.Unmarshal(l.Say, &want) != nil || !within(want, got) {
				fail("%s, want %s", said, l.Say)
			}
		case l.Hear != nil:
			var fields map[string]any
			if err := json.Unmarshal(l.Hear, &fields); err != nil {
				fail("%v", err)
			}
			for k, v := range fields {
				if name, ok := v.(string); ok && strings.HasPrefix(name, "$") {
					fields[k] = sample[:20]
				}
			}
			if match, ok := fields["match"].(map[string]any); ok {
				match["nonce"], match["seed"] = sample, "1"
			}
			text, _ := json.Marshal(fields)
			if err := o.socket.Write(ctx, websocket.MessageText, text); err != nil {
				fail("%v", err)
			}
			if err := o.hear(ctx, protocol.Kind(fmt.Sprint(fields["kind"])), fmt.Sprint(fields["code"])); err != nil {
				fail("%s: %v", l.Hear, err)
			}
		case l.Drop, l.End:
			o.socket.CloseNow()
		}
	}
}

// open makes the client that says a first message.
func open(ctx context.Context, t *testing.T, link string, first json.RawMessage) *one {
	var m protocol.Message
	if err := json.Unmarshal(first, &m); err != nil {
		t.Fatal(err)
	}
	if m.Kind == protocol.List {
		o := &one{listed: make(chan error, 1)}
		go func() {
			_, err := client.List(ctx, link, m.Build, *m.Query)
			o.listed <- err
		}()
		return o
	}
	c, err := client.Dial(link, client.Options{Build: m.Build, Who: m.Who, Name: m.Name, Room: m.Room, Near: m.Near})
	if err != nil {
		t.Fatal(err)
	}
	return &one{conn: c}
}

// hear waits until the client has heard a message.
func (o *one) hear(ctx context.Context, kind protocol.Kind, code string) error {
	if o.conn == nil {
		select {
		case err := <-o.listed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	ends := protocol.Message{Kind: kind, Code: code}
	for kind != protocol.Pong { // It is for the client alone.
		if m, ok := o.conn.Recv(); ok {
			if m.Kind != kind {
				return fmt.Errorf("%s was heard", m.Kind)
			}
			return nil
		}
		if err := o.conn.Err(); err != nil && ends.Ends() {
			if client.Refusal(err) != code {
				return err
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// within reports whether all that a value wants is there.
func within(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		for k, v := range want {
			ok = ok && within(v, got[k])
		}
		return ok
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(want, got, within)
	case string:
		return want == got || strings.HasPrefix(want, "$") && got == sample[:20]
	}
	return want == got
}
