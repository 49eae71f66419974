package replay_test

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

var rewrite = flag.Bool("rewrite", false, "accept the present format as the golden one")

//go:embed FORMAT.md
var format string

// example is the file at the end of FORMAT.md.
func example(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := replay.NewWriter(&file, netcode.Terms{Players: 2, Rate: 60, Seed: 7, Nonce: [16]byte{1}, Build: "pong", Setup: []byte{3}}, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	state := []byte{0, 0, 0, 9, 0, 0, 0, 0}
	for f, in := range [][]netcode.Input{
		{{}, {}},
		{{Bits: 0x0201}, {}},
		{{Bits: 0x0201}, {Command: []byte("hi")}},
		{{Bits: 0x0200}, {Absent: true}},
	} {
		row := netcode.Row{Frame: netcode.Frame(f), Inputs: in, Hash: netcode.HashState(state)}
		if w.Wants(row.Frame) {
			row.State = state
		}
		if err := w.Record(&row); err != nil {
			t.Fatal(err)
		}
		state[0]++
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// The bytes that FORMAT.md shows are those that are written, and no others.
func TestFormatShowsWhatIsWritten(t *testing.T) {
	_, text, _ := strings.Cut(format, "## Example")
	_, text, _ = strings.Cut(text, "```\n")
	text, _, _ = strings.Cut(text, "```")
	var shown []byte
	for line := range strings.Lines(text) {
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line[:min(27, len(line))]), " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		shown = append(shown, b...)
	}
	if got := example(t); !bytes.Equal(got, shown) {
		t.Errorf("FORMAT.md shows\n%swritten is\n%s", hex.Dump(shown), hex.Dump(got))
	}
}

//go:embed testdata/small.replay
var golden []byte

// A kept file of this version is written the same, and can be read for ever.
func TestGoldenFile(t *testing.T) {
	file, rows := small(t)
	if *rewrite {
		if err := os.WriteFile("testdata/small.replay", file, 0o644); err != nil {
			t.Fatal(err)
		}
		golden = file
	}
	if !bytes.Equal(file, golden) {
		t.Errorf("the same match is written as\n%swas\n%s", hex.Dump(file), hex.Dump(golden))
	}
	r := open(t, golden)
	if n := prefix(t, r, rows); n != len(rows) || r.Damage() != nil || !r.Closed() {
		t.Errorf("%d rows of %d, %v", n, len(rows), r.Damage())
	}
}
