package replay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/punchback/punchback/netcode"
)

// Reader is a netcode.Source that reads a file.
type Reader struct {
	r      io.ReaderAt
	size   int64
	terms  netcode.Terms
	about  About
	first  netcode.Frame // -1 if there are no rows
	last   netcode.Frame
	begin  int64 // offset of the first block of rows
	until  int64 // offset after the last good one
	closed bool
	damage error // why rows end before the file does
	keys   []key

	next  int64         // offset of the next block
	frame netcode.Frame // of the next row
	rows  rows
	state []byte // unpacked
	at    int    // rows of it that were given
	left  []byte // Commands of the rest
	in    []netcode.Input
	block []byte
	p     parser
}

// key is a row with a State, which a reader can start from.
type key struct {
	frame  netcode.Frame
	offset int64 // of its block
}

// NewReader reads the terms and looks through the whole file once, so that it
// knows where it ends and where a reader can start. If a file is damaged or cut
// off, all rows before that place are there, and Damage tells of it.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	rd := &Reader{r: r, size: size, first: -1, last: -1, block: make([]byte, 4096)}
	start := rd.block[:len(Magic)+1]
	if n, err := rd.read(start, 0); err != nil {
		return nil, err
	} else if n < len(start) || string(start[:len(Magic)]) != Magic {
		return nil, &FormatError{Reason: fmt.Sprintf("file begins with %q, must be %q and a version", start[:min(n, len(Magic))], Magic)}
	}
	if v := start[len(Magic)]; v != Version {
		return nil, &FormatError{Offset: int64(len(Magic)), Reason: fmt.Sprintf("version is %d, must be %d", v, Version)}
	}
	kind, next, err := rd.load(int64(len(start)))
	if err != nil {
		return nil, err
	}
	if kind != kindTerms {
		rd.p.fail(0, "block of kind %q, must be %q", kind, kindTerms)
	}
	rd.terms = rd.p.terms()
	if rd.p.err != nil {
		return nil, rd.p.err
	}
	rd.in = make([]netcode.Input, rd.terms.Players)
	if kind, after, err := rd.load(next); err == nil && kind == kindAbout {
		if rd.about = rd.p.about(rd.terms.Players); rd.p.err != nil {
			return nil, rd.p.err
		}
		next = after
	}
	rd.begin = next
	if err := rd.scan(); err != nil {
		return nil, err
	}
	rd.rewind(rd.begin, rd.first)
	return rd, nil
}

// scan finds the rows that are there. Only what it has found to be right is
// given out later.
func (r *Reader) scan() error {
	for r.until = r.begin; r.until < r.size; {
		kind, next, err := r.load(r.until)
		if err == nil {
			err = r.note(kind)
		}
		if bad := (*FormatError)(nil); errors.As(err, &bad) {
			r.damage = bad
			break
		} else if err != nil {
			return err
		}
		r.until = next
	}
	return nil
}

