package main

import (
	"fmt"
	"io"
	"math/bits"
	"strings"
	"text/tabwriter"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

var desyncs = kind{magic: replay.DumpMagic, name: "dump of a desync", info: desyncInfo, dump: desyncDump, diff: desyncDiff}

func readDump(f *file) (*replay.Dump, error) {
	if f.size > replay.MaxDump {
		return nil, fmt.Errorf("is %d bytes, a dump is at most %d", f.size, replay.MaxDump)
	}
	b := make([]byte, f.size)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, err
	}
	return replay.ReadDump(b)
}

// side names a machine and who sits there.
func side(d *replay.Dump, id netcode.Peer) string {
	if id == netcode.Nobody {
		return "a viewer"
	}
	var players []string
	for p, seat := range d.Seats {
		if seat == id {
			players = append(players, fmt.Sprint(p))
		}
	}
	return fmt.Sprintf("machine %d (player %s)", id, strings.Join(players, " and "))
}

func other(d *replay.Dump) string {
	if d.Peer == netcode.Nobody {
		return "the rows"
	}
	return side(d, d.Peer)
}

// desyncInfo tells what a dump holds.
func desyncInfo(w io.Writer, f *file) error {
	d, err := readDump(f)
	if err != nil {
		return err
	}
	t := d.Terms
	fmt.Fprintf(w, "%s: a desync of %s with %s, %d bytes\n", f.name, side(d, d.Self), other(d), f.size)
	fmt.Fprintf(w, "  game     %q, %d players, %d ticks a second\n", t.Build, t.Players, rate(t))
	fmt.Fprintf(w, "  match    seed %#x, nonce %x, setup %d bytes\n", t.Seed, t.Nonce, len(t.Setup))
	fmt.Fprintf(w, "  frames   %d differs, at %s", d.Frame, clock(t, d.Frame))
	if d.Agreed >= 0 {
		fmt.Fprintf(w, "; %d was equal", d.Agreed)
	}
	fmt.Fprintf(w, "\n  hashes   %016x here, %016x there\n", d.Ours, d.Theirs)
	for _, id := range d.With {
		fmt.Fprintf(w, "  others   %s has what is here\n", side(d, id))
	}
	for _, id := range d.Against {
		fmt.Fprintf(w, "  others   %s has what is there\n", side(d, id))
	}
	fmt.Fprintf(w, "  states   %d bytes here, %d there", d.Length, d.TheirLength)
	if n := max(len(d.State), len(d.Their)); n < max(d.Length, d.TheirLength) {
		fmt.Fprintf(w, ", bytes %d to %d are in the dump", d.From, d.From+n-1)
	}
	if n := d.Lacks(); n > 0 {
		fmt.Fprintf(w, ", %d of theirs never came", n)
	}
	differ := 0
	for f := range d.Each(false) {
		if d.Differs(f) {
			differ++
		}
	}
	fmt.Fprintf(w, "\n  fields   %d, %d differ", len(d.Fields), differ)
	if d.Cut {
		fmt.Fprintf(w, ", more than these")
	}
	fmt.Fprintf(w, "\n  found    %v\n", &d.DesyncError)
	return nil
}

// desyncDump shows the inputs that led to the first frame that differs, and
// its state field by field: before, here and there, a star where they differ.
func desyncDump(w io.Writer, f *file, from, to netcode.Frame) error {
	d, err := readDump(f)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%v\n\ninputs of the frames up to %d\n", &d.DesyncError, d.Frame)
	showInputs(w, d, from, to)
	fmt.Fprintf(w, "\nstate at frame %d\n", d.Frame)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, " \tbyte\tfield\tframe %d\there\tthere\n", d.Agreed)
	for f := range d.Each(d.Length <= 4<<10) {
		before, ours, theirs := d.Values(f)
		mark := " "
		if d.Differs(f) {
			mark = "*"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", mark, f.Offset, known(f.Path), known(before), known(ours), known(theirs))
	}
	return table.Flush()
}

func showInputs(w io.Writer, d *replay.Dump, from, to netcode.Frame) {
	all := uint64(0)
	for _, in := range d.Inputs {
		for p := range in {
			all |= in[p].Bits
		}
	}
	for i, in := range d.Inputs {
		if f := d.Frame + 1 - netcode.Frame(len(d.Inputs)-i); f >= from && f <= to {
			fmt.Fprintln(w, text(&netcode.Row{Frame: f, Inputs: in}, nil, max(1, (bits.Len64(all)+3)/4), -1))
		}
	}
}

// known is a value, or a path, as a cell of a table. A long one would make all of its
// column as wide.
func known(value string) string {
	if value == "" {
		return "?"
	}
	if len(value) > widest {
		return value[:widest] + "..."
	}
	return value
}

const widest = 72

// desyncDiff compares what the two sides of a desync have written, field by field.
func desyncDiff(w io.Writer, fa, fb *file) (same bool, err error) {
	a, err := readDump(fa)
	if err != nil {
		return false, fmt.Errorf("%s: %w", fa.name, err)
	}
	b, err := readDump(fb)
	if err != nil {
		return false, fmt.Errorf("%s: %w", fb.name, err)
	}
	if field, va, vb := differs(a.Terms, b.Terms); field != "" {
		fmt.Fprintf(w, "terms differ: %s is %s and %s\n", field, va, vb)
		return false, nil
	}
	if a.Frame != b.Frame || a.From != b.From {
		fmt.Fprintf(w, "the dumps are of frame %d from byte %d on, and of frame %d from byte %d on\n", a.Frame, a.From, b.Frame, b.From)
		return false, nil
	}
	fmt.Fprintf(w, "a: %s\nb: %s\nframe %d", side(a, a.Self), side(b, b.Self), a.Frame)
	if a.Agreed == b.Agreed && string(a.Before) == string(b.Before) {
		fmt.Fprintf(w, "; their states of frame %d are equal", a.Agreed)
	} else {
		fmt.Fprintf(w, "; their states of frames %d and %d are not equal", a.Agreed, b.Agreed)
	}
	for k := 1; k <= min(len(a.Inputs), len(b.Inputs)); k++ {
		x, y := netcode.Row{Inputs: a.Inputs[len(a.Inputs)-k]}, netcode.Row{Inputs: b.Inputs[len(b.Inputs)-k]}
		if what := first(&x, &y); what != "" {
			fmt.Fprintf(w, "\ninputs of frame %d differ: %s", a.Frame-netcode.Frame(k-1), what)
		}
	}
	if a.Length != b.Length {
		fmt.Fprintf(w, "\nthe state is %d bytes in a, %d in b", a.Length, b.Length)
	}
	fmt.Fprintf(w, "\n\n")
	joined := a.Join(b)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "byte\tfield\tframe %d\ta\tb\n", a.Agreed)
	n := 0
	for f := range joined.Each(false) {
		if before, here, there := joined.Values(f); here != there {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", f.Offset, known(f.Path), known(before), known(here), known(there))
			n++
		}
	}
	if n == 0 {
		fmt.Fprintf(w, "no field differs\n")
		return string(a.State) == string(b.State), nil
	}
	return false, table.Flush()
}
