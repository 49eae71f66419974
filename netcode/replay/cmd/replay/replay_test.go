package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

var rewrite = flag.Bool("rewrite", false, "accept the present output as the golden one")

var terms = netcode.Terms{Players: 3, Nonce: [16]byte{0xab}, Seed: 77, Build: "toy 1", Rate: 60}

// film writes a file of a minute. The change alters what is recorded.
func film(t *testing.T, terms netcode.Terms, o replay.Options, frames int, change func(*netcode.Row)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := replay.NewWriter(&b, terms, o)
	if err != nil {
		t.Fatal(err)
	}
	state := make([]byte, 12)
	for f := range netcode.Frame(frames) {
		in := make([]netcode.Input, 3)
		if f > 0 {
			in[0].Bits = uint64(f/7%3) | uint64(f/900)<<4
			if f > 1200 {
				in[1].Bits = uint64(f / 3 % 4)
			}
			if f%100 == 55 {
				in[1].Command = []byte("attack")
			}
			in[2] = netcode.Input{Absent: f > 1800}
		}
		state[0], state[5] = byte(f), byte(f>>8)
		row := netcode.Row{Frame: f, Inputs: in, Hash: netcode.HashState(state)}
		if w.Wants(f) {
			row.State = bytes.Clone(state)
		} else if f == 0 {
			continue
		}
		if change != nil {
			change(&row)
		}
		if err := w.Record(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCommand runs the command on a few files and compares what it says with
// testdata/story.txt.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	whole := film(t, terms, replay.Options{}, 3600, nil)
	put("whole", whole)
	put("cut", whole[:len(whole)-150])
	put("early", film(t, terms, replay.Options{}, 1000, nil))
	put("bits", film(t, terms, replay.Options{}, 3600, func(r *netcode.Row) {
		if r.Frame == 2002 {
			r.Inputs[1].Bits = 9
		}
	}))
	put("command", film(t, terms, replay.Options{}, 3600, func(r *netcode.Row) {
		if r.Frame == 2055 {
			r.Inputs[1].Command = []byte("retreat")
		}
	}))
	put("hash", film(t, terms, replay.Options{}, 3600, func(r *netcode.Row) {
		if r.Frame >= 1000 {
			r.Hash++
		}
	}))
	put("state", film(t, terms, replay.Options{}, 3600, func(r *netcode.Row) {
		if r.State != nil && r.Frame >= 1200 {
			r.State[7] = 1
		}
	}))
	other := terms
	other.Seed, other.Players = 78, 2
	put("terms", film(t, other, replay.Options{Hashes: replay.None, Keyframes: replay.None}, 10, func(r *netcode.Row) { r.Inputs = r.Inputs[:2] }))
	put("empty", film(t, terms, replay.Options{}, 0, nil))
	put("text", []byte("what is this?"))
	put("nothing", nil)
	put("head", whole[:20])
	ours, theirs := desync(t)
	put("ours", ours)
	put("theirs", theirs)
	put("short", ours[:99])

	var story strings.Builder
	for _, line := range []string{
		"info whole", "info terms empty", "info cut", "info head",
		"dump -from 1797 -to 1804 whole", "dump -to 3 terms", "dump -from 3590 cut", "dump empty", "dump -from 9999 whole",
		"diff whole whole", "diff whole cut", "diff early whole", "diff whole bits", "diff whole command", "diff whole hash",
		"diff whole state", "diff whole terms", "diff empty whole", "diff head whole",
		"info ours theirs", "dump ours", "dump -from 40 -to 40 theirs", "diff ours theirs", "diff theirs theirs", "diff ours whole", "info short",
		"info text", "info nothing", "info nowhere", "", "info", "dump whole whole", "diff whole", "sing whole", "dump -slowly whole",
	} {
		args := strings.Fields(line)
		for i := range args {
			if _, err := os.Stat(filepath.Join(dir, args[i])); err == nil || args[i] == "nowhere" {
				args[i] = filepath.Join(dir, args[i])
			}
		}
		var out, trouble strings.Builder
		status := run(&out, &trouble, args)
		clean := func(s string) string { // js begins its errors with a capital
			return strings.ReplaceAll(strings.ReplaceAll(s, dir+string(filepath.Separator), ""), "No such", "no such")
		}
		story.WriteString("$ replay " + line + "\n" + clean(out.String()))
		if trouble.Len() > 0 {
			story.WriteString("! " + strings.ReplaceAll(strings.TrimRight(clean(trouble.String()), "\n"), "\n", "\n! ") + "\n")
		}
		story.WriteString("status " + string(rune('0'+status)) + "\n\n")
	}
	const golden = "testdata/story.txt"
	if *rewrite {
		if err := os.WriteFile(golden, []byte(story.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if story.String() != string(want) {
		got, want := strings.Split(story.String(), "\n"), strings.Split(string(want), "\n")
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				t.Fatalf("line %d of %s is now\n%s", i+1, golden, got[i])
			}
		}
		t.Fatalf("%s has more lines", golden)
	}
}