// note keeps what is worth knowing of a block.
func (r *Reader) note(kind byte) error {
	p, b := &r.p, &r.rows
	switch {
	case r.closed:
		p.fail(0, "block after the end")
	case kind == kindEnd:
		p.limited("number of the last frame, plus one,", int(r.last+1), int(r.last+1))
		p.done()
		r.closed = p.err == nil
	case kind != kindRows:
		p.fail(0, "block of kind %q, must be %q or %q", kind, kindRows, kindEnd)
	default:
		b.parse(p, r.terms.Players)
		if r.last >= 0 && b.first != r.last+1 {
			p.fail(0, "first frame of the block is %d, must be %d", b.first, r.last+1)
		}
		if r.last < 0 && b.first != 1 && b.flags&hasState == 0 {
			p.fail(0, "first frame is %d without a State, must be 1", b.first)
		}
		if p.err != nil {
			break
		}
		if r.first < 0 {
			r.first = b.first
		}
		if b.flags&hasState != 0 {
			r.keys = append(r.keys, key{b.first, r.until})
		}
		r.last = b.first + netcode.Frame(b.count) - 1
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

// read fills b unless the file ends before.
func (r *Reader) read(b []byte, offset int64) (int, error) {
	b = b[:max(0, min(int64(len(b)), r.size-offset))]
	n, err := r.r.ReadAt(b, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("replay: reading at byte %d: %w", offset, err)
	}
	return n, nil
}

// load reads the block at an offset, checks its length and its checksum, and
// leaves its payload in p.
func (r *Reader) load(offset int64) (kind byte, next int64, err error) {
	r.block = r.block[:min(head, cap(r.block))]
	n, err := r.read(r.block, offset)
	if err != nil {
		return 0, 0, err
	}
	p := &r.p
	*p = parser{b: r.block[:n], base: offset}
	kind = p.u8()
	limit := maxPayload
	switch kind {
	case kindTerms:
		limit = maxTerms
	case kindAbout:
		limit = MaxAbout
	}
	length := p.limited("length of the block", 0, limit)
	if p.err != nil {
		return 0, 0, p.err
	}
	from := p.at
	whole := from + length + tail
	if have := r.size - offset; int64(whole) > have {
		p.fail(0, "block of %d bytes is cut off after %d", whole, have)
		return 0, 0, p.err
	}
	if cap(r.block) < whole {
		r.block = make([]byte, whole)
	}
	r.block = r.block[:whole]
	if n, err = r.read(r.block, offset); err != nil {
		return 0, 0, err
	}
	if n < whole {
		p.fail(0, "block of %d bytes is cut off after %d", whole, n)
		return 0, 0, p.err
	}
	end := whole - tail
	sum, told := crc32.Checksum(r.block[:end], castagnoli), binary.LittleEndian.Uint32(r.block[end:])
	if sum != told {
		p.fail(0, "block of %d bytes is damaged: its checksum is %08x, must be %08x", whole, sum, told)
		return 0, 0, p.err
	}
	*p = parser{b: r.block[from:end], base: offset + int64(from)}
	return kind, offset + int64(whole), nil
}

// Terms are those of the match.
func (r *Reader) Terms() netcode.Terms { return r.terms }

// About is what else the file says of the match.
func (r *Reader) About() About { return r.about }

// First is the frame of the first row, -1 if there are none.
func (r *Reader) First() netcode.Frame { return r.first }

// Last is the frame of the last row, -1 if there are none.
func (r *Reader) Last() netcode.Frame { return r.last }

// Closed reports whether the Writer was closed, so that the last row was the last
// of the match as far as its machine knew.
func (r *Reader) Closed() bool { return r.closed }

// Damage tells why rows end before the file does, nil if they don't. Next tells
// it, too, after the last row.
func (r *Reader) Damage() error { return r.damage }

// Keyframes are the frames with a State, from which a reader can start.
func (r *Reader) Keyframes(yield func(netcode.Frame) bool) {
	for i := range r.keys {
		if !yield(r.keys[i].frame) {
			return
		}
	}
}

// Behind is how many rows Next has not given yet.
func (r *Reader) Behind() int {
	if r.last < 0 {
		return 0
	}
	return int(r.last-r.frame) + 1
}

// Next gives the next row. After the last it gives none, and the reason why, if
// that is not the end of the file.
func (r *Reader) Next(row *netcode.Row) (bool, error) {
	ok, err := r.Glance(row)
	row.State = nil
	if ok {
		row.State = r.State()
	}
	return ok, err
}

// Glance is Next without the State, which State gives: a few bytes of a file may
// stand for megabytes of it.
func (r *Reader) Glance(row *netcode.Row) (bool, error) {
	if r.Behind() == 0 {
		return false, r.damage
	}
	b := &r.rows
	if r.at == b.count {
		_, next, err := r.load(r.next)
		if err != nil {
			return false, err
		}
		if b.parse(&r.p, r.terms.Players); r.p.err == nil && b.first != r.frame {
			r.p.fail(0, "first frame of the block is %d, and was %d before", b.first, r.frame)
		}
		if r.p.err != nil {
			b.count, r.at = 0, 0
			return false, r.p.err // the file was changed meanwhile
		}
		r.next, r.at, r.left = next, 0, b.orders
	}
	i := r.at
	for p := range r.in {
		r.in[p] = netcode.Input{Bits: b.bits[p][i], Absent: b.absent[i]>>p&1 != 0}
	}
	for len(r.left) > 0 && int(r.left[0]) == i {
		n := 3 + int(r.left[2]) + 1
		r.in[r.left[1]].Command = r.left[3:n:n]
		r.left = r.left[n:]
	}
	row.Frame, row.Inputs, row.Hash = r.frame, r.in, b.hashes[i]
	r.at++
	r.frame++
	return true, nil
}

// hasState reports whether the last row has a State.
func (r *Reader) hasState() bool { return r.at == 1 && r.rows.flags&hasState != 0 }

// StateLen is how many bytes the State of the last row has, -1 if there is none.
func (r *Reader) StateLen() int {
	if !r.hasState() {
		return -1
	}
	return r.rows.state.n
}

// State is that of the last row, nil if there is none. The next row overwrites it.
func (r *Reader) State() []byte {
	if !r.hasState() {
		return nil
	}
	c := r.rows.state
	if c.n > cap(r.state) || r.state == nil {
		r.state = make([]byte, c.n)
	}
	r.state = r.state[:c.n]
	c.unpack(r.state)
	return r.state
}

// SameState reports whether the last rows of two readers have equal States. It looks
// at what is in the files, and not at all the bytes that this stands for.
func SameState(a, b *Reader) bool {
	return a.hasState() && b.hasState() && a.rows.state.same(b.rows.state)
}

// Quiet is how many of the rows to come are known to be as the last one was: the same
// Bits, nobody comes or goes, and nothing else. There may be more.
func (r *Reader) Quiet() (n int) {
	b := &r.rows
	if b.still && r.at > 0 {
		return b.count - r.at
	}
	last := r.at - 1
	for i := r.at; last >= 0 && i < b.count && b.hashes[i] == 0 && b.absent[i] == b.absent[last] && (len(r.left) == 0 || int(r.left[0]) != i); i++ {
		for p := range r.in {
			if b.bits[p][i] != b.bits[p][last] {
				return n
			}
		}
		n++
	}
	return n
}

// Skip goes on by n rows, of those that are quiet.
func (r *Reader) Skip(n int) {
	n = min(max(n, 0), r.Quiet())
	r.at += n
	r.frame += netcode.Frame(n)
}

// Seek goes to the last row at or before f that has a State, or else to the first.
func (r *Reader) Seek(f netcode.Frame) error {
	if f < 0 || f > max(r.last, 0) {
		return fmt.Errorf("replay: Seek to frame %d, must be 0 to %d", f, max(r.last, 0))
	}
	frame, offset := r.first, r.begin
	for i := len(r.keys) - 1; i >= 0; i-- {
		if k := r.keys[i]; k.frame <= f {
			frame, offset = k.frame, k.offset
			break
		}
	}
	r.rewind(offset, frame)
	return nil
}

// rewind goes to a block and its first frame.
func (r *Reader) rewind(offset int64, frame netcode.Frame) {
	r.next, r.frame = offset, frame
	r.at, r.rows.count = 0, 0
}
