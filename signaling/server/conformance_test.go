//go:build !js

package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// A server says what the exchanges of protocol/testdata tell. In each line one
// client opens a connection, says something, hears something, breaks the
// connection, or sees its end. What is heard must have what the line has, and
// may have more; a text that begins with $ is any, but always the same.
func TestExchanges(t *testing.T) {
	text, err := os.ReadFile("../protocol/testdata/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []struct {
		Name           string
		Server, Client bool // it is for this end alone
		Lines          []struct {
			At, Open  string
			Say, Hear json.RawMessage
			Drop, End bool
		}
	}
	if err := json.Unmarshal(text, &exchanges); err != nil {
		t.Fatal(err)
	}
	url := start(t, server.Config{Limits: server.Limits{Settle: -1}})
	for _, e := range exchanges {
		if e.Client {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			conns, known := map[string]*line{}, map[string]string{}
			for i, l := range e.Lines {
				at := conns[l.At]
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				switch {
				case l.Open != "":
					conns[l.At] = raw(t, url+l.Open, nil, protocol.Version)
				case l.Say != nil:
					say := string(l.Say)
					for name, value := range known {
						say = strings.ReplaceAll(say, fmt.Sprintf("%q", name), fmt.Sprintf("%q", value))
					}
					if err := at.Write(ctx, websocket.MessageText, []byte(say)); err != nil {
						t.Fatalf("line %d: %v", i+1, err)
					}
				case l.Hear != nil:
					_, heard, err := at.Read(ctx)
					if err != nil {
						t.Fatalf("line %d: %v, want %s", i+1, err, l.Hear)
					}
					var got, want any
					if json.Unmarshal(heard, &got) != nil || json.Unmarshal(l.Hear, &want) != nil || !within(want, got, known) {
						t.Fatalf("line %d: %s, want %s", i+1, heard, l.Hear)
					}
				case l.Drop:
					at.CloseNow()
				case l.End:
					if _, more, err := at.Read(ctx); err == nil {
						t.Fatalf("line %d: %s, want the end", i+1, more)
					}
				}
				cancel()
			}
		})
	}
}

// within reports whether all that a value wants is there.
func within(want, got any, known map[string]string) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		for k, v := range want {
			ok = ok && within(v, got[k], known)
		}
		return ok
	case []any:
		got, ok := got.([]any)
		i := -1
		return ok && len(got) == len(want) && !slices.ContainsFunc(want, func(v any) bool {
			i++
			return !within(v, got[i], known)
		})
	case string:
		text, ok := got.(string)
		if !ok || !strings.HasPrefix(want, "$") {
			return ok && text == want
		}
		if known[want] == "" {
			known[want] = text
		}
		return text != "" && known[want] == text
	}
	return want == got
}
