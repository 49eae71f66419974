//go:build !js

package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/signaling/server"
)

// The key is the same at each start, and at each server that has the file.
func TestProofsAreKept(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("AppData", dir)
	t.Setenv("HOME", dir)
	for _, file := range []string{"", filepath.Join(dir, "a", "key")} {
		first, err := server.Proofs(file)
		if err != nil || len(first) != 32 {
			t.Fatalf("%q: %x, %v", file, first, err)
		}
		if again, err := server.Proofs(file); err != nil || !bytes.Equal(again, first) {
			t.Errorf("%q: %x is %x later, %v", file, first, again, err)
		}
		s, err := server.New(server.Config{Turn: "off", Proofs: first})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	one, _ := server.Proofs("")
	if two, _ := server.Proofs(filepath.Join(dir, "a", "key")); bytes.Equal(one, two) {
		t.Error("two files have one key")
	}
	short := filepath.Join(dir, "short")
	if err := os.WriteFile(short, []byte("123456789012345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{short: "short has 15 bytes, want 16 or more", dir: "server: proofs: ", filepath.Join(short, "key"): "server: proofs: "} {
		if key, err := server.Proofs(file); err == nil || key != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %x, %v", file, key, err)
		}
	}
	if s, err := server.New(server.Config{Turn: "off", Proofs: []byte("short")}); err == nil || !strings.Contains(err.Error(), "proofs are 5 bytes, want 16 or more") {
		s.Close()
		t.Error(err)
	}
}
