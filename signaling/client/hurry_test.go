//go:build !js

package client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// Whoever was told to come back in a minute is there at once if it is in a hurry.
func TestHurry(t *testing.T) {
	s, err := server.New(server.Config{Turn: "off"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var came atomic.Int32
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if came.Add(1) > 1 {
			s.ServeHTTP(w, r)
			return
		}
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Version}})
		if err == nil {
			c.Write(r.Context(), websocket.MessageText, protocol.Encode(protocol.Message{Kind: protocol.Error, Code: protocol.CodeClosing, Text: "the server stops", After: 60_000}))
			c.Read(r.Context()) // until the other end has read it and parts
			c.CloseNow()
		}
	}))
	defer h.Close()
	c, wake := dial(t, "ws"+strings.TrimPrefix(h.URL, "http")+"/toy/ROOM")
	wait(t, wake, "a no", 20*time.Second, func() bool { return strings.Contains(c.Text(), "trying again") })
	c.Hurry()
	wait(t, wake, "a welcome", 20*time.Second, c.Up)
}
