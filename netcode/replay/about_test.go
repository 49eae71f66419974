package replay_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

// A file tells who played and what the game keeps there, and its rows are as before.
func TestAbout(t *testing.T) {
	names, meta := []string{"Ann", "", "Bob \u202e", strings.Repeat("é", 40)}, bytes.Repeat([]byte{0, 1, 255}, 1000)
	write := func(a replay.About) []byte {
		var file bytes.Buffer
		m := newMatch(t, &file, terms, replay.Options{About: a})
		m.play(100, wild(3))
		if err := m.w.Close(); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	for _, a := range []replay.About{{Names: names, Meta: meta}, {Names: names}, {Meta: meta}, {}} {
		r := open(t, write(a))
		if got := r.About(); !slices.Equal(got.Names, a.Names) || !bytes.Equal(got.Meta, a.Meta) || r.Damage() != nil || r.Last() != 99 {
			t.Errorf("%q and %d bytes became %q and %d, with frames to %d, %v", a.Names, len(a.Meta), got.Names, len(got.Meta), r.Last(), r.Damage())
		}
	}
	plain := write(replay.About{})
	if told := write(replay.About{Names: names}); !bytes.HasSuffix(told, plain[len(plain)-200:]) {
		t.Error("names change the rows")
	}
	for want, a := range map[string]replay.About{
		"number of Names is 3, must be 0 or 4":     {Names: names[:3]},
		"take 4100 bytes, must be at most 4096 (M": {Meta: make([]byte, 4097)},
	} {
		if _, err := replay.NewWriter(&bytes.Buffer{}, terms, replay.Options{About: a}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := replay.NewWriter(&bytes.Buffer{}, terms, replay.Options{About: replay.About{Meta: make([]byte, 4093)}}); err != nil {
		t.Error(err)
	}
}

// What a Reader refuses no Writer takes.
func TestWriterRefusesWhatAReaderWill(t *testing.T) {
	if _, err := replay.NewWriter(nil, terms, replay.Options{}); err == nil || err.Error() != "replay: io.Writer is nil" {
		t.Error(err)
	}
	for frame, ok := range map[netcode.Frame]bool{1<<31 - 2 - 256: true, 1<<31 - 1 - 256: false, 1<<31 - 1: false} {
		var file bytes.Buffer
		w, err := replay.NewWriter(&file, terms, replay.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Record(&netcode.Row{Frame: frame, Inputs: make([]netcode.Input, 4), State: []byte{1}})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), fmt.Sprintf("row of frame %d, must be less than", frame)) {
			t.Errorf("frame %d: %v", frame, err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if r := open(t, file.Bytes()); r.Damage() != nil || (r.First() == frame) != ok {
			t.Errorf("frame %d: first %d, %v", frame, r.First(), r.Damage())
		}
	}
}
