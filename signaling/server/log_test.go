//go:build !js

package server_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// book is a writer that many write to.
type book struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// The log of a whole evening tells nothing by which somebody could come in, or
// that players have said to one another.
func TestTheLogKeepsSecrets(t *testing.T) {
	var log book
	s, err := server.New(server.Config{Turn: "127.0.0.1:0", Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	payload := []byte("203.0.113.5 is where I live")
	var secrets []string
	sit := func() *line {
		l := raw(t, url+"/toy/HIDEOUT", nil, protocol.Version)
		l.write(protocol.Message{Kind: protocol.Hello, Build: "1", Name: "Ann Other", Who: "ceaf6368281b3af30c20ebf2c41335ae"})
		w := l.read()
		secrets = append(secrets, w.Token, w.Servers[1].Credential, w.Servers[1].Username)
		return l
	}
	a, b := sit(), sit()
	b.write(protocol.Message{Kind: protocol.Signal, To: 1, Payload: payload})
	for a.read().Kind != protocol.Signal {
	}
	full := raw(t, url+"/toy/HIDEOUT", nil, protocol.Version)
	full.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	full.ends()
	bad := raw(t, url+"/toy/HIDEOUT?players=9", nil, protocol.Version)
	bad.ends()
	a.CloseNow()
	b.write(protocol.Message{Kind: protocol.Leave})
	b.ends()
	for begin := time.Now(); strings.Count(log.String(), `"msg":"gone"`) < 4 && time.Since(begin) < 20*time.Second; {
		time.Sleep(time.Millisecond) // What Close ends was not lost.
	}
	s.Close()
	said := log.String()
	secrets = append(secrets, "HIDEOUT", "Ann Other", "ceaf6368281b3af30c20ebf2c41335ae", string(payload), base64.StdEncoding.EncodeToString(payload))
	for _, w := range secrets {
		if len(w) < 7 || strings.Contains(said, w) {
			t.Errorf("the log tells %q", w)
		}
	}
	if n := strings.Count(said, "\n"); n < 6 || !strings.Contains(said, `"member":2`) || !strings.Contains(said, `"code":"place"`) ||
		!strings.Contains(said, `"why":"left"`) || !strings.Contains(said, `"why":"lost"`) || !strings.Contains(said, `"msg":"sent away"`) {
		t.Errorf("the log tells little:\n%s", said)
	}
}
