package replay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/internal/dump"
)

// Options are how often a Writer keeps more than inputs, in frames. Of a game that is
// saved sparsely a hash or a state comes with the next frame that has one, at most 31
// frames later.
type Options struct {
	Hashes    int // frames from one hash to the next; zero means a second's worth, None none but the last
	Keyframes int // frames from one state to the next; zero means ten seconds' worth, None none

	About // what else the file says of the match
}

// None is for Options.
const None = -1

// Writer is a netcode.Recorder that writes a file. Each block, at most a second
// of play, is one Write, so the file is whole up to the last of them whatever
// happens. It allocates nothing for a row once its buffers have grown to a
// state and a block.
type Writer struct {
	w         io.Writer
	players   int
	hashes    netcode.Frame // 0 is none
	keyframes netcode.Frame
	rows      int // of a block, if nothing ends it before
	err       error
	closed    bool

	first   netcode.Frame // of the block
	count   int           // rows in it
	last    netcode.Frame // recorded at all, -1 before the first
	hash    uint64        // of the last row
	marked  bool          // and it is among the marks
	due     bool          // the next hash is to be
	bits    [netcode.MaxPlayers][maxRows]uint64
	absent  [maxRows]byte // a bit for each seat
	flags   byte
	marks   []byte // hashes as they are in the file
	nMarks  int
	orders  []byte // Commands as they are in the file
	nOrders int
	state   []byte // as it is in the file

	column [maxRows]byte
	out    []byte
}

// NewWriter writes the beginning of a file. It keeps the Terms as they are
// given; zeros in them mean defaults in the file, too.
func NewWriter(w io.Writer, t netcode.Terms, o Options) (*Writer, error) {
	if w == nil {
		return nil, errors.New("replay: io.Writer is nil")
	}
	rate := t.Rate
	if rate == 0 {
		rate = 60
	}
	for _, l := range [...]struct {
		name            string
		value, min, max int
	}{
		{"Players", t.Players, 1, netcode.MaxPlayers},
		{"Rate", t.Rate, 0, netcode.MaxRate},
		{"Timeout", t.Timeout, 0, netcode.MaxTimeout},
		{"length of Build", len(t.Build), 0, netcode.MaxBuild},
		{"length of Setup", len(t.Setup), 0, netcode.MaxSetup},
		{"Hashes", o.Hashes, None, 1 << 30},
		{"Keyframes", o.Keyframes, None, 1 << 30},
	} {
		if l.value < l.min || l.value > l.max {
			return nil, fmt.Errorf("replay: %s is %d, must be %d to %d", l.name, l.value, l.min, l.max)
		}
	}
	every := func(n, otherwise int) netcode.Frame {
		if n == 0 {
			n = otherwise
		}
		return netcode.Frame(max(n, 0))
	}
	wr := &Writer{
		w:         w,
		players:   t.Players,
		hashes:    every(o.Hashes, rate),
		keyframes: every(o.Keyframes, 10*rate),
		rows:      min(rate, maxRows),
		last:      -1,
		out:       make([]byte, 0, 4096),
		marks:     make([]byte, 0, 9*maxRows),
		orders:    make([]byte, 0, maxCommands+(netcode.MaxCommand+3)*netcode.MaxPlayers),
	}
	wr.out = append(append(wr.out, Magic...), Version)
	from := wr.begin(kindTerms)
	wr.out = dump.AppendTerms(wr.out, t.Players, t.Rate, t.Timeout, t.Seed, t.Nonce, t.Build, t.Setup)
	wr.end(from)
	if len(o.Names) > 0 || len(o.Meta) > 0 {
		var err error
		from = wr.begin(kindAbout)
		if wr.out, err = o.append(wr.out, t.Players); err != nil {
			return nil, err
		}
		wr.end(from)
	}
	return wr, wr.write()
}

// Wants asks for the states of keyframes.
func (w *Writer) Wants(f netcode.Frame) bool { return w.keyframes > 0 && f%w.keyframes == 0 }

