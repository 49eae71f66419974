//go:build !js

package secret_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/punchback/punchback/signaling/secret"
)

// However many start at once, all hold the same secret, whole, and nobody else can read it.
func TestAllWhoStartAtOnceAgree(t *testing.T) {
	for range 50 {
		file := filepath.Join(t.TempDir(), "a", "b", "key")
		var wg sync.WaitGroup
		var begin = make(chan struct{})
		var got [16][]byte
		for i := range got {
			wg.Go(func() {
				fresh := make([]byte, 32)
				rand.Read(fresh)
				<-begin
				var err error
				if got[i], err = secret.File(file, fresh); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		wg.Wait()
		for _, b := range got {
			if len(b) != 32 || !bytes.Equal(b, got[0]) {
				t.Fatalf("%x and %x", b, got[0])
			}
		}
		if again, err := secret.File(file, []byte("another")); err != nil || !bytes.Equal(again, got[0]) {
			t.Errorf("later: %x, %v", again, err)
		}
		left, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(left) != 1 {
			t.Errorf("beside it is %v, %v", left, err)
		}
		if runtime.GOOS == "windows" {
			continue
		}
		for path, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700 | os.ModeDir} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
		}
	}
}

func TestWhatCanNotBeKeptIsAnError(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, secret.Max+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		long:                            "more than 4096 bytes",
		filepath.Join(long, "key"):      "",
		dir:                             "",
		filepath.Join(dir, "new") + "/": "",
	} {
		if b, err := secret.File(name, []byte("fresh")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
