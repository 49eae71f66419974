package main

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

var replays = kind{magic: replay.Magic, name: "replay", info: info, dump: dump, diff: diff}

// rate is the ticks a second.
func rate(t netcode.Terms) int {
	if t.Rate == 0 {
		return 60
	}
	return t.Rate
}

// clock is when in the match a frame is.
func clock(t netcode.Terms, f netcode.Frame) string {
	tenths := int64(f) * 10 / int64(rate(t))
	return fmt.Sprintf("%d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}

// width is how many columns a timeline has.
const width = 64

// info tells what a file holds and draws who did how much when.
func info(w io.Writer, f *file) error {
	r, err := replay.NewReader(f, f.size)
	if err != nil {
		return err
	}
	t := r.Terms()
	whole := "whole"
	if !r.Closed() {
		whole = "not closed: its machine stopped, or writes on"
	}
	fmt.Fprintf(w, "%s: a replay of %d bytes, %s\n", f.name, f.size, whole)
	fmt.Fprintf(w, "  game     %q, %d players, %d ticks a second\n", t.Build, t.Players, rate(t))
	fmt.Fprintf(w, "  match    seed %#x, nonce %x, setup %d bytes\n", t.Seed, t.Nonce, len(t.Setup))
	if r.Last() < 0 {
		fmt.Fprintf(w, "  frames   none\n")
		return r.Damage()
	}
	line, err := look(r)
	if err != nil {
		return err
	}
	frames := int64(r.Last()-r.First()) + 1
	fmt.Fprintf(w, "  frames   %d to %d, %s to %s\n", r.First(), r.Last(), clock(t, r.First()), clock(t, r.Last()))
	fmt.Fprintf(w, "  hashes   %s\n", line.hashes)
	fmt.Fprintf(w, "  states   %s\n", line.states)
	fmt.Fprintf(w, "  sizes    %.2f bytes a frame, %.0f a second\n", float64(f.size)/float64(frames), float64(f.size)*float64(rate(t))/float64(frames))
	fmt.Fprintf(w, "\n           %-*s%s\n", width-len(clock(t, r.Last())), clock(t, r.First()), clock(t, r.Last()))
	busiest := 0
	for p := range t.Players {
		busiest = max(busiest, line.players[p].busiest())
	}
	for p := range t.Players {
		fmt.Fprintf(w, "  player %d %s\n", p, line.players[p].draw(busiest))
	}
	if line.states.count > 0 {
		fmt.Fprintf(w, "  states   %s\n", line.drawStates())
	}
	for p := range t.Players {
		a := &line.players[p]
		fmt.Fprintf(w, "  player %d changed its Bits in %d frames, gave %d Commands of %d bytes", p, a.changes, a.commands, a.bytes)
		if a.gone > 0 {
			fmt.Fprintf(w, ", was absent in %d", a.gone)
		}
		fmt.Fprintln(w)
	}
	return r.Damage()
}

// timeline is what a file looks like from afar.
type timeline struct {
	first, last netcode.Frame
	hashes      series
	states      series
	players     [netcode.MaxPlayers]activity
	state       [width]bool
}

type activity struct {
	changes, commands, bytes, gone int
	seen, done, absent             [width]int // frames in a column
}

// series is how often something is there, and how far apart.
type series struct {
	count     int
	last, gap netcode.Frame
	uneven    bool
}

func (s *series) note(f netcode.Frame) {
	if s.count == 1 {
		s.gap = f - s.last
	}
	s.uneven = s.uneven || s.count > 1 && f-s.last != s.gap
	s.count++
	s.last = f
}

func (s series) String() string {
	switch {
	case s.count < 2:
		return fmt.Sprint(s.count)
	case s.uneven:
		return fmt.Sprintf("%d, most %d frames apart", s.count, s.gap)
	}
	return fmt.Sprintf("%d, %d frames apart", s.count, s.gap)
}

// look reads all rows.
func look(r *replay.Reader) (*timeline, error) {
	l := &timeline{first: r.First(), last: r.Last()}
	var row netcode.Row
	var held [netcode.MaxPlayers]uint64
	for r.Behind() > 0 {
		if _, err := r.Next(&row); err != nil {
			return nil, err
		}
		i := int(int64(row.Frame-l.first) * width / (int64(l.last-l.first) + 1))
		if row.Hash != 0 {
			l.hashes.note(row.Frame)
		}
		if row.State != nil {
			l.states.note(row.Frame)
			l.state[i] = true
		}
		for p := range row.Inputs {
			in, a := &row.Inputs[p], &l.players[p]
			a.seen[i]++
			if in.Absent {
				a.gone++
				a.absent[i]++
			}
			if n := len(in.Command); n > 0 {
				a.commands++
				a.bytes += n
				a.done[i]++
			}
			if in.Bits != held[p] {
				held[p] = in.Bits
				a.changes++
				a.done[i]++
			}
		}
	}
	return l, nil
}

var bars = []rune(" ▁▂▃▄▅▆▇█")

// busy is how much was done in a column, in thousandths of its frames.
func (a *activity) busy(i int) int { return a.done[i] * 1000 / max(1, a.seen[i]) }

func (a *activity) busiest() (n int) {
	for i := range a.seen {
		n = max(n, a.busy(i))
	}
	return n
}

// draw shows how much was done, as a part of the busiest column of all.
func (a *activity) draw(busiest int) string {
	var b strings.Builder
	for i, n := range a.seen {
		switch {
		case n == 0: // fewer frames than columns
		case a.absent[i]*2 > n:
			b.WriteRune('×')
		case a.done[i] == 0:
			b.WriteRune('·')
		default:
			b.WriteRune(bars[(a.busy(i)*(len(bars)-1)+busiest-1)/busiest])
		}
	}
	return b.String()
}

func (l *timeline) drawStates() string {
	b := bytes.Repeat([]byte(" "), width)
	for i, there := range l.state {
		if there {
			b[i] = '|'
		}
	}
	return strings.TrimRight(string(b), " ")
}

// dump shows rows: the Bits of each player in hexadecimal, dots while they stay
// the same, and its Command; the hash; the size of the state.
func dump(w io.Writer, f *file, from, to netcode.Frame) error {
	r, err := replay.NewReader(f, f.size)
	if err != nil {
		return err
	}
	if r.Behind() == 0 {
		return r.Damage()
	}
	from, to = max(from, r.First()), min(to, r.Last())
	digits, err := digits(r)
	if err != nil {
		return err
	}
	if from <= to {
		if err := r.Seek(from); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "   frame")
	for p := range r.Terms().Players {
		fmt.Fprintf(w, "  %-*s", digits, fmt.Sprintf("%.*s%d", digits-1, "player ", p))
	}
	fmt.Fprintln(w)
	var row netcode.Row
	var before []netcode.Input
	for at := r.Last() + 1 - netcode.Frame(r.Behind()); at <= to && from <= to; at++ {
		if _, err := r.Next(&row); err != nil {
			return err
		}
		if at >= from {
			fmt.Fprintln(w, text(&row, before, digits))
		}
		before = append(before[:0], row.Inputs...)
		if at < from {
			before = nil
		}
	}
	if to < r.Last() {
		return nil
	}
	return r.Damage()
}

// digits is how many hexadecimal digits the largest Bits take.
func digits(r *replay.Reader) (int, error) {
	var row netcode.Row
	all := uint64(0)
	for r.Behind() > 0 {
		if _, err := r.Next(&row); err != nil {
			return 0, err
		}
		for p := range row.Inputs {
			all |= row.Inputs[p].Bits
		}
	}
	return max(1, (bits.Len64(all)+3)/4), nil
}

// text is a row as one line.
func text(row *netcode.Row, before []netcode.Input, digits int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8d", row.Frame)
	for p := range row.Inputs {
		in := &row.Inputs[p]
		b.WriteString("  ")
		switch {
		case in.Absent && in.Bits == 0:
			fmt.Fprintf(&b, "%*s", digits, "×")
		case before != nil && before[p].Bits == in.Bits && before[p].Absent == in.Absent:
			b.WriteString(strings.Repeat("·", digits))
		default:
			fmt.Fprintf(&b, "%0*x", digits, in.Bits)
		}
		if len(in.Command) > 0 {
			fmt.Fprintf(&b, " %q", in.Command)
		}
	}
	if row.Hash != 0 {
		fmt.Fprintf(&b, "  hash %016x", row.Hash)
	}
	if row.State != nil {
		fmt.Fprintf(&b, "  state of %d bytes", len(row.State))
	}
	return b.String()
}

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
	var hist []string
	for f := from; f <= to; f++ {
		for _, x := range []struct {
			r   *replay.Reader
			row *netcode.Row
		}{{a, &ra}, {b, &rb}} {
			for x.row.Inputs == nil || x.row.Frame < f {
				if _, err := x.r.Next(x.row); err != nil {
					return false, err
				}
			}
		}
		what := first(&ra, &rb)
		if what == "" {
			if ra.Hash != 0 && rb.Hash != 0 || ra.State != nil && rb.State != nil {
				agreed = f
			}
			if hist = append(hist, text(&ra, nil, 1)); len(hist) > 3 {
				hist = slices.Delete(hist, 0, 1)
			}
			continue
		}
		fmt.Fprintf(w, "frame %d differs: %s\n", f, what)
		if agreed >= 0 {
			fmt.Fprintf(w, "states were equal last in frame %d, inputs in frame %d\n", agreed, f-1)
		}
		for _, line := range hist {
			fmt.Fprintf(w, "  %s\n", line)
		}
		fmt.Fprintf(w, "a %s\nb %s\n", text(&ra, nil, 1), text(&rb, nil, 1))
		return false, nil
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

// first names what differs first in two rows of one frame.
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
	if a.State != nil && b.State != nil && !bytes.Equal(a.State, b.State) {
		return "inputs are the same, states not: " + netcode.FirstDifference(nil, a.State, b.State)
	}
	if a.Hash != 0 && b.Hash != 0 && a.Hash != b.Hash {
		return fmt.Sprintf("inputs are the same, hashes of the state not: %016x and %016x", a.Hash, b.Hash)
	}
	return ""
}
