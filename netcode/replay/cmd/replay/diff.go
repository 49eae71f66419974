package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

// diff finds the first row in which two files differ. That one of them ends
// before the other is no difference, since a machine may stop at any frame.
func diff(w io.Writer, fa, fb *file) (same bool, err error) {
	a, err := replay.NewReader(fa, fa.size)
	if err != nil {
		return false, fmt.Errorf("%s: %w", fa.name, err)
	}
	b, err := replay.NewReader(fb, fb.size)
	if err != nil {
		return false, fmt.Errorf("%s: %w", fb.name, err)
	}
	for _, x := range []struct {
		f *file
		r *replay.Reader
	}{{fa, a}, {fb, b}} {
		if err := x.r.Damage(); err != nil {
			fmt.Fprintf(w, "%s is read up to frame %d: %v\n", x.f.name, x.r.Last(), err)
		}
	}
	if field, va, vb := differs(a.Terms(), b.Terms()); field != "" {
		fmt.Fprintf(w, "terms differ: %s is %s and %s\n", field, va, vb)
		return false, nil
	}
	return rows(w, a, b)
}

// differs names the first of the Terms that differs.
func differs(a, b netcode.Terms) (field, va, vb string) {
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"Build", a.Build, b.Build}, {"Players", a.Players, b.Players}, {"Nonce", a.Nonce, b.Nonce}, {"Seed", a.Seed, b.Seed},
		{"Rate", rate(a), rate(b)}, {"Timeout", a.Timeout, b.Timeout}, {"Setup", string(a.Setup), string(b.Setup)},
	} {
		if f.a != f.b {
			return f.name, fmt.Sprintf("%#v", f.a), fmt.Sprintf("%#v", f.b)
		}
	}
	return "", "", ""
}

// rows goes through the rows that both have.
func rows(w io.Writer, a, b *replay.Reader) (same bool, err error) {
	from, to := max(a.First(), b.First()), min(a.Last(), b.Last())
	var ra, rb netcode.Row
	agreed := netcode.Frame(-1)
	var hist [3]struct {
		netcode.Row
		state int
	} // the rows before
	for f := from; f <= to; f++ {
		if err := reach(a, &ra, f); err != nil {
			return false, err
		}
		if err := reach(b, &rb, f); err != nil {
			return false, err
		}
		what := first(&ra, &rb)
		states := a.StateLen() >= 0 && b.StateLen() >= 0
		if what == "" && states && !replay.SameState(a, b) {
			what = "inputs are the same, states not: " + netcode.FirstDifference(nil, a.State(), b.State())
		}
		if what == "" && ra.Hash != 0 && rb.Hash != 0 && ra.Hash != rb.Hash {
			what = fmt.Sprintf("inputs are the same, hashes of the state not: %016x and %016x", ra.Hash, rb.Hash)
		}
		if what != "" {
			fmt.Fprintf(w, "frame %d differs: %s\n", f, what)
			if agreed >= 0 {
				fmt.Fprintf(w, "states were equal last in frame %d, inputs in frame %d\n", agreed, f-1)
			}
			for i := range hist {
				if row := &hist[(int(f)+i)%len(hist)]; row.Inputs != nil && row.Frame < f && row.Frame+3 >= f {
					fmt.Fprintf(w, "  %s\n", text(&row.Row, nil, 1, row.state))
				}
			}
			fmt.Fprintf(w, "a %s\nb %s\n", text(&ra, nil, 1, a.StateLen()), text(&rb, nil, 1, b.StateLen()))
			return false, nil
		}
		if states || ra.Hash != 0 && rb.Hash != 0 {
			agreed = f
		}
		keep := func(row *netcode.Row, state int) {
			h := &hist[int(row.Frame)%len(hist)]
			h.Frame, h.Hash, h.state, h.Inputs = row.Frame, row.Hash, state, append(h.Inputs[:0], row.Inputs...)
			for p := range h.Inputs {
				h.Inputs[p].Command = bytes.Clone(h.Inputs[p].Command)
			}
		}
		keep(&ra, a.StateLen())
		if n := netcode.Frame(min(a.Quiet(), b.Quiet())); n > 0 {
			a.Skip(int(n))
			b.Skip(int(n))
			for k := max(1, n-2); k <= n; k++ {
				keep(&netcode.Row{Frame: f + k, Inputs: held(nil, ra.Inputs)}, -1)
			}
			f += n
		}
	}
	if a.Last() < 0 || b.Last() < 0 {
		fmt.Fprintln(w, "there are no rows to compare")
		return true, nil
	}
	if from > to {
		fmt.Fprintf(w, "no frame is in both: %d to %d, and %d to %d\n", a.First(), a.Last(), b.First(), b.Last())
		return true, nil
	}
	fmt.Fprintf(w, "frames %d to %d are the same; they end at %d and %d\n", from, to, a.Last(), b.Last())
	return true, nil
}

// reach reads on to a frame.
func reach(r *replay.Reader, row *netcode.Row, f netcode.Frame) error {
	for r.Behind() > 0 && r.Last()+1-netcode.Frame(r.Behind()) <= f {
		if _, err := r.Glance(row); err != nil {
			return err
		}
		if row.Frame < f {
			r.Skip(min(r.Quiet(), int(f-row.Frame-1)))
		}
	}
	return nil
}

// first names the first of the inputs that differs in two rows of one frame.
func first(a, b *netcode.Row) string {
	for p := range a.Inputs {
		x, y := &a.Inputs[p], &b.Inputs[p]
		switch {
		case x.Absent != y.Absent:
			return fmt.Sprintf("player %d is absent in one of them", p)
		case x.Bits != y.Bits:
			return fmt.Sprintf("Bits of player %d are %#x and %#x", p, x.Bits, y.Bits)
		case !bytes.Equal(x.Command, y.Command):
			return fmt.Sprintf("Command of player %d is %q and %q", p, x.Command, y.Command)
		}
	}
	return ""
}
