package main

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"strconv"
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

// names lists those of players.
func names(all []string) string {
	if len(all) == 0 {
		return "no names"
	}
	var said []string
	for p, name := range all {
		said = append(said, fmt.Sprintf("%d %q", p, name))
	}
	return strings.Join(said, ", ")
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
	if a := r.About(); len(a.Names) > 0 || len(a.Meta) > 0 {
		fmt.Fprintf(w, "  about    %s, %d bytes of the game's own\n", names(a.Names), len(a.Meta))
	}
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
		if _, err := r.Glance(&row); err != nil {
			return nil, err
		}
		i := l.column(row.Frame)
		if row.Hash != 0 {
			l.hashes.note(row.Frame)
		}
		if r.StateLen() >= 0 {
			l.states.note(row.Frame)
			l.state[i] = true
		}
		for p := range row.Inputs {
			in, a := &row.Inputs[p], &l.players[p]
			a.pass(i, 1, in.Absent)
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
		l.quiet(r, &row)
	}
	return l, nil
}

// column is where a frame is.
func (l *timeline) column(f netcode.Frame) int {
	return int(int64(f-l.first) * width / (int64(l.last-l.first) + 1))
}

// quiet goes on over the rows in which nothing happens, of which a file may have
// millions in a megabyte.
func (l *timeline) quiet(r *replay.Reader, row *netcode.Row) {
	n := r.Quiet()
	r.Skip(n)
	for f, end := row.Frame+1, row.Frame+1+netcode.Frame(n); f < end; {
		i := l.column(f)
		next := min(end, l.first+netcode.Frame((int64(i+1)*(int64(l.last-l.first)+1)+width-1)/width))
		for p := range row.Inputs {
			l.players[p].pass(i, int(next-f), row.Inputs[p].Absent)
		}
		f = next
	}
}

// pass counts n frames of a column.
func (a *activity) pass(i, n int, absent bool) {
	a.seen[i] += n
	if absent {
		a.gone += n
		a.absent[i] += n
	}
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
	if err := printRows(w, r, from, to, digits); err != nil {
		return err
	}
	if to < r.Last() {
		return nil
	}
	return r.Damage()
}

// longQuiet is how many rows in which nothing happens, not even a hash, are shown
// one by one: two seconds of them.
const longQuiet = 120

// printRows shows the rows of frames from to to, and of many that are all the same
// how many they are.
func printRows(w io.Writer, r *replay.Reader, from, to netcode.Frame, digits int) error {
	var row netcode.Row
	var before []netcode.Input
	quiet := netcode.Frame(0) // rows like the one before that are not shown yet
	flush := func(until netcode.Frame) {
		if quiet > longQuiet {
			fmt.Fprintf(w, "     ...  %d rows like the last, to frame %d\n", quiet, until)
			quiet = 0
		}
		for f := until - quiet + 1; f <= until && quiet > 0; f++ {
			_, _ = io.WriteString(w, text(&netcode.Row{Frame: f, Inputs: before}, before, digits, -1)+"\n")
		}
		quiet = 0
	}
	for r.Behind() > 0 {
		if _, err := r.Glance(&row); err != nil {
			return err
		}
		size, n := r.StateLen(), netcode.Frame(r.Quiet())
		if row.Frame > to || from > to {
			break
		}
		if row.Frame < from {
			r.Skip(int(min(n, from-1-row.Frame)))
			continue
		}
		if before != nil && row.Hash == 0 && size < 0 && first(&row, &netcode.Row{Inputs: before}) == "" {
			quiet++
		} else {
			flush(row.Frame - 1)
			_, _ = io.WriteString(w, text(&row, before, digits, size)+"\n")
		}
		before = held(before, row.Inputs)
		quiet += min(n, to-row.Frame)
		r.Skip(int(n))
	}
	flush(min(to, r.Last()))
	return nil
}

// held is what goes on being held after a row: no Commands.
func held(into, in []netcode.Input) []netcode.Input {
	into = append(into[:0], in...)
	for p := range into {
		into[p].Command = nil
	}
	return into
}

// digits is how many hexadecimal digits the largest Bits take.
func digits(r *replay.Reader) (int, error) {
	var row netcode.Row
	all := uint64(0)
	for r.Behind() > 0 {
		if _, err := r.Glance(&row); err != nil {
			return 0, err
		}
		for p := range row.Inputs {
			all |= row.Inputs[p].Bits
		}
		r.Skip(r.Quiet())
	}
	return max(1, (bits.Len64(all)+3)/4), nil
}

var spaces, dots = strings.Repeat(" ", 16), strings.Repeat("·", 16)

// text is a row as one line; the size is that of its State, negative if there is none.
func text(row *netcode.Row, before []netcode.Input, digits, size int) string {
	var number [16]byte
	frame := strconv.AppendInt(number[:0], int64(row.Frame), 10)
	b := append(append(make([]byte, 0, 128), spaces[:max(0, 8-len(frame))]...), frame...)
	for p := range row.Inputs {
		in := &row.Inputs[p]
		b = append(b, "  "...)
		switch {
		case in.Absent && in.Bits == 0:
			b = append(append(b, spaces[:digits-1]...), "×"...)
		case before != nil && before[p].Bits == in.Bits && before[p].Absent == in.Absent:
			b = append(b, dots[:len("·")*digits]...)
		default:
			for d := max(digits, (bits.Len64(in.Bits)+3)/4) - 1; d >= 0; d-- {
				b = append(b, "0123456789abcdef"[in.Bits>>(4*d)&15])
			}
		}
		if len(in.Command) > 0 {
			b = fmt.Appendf(b, " %q", in.Command)
		}
	}
	if row.Hash != 0 {
		b = fmt.Appendf(b, "  hash %016x", row.Hash)
	}
	if size >= 0 {
		b = fmt.Appendf(b, "  state of %d bytes", size)
	}
	return string(b)
}