// Record adds a row. Rows come in order; the first may be of any frame, but
// needs a State to be read from, unless it is of frame 0 or 1. An error of the
// io.Writer comes again with each later row.
func (w *Writer) Record(r *netcode.Row) error {
	if err := w.check(r); err != nil {
		return err
	}
	if w.count > 0 && (w.count == w.rows || int(r.Frame)%w.rows == 0 || r.State != nil || len(w.orders) > maxCommands) {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.count == 0 {
		w.first = r.Frame
	}
	i := w.count
	w.absent[i] = 0
	for p := range r.Inputs {
		in := &r.Inputs[p]
		w.bits[p][i] = in.Bits
		if in.Absent {
			w.absent[i] |= 1 << p
			w.flags |= hasAbsent
		}
		if n := len(in.Command); n > 0 {
			w.orders = append(w.orders, byte(i), byte(p), byte(n-1))
			w.orders = append(w.orders, in.Command...)
			w.nOrders++
			w.flags |= hasCommands
		}
	}
	if r.State != nil {
		w.state = binary.AppendUvarint(w.state[:0], uint64(len(r.State)))
		w.state = appendColumn(w.state, r.State)
		w.flags |= hasState
	}
	w.count++
	w.last, w.hash, w.marked = r.Frame, r.Hash, false
	if w.due = w.due || w.hashes > 0 && r.Frame%w.hashes == 0; w.due {
		w.mark()
	}
	return nil
}

func (w *Writer) check(r *netcode.Row) error {
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return fmt.Errorf("replay: row of frame %d after Close", r.Frame)
	case len(r.Inputs) != w.players:
		return fmt.Errorf("replay: row of frame %d has %d inputs, must be %d", r.Frame, len(r.Inputs), w.players)
	case w.last >= 0 && r.Frame != w.last+1:
		return fmt.Errorf("replay: row of frame %d after frame %d, must be the next", r.Frame, w.last)
	case w.last < 0 && (r.Frame < 0 || r.Frame != 1 && r.State == nil):
		return fmt.Errorf("replay: first row is of frame %d without State, must be frame 1", r.Frame)
	case r.Frame >= lastFrame-maxRows:
		return fmt.Errorf("replay: row of frame %d, must be less than %d", r.Frame, lastFrame-maxRows)
	case len(r.State) > MaxState:
		return fmt.Errorf("replay: State of frame %d is %d bytes, must be at most %d", r.Frame, len(r.State), MaxState)
	}
	for p := range r.Inputs {
		if n := len(r.Inputs[p].Command); n > netcode.MaxCommand {
			return fmt.Errorf("replay: Command of player %d in frame %d is %d bytes, must be at most %d", p, r.Frame, n, netcode.MaxCommand)
		}
	}
	return nil
}

// mark keeps the hash of the last row.
func (w *Writer) mark() {
	if w.marked || w.hash == 0 {
		return
	}
	w.marks = append(w.marks, byte(w.count-1))
	w.marks = binary.LittleEndian.AppendUint64(w.marks, w.hash)
	w.nMarks++
	w.flags |= hasHashes
	w.marked, w.due = true, false
}

// Flush writes the rows that are not written yet, with the hash of the last.
// There is no need to call it, unless somebody reads the file while the match
// goes on.
func (w *Writer) Flush() error {
	if w.count > 0 {
		w.mark()
	}
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err != nil || w.count == 0 {
		return w.err
	}
	from := w.begin(kindRows)
	w.appendRows()
	w.end(from)
	w.count, w.flags, w.nMarks, w.nOrders = 0, 0, 0, 0
	w.marks, w.orders = w.marks[:0], w.orders[:0]
	return w.write()
}

// Close writes the rest, with the hash of the last row, and the mark by which a
// reader knows that nothing is missing. It does not close the io.Writer.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		return w.err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w.closed = true
	from := w.begin(kindEnd)
	w.out = binary.AppendUvarint(w.out, uint64(w.last+1))
	w.end(from)
	return w.write()
}

// appendRows is the payload of a block of rows.
func (w *Writer) appendRows() {
	b := binary.AppendUvarint(w.out, uint64(w.first))
	b = append(b, byte(w.count-1), w.flags)
	if w.flags&hasState != 0 {
		b = append(b, w.state...)
	}
	d := w.column[:w.count]
	if w.flags&hasAbsent != 0 {
		prev := byte(0)
		for i, v := range w.absent[:w.count] {
			d[i], prev = v^prev, v
		}
		b = appendColumn(b, d)
	}
	for p := range w.players {
		bits := w.bits[p][:w.count]
		all, prev := uint64(0), uint64(0)
		for _, v := range bits {
			all |= v ^ prev
			prev = v
		}
		at := len(b)
		b = append(b, 0)
		for k := range 8 {
			if all>>(8*k)&0xff == 0 {
				continue
			}
			b[at] |= 1 << k
			prev := byte(0)
			for i, v := range bits {
				v := byte(v >> (8 * k))
				d[i], prev = v^prev, v
			}
			b = appendColumn(b, d)
		}
	}
	if w.flags&hasHashes != 0 {
		b = append(b, byte(w.nMarks-1))
		b = append(b, w.marks...)
	}
	if w.flags&hasCommands != 0 {
		b = binary.AppendUvarint(b, uint64(w.nOrders))
		b = append(b, w.orders...)
	}
	w.out = b
}

// begin leaves room for the head of a block, which end fills in.
func (w *Writer) begin(kind byte) (from int) {
	from = len(w.out)
	w.out = append(w.out, kind, 0, 0, 0, 0, 0)
	return from
}

func (w *Writer) end(from int) {
	var length [binary.MaxVarintLen32]byte
	payload := w.out[from+head:]
	n := binary.PutUvarint(length[:], uint64(len(payload)))
	copy(w.out[from+1:], length[:n])
	copy(w.out[from+1+n:], payload)
	w.out = w.out[:from+1+n+len(payload)]
	w.out = binary.LittleEndian.AppendUint32(w.out, crc32.Checksum(w.out[from:], castagnoli))
}

func (w *Writer) write() error {
	if _, err := w.w.Write(w.out); err != nil {
		w.err = fmt.Errorf("replay: writing: %w", err)
	}
	w.out = w.out[:0]
	return w.err
}
