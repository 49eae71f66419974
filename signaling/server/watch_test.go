//go:build !js

package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
)

// text is a log that is read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *text) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *text) has(s string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.b.String(), s)
}

// Whoever runs a server of a cluster sees which parts of the games are its own,
// that it is cut off, and that it has lost them.
func TestAnOperatorSeesTheCluster(t *testing.T) {
	t.Parallel()
	var log text
	c := &three{t: t, turn: "off", log: slog.New(slog.NewTextHandler(&log, nil))}
	c.begin()
	get := func(i int, path string) (int, string) {
		r, err := http.Get("http" + strings.TrimPrefix(c.urls[i], "ws") + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(b)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	await := func(i int, path, want string) (status int) { // want is a regular expression
		t.Helper()
		limit := time.Now().Add(time.Minute)
		for {
			status, said := get(i, path)
			if regexp.MustCompile(want).MatchString(said) {
				return status
			}
			if time.Now().After(limit) {
				t.Fatalf("%s of server %d has no %q:\n%s", path, i, want, said)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	enter(t, c.urls[0]+"/pong/A", "1") // So the first server is the owner.
	slot := cluster.SlotOf("pong")
	if s := await(0, "/readyz", "servers 3\nslots "+slot+"\n"); s != 200 {
		t.Errorf("readyz is %d", s)
	}
	await(1, "/readyz", "servers 3\nslots \n")
	await(0, "/metrics", `\npunchback_slot_turns_total{turn="owned"} [1-9]`)
	await(0, "/metrics", `\npunchback_slot_turns_total{turn="lost"} \d`)

	c.memory.Cut(c.members[0].Self(), true)
	if s := await(0, "/readyz", "cut off"); s != 503 {
		t.Errorf("readyz is %d", s)
	}
	if s, _ := get(0, "/healthz"); s != 200 {
		t.Errorf("healthz is %d", s)
	}
	await(0, "/metrics", "\npunchback_cluster_servers 0\n")
	await(0, "/metrics", `\npunchback_slot_turns_total{turn="unsure"} [1-9]`)
	await(1, "/metrics", "\npunchback_cluster_servers 2\n")
	enter(t, c.urls[1]+"/pong/B", "1") // It is the next owner.
	c.memory.Cut(c.members[0].Self(), false)
	await(0, "/metrics", `\npunchback_slot_turns_total{turn="lost"} [1-9]`)
	await(0, "/metrics", "\npunchback_slots 0\n")
	if s := await(0, "/readyz", "servers 3\n"); s != 200 {
		t.Errorf("readyz is %d", s)
	}
	for _, what := range []string{"is=unsure", "is=lost", "does not hear the other servers", "hears the other servers again"} {
		for limit := time.Now().Add(time.Minute); !log.has(what); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("the log has no %q", what)
			}
		}
	}
}
