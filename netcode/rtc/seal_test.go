package rtc

import (
	"bytes"
	"testing"
)

func TestSeal(t *testing.T) {
	a, b, other, none := newSeal("one secret"), newSeal("one secret"), newSeal("another"), newSeal("")
	said := []byte("192.168.1.2")
	closed := a.close(said, "ROOM", 1, 2)
	if bytes.Contains(closed, said) {
		t.Error("the server can read it")
	}
	if got, ok := b.open(closed, "ROOM", 1, 2); !ok || !bytes.Equal(got, said) {
		t.Errorf("%q, %v", got, ok)
	}
	changed := bytes.Clone(closed)
	changed[len(changed)-1] ^= 1
	for what, try := range map[string]func() ([]byte, bool){
		"another room":       func() ([]byte, bool) { return b.open(closed, "ROOM2", 1, 2) },
		"another sender":     func() ([]byte, bool) { return b.open(closed, "ROOM", 3, 2) },
		"another receiver":   func() ([]byte, bool) { return b.open(closed, "ROOM", 1, 3) },
		"another secret":     func() ([]byte, bool) { return other.open(closed, "ROOM", 1, 2) },
		"no secret":          func() ([]byte, bool) { return none.open(closed, "ROOM", 1, 2) },
		"a changed byte":     func() ([]byte, bool) { return b.open(changed, "ROOM", 1, 2) },
		"what is not sealed": func() ([]byte, bool) { return b.open(said, "ROOM", 1, 2) },
		"nothing":            func() ([]byte, bool) { return b.open(nil, "ROOM", 1, 2) },
		"the beginning":      func() ([]byte, bool) { return b.open(closed[:20], "ROOM", 1, 2) },
	} {
		if got, ok := try(); ok {
			t.Errorf("%s: %q was understood", what, got)
		}
	}
	if got, ok := none.open(none.close(said, "ROOM", 1, 2), "ROOM", 1, 2); !ok || !bytes.Equal(got, said) {
		t.Error("without a secret nothing comes through")
	}
	if first, second := NewSecret(), NewSecret(); len(first) != 22 || first == second {
		t.Error("a secret that can be guessed")
	}
}
