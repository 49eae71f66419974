//go:build !js

package rtc_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/protocol"
)

// helloOf is what a server is told first. It answers with a sentence, and that may
// hold what it was told.
func helloOf(t *testing.T, game string, o *rtc.Options, sentence func(hello protocol.Message) string) (hello protocol.Message, room *rtc.Room) {
	t.Helper()
	said := make(chan protocol.Message, 1)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Version}})
		if err != nil {
			t.Error(err)
			return
		}
		_, b, err := c.Read(r.Context())
		if err != nil {
			t.Error(err)
		}
		m, err := protocol.Decode(b)
		if err != nil {
			t.Error(err)
		}
		_ = c.Write(r.Context(), websocket.MessageText, protocol.Encode(protocol.Message{Kind: protocol.Error, Code: protocol.CodeAdmit, Text: sentence(m)}))
		_ = c.Close(websocket.StatusNormalClosure, "")
		said <- m
	}))
	defer h.Close()
	room = join(t, h.URL+"/"+game+"/ROOM?players=2", o)
	_, _ = room.WaitMatch(t.Context())
	return <-said, room
}

// whoOf is by whom a player is known at the server of a game.
func whoOf(t *testing.T, game, identity string) string {
	t.Helper()
	hello, _ := helloOf(t, game, &rtc.Options{Identity: identity}, func(protocol.Message) string { return "no" })
	return hello.Who
}

// home makes a folder that of the user.
func home(t *testing.T, dir string) {
	for _, name := range []string{"XDG_CONFIG_HOME", "AppData", "HOME"} {
		t.Setenv(name, dir)
	}
}

// Whoever comes back is known, and in no other game.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	home(t, dir)
	const anna = "ceaf6368281b3af30c20ebf2c41335ae" // printf 'punchback identity 1\0toy\0anna' | sha256sum
	if got := whoOf(t, "toy", "anna"); got != anna {
		t.Errorf("anna is %q in toy", got)
	}
	if got := whoOf(t, "pong", "anna"); got == anna || len(got) != len(anna) {
		t.Errorf("anna is %q in pong", got)
	}
	if got := whoOf(t, "toy", rtc.NoIdentity); got != "" {
		t.Errorf("nobody is %q", got)
	}
	files := func() (list []string) {
		_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
			if filepath.Base(filepath.Dir(path)) == "punchback" {
				list = append(list, path)
			}
			return nil
		})
		return list
	}
	if f := files(); len(f) != 0 {
		t.Errorf("who has an identity, or wants none, is kept in %q", f)
	}
	mine := whoOf(t, "toy", "")
	f := files()
	if len(f) != 1 || filepath.Base(f[0]) != "identity" {
		t.Fatalf("it is kept in %q", f)
	}
	b, err := os.ReadFile(f[0])
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{32}\n$`).Match(b) {
		t.Errorf("kept is %q, %v", b, err)
	}
	kept := strings.TrimSpace(string(b))
	if len(mine) != 32 || strings.Contains(mine, kept) || mine != whoOf(t, "toy", kept) || mine != whoOf(t, "toy", "") {
		t.Errorf("%q is not %q each time", mine, kept)
	}
	if mine == whoOf(t, "pong", "") || mine == anna {
		t.Errorf("%q is another, too", mine)
	}
	home(t, t.TempDir())
	if mine == whoOf(t, "toy", "") {
		t.Error("another user is the same")
	}
}

// Where nothing can be kept a player comes anew each time, and plays.
func TestNoPlaceForAnIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, "", "relative"} {
		home(t, dir)
		if got := whoOf(t, "toy", ""); got != "" {
			t.Errorf("with the folder %q it is %q", dir, got)
		}
	}
	url, _ := serve(t)
	together(t, gather(t, url+"/toy", 2), 10, nil)
}

// Nothing that a player shows to others holds an identity, whatever a server says.
func TestAnIdentityIsASecret(t *testing.T) {
	const anna = "anna-of-the-accounts"
	hello, room := helloOf(t, "toy", &rtc.Options{Identity: anna}, func(hello protocol.Message) string {
		return fmt.Sprintf("%s is %s", hello.Who, anna)
	})
	for _, trace := range [][]byte{room.Trace(), room.TraceUnmasked()} {
		if !bytes.Contains(trace, []byte("(identity) is (identity)")) || bytes.Contains(trace, []byte(anna)) || bytes.Contains(trace, []byte(hello.Who)) {
			t.Errorf("%s", trace)
		}
	}
}
