package replay

import (
	"encoding/binary"
	"fmt"
	"iter"
	"sort"

	"github.com/cespare/xxhash/v2"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/internal/dump"
	"github.com/punchback/punchback/netcode/printable"
)

// DumpMagic begins every dump of a desync; the byte after it is DumpVersion.
const (
	DumpMagic   = dump.Magic
	DumpVersion = dump.Version
)

// MaxDump is the limit, in bytes, of a dump.
const MaxDump = dump.Max

// Dump is a netcode.DesyncError.Dump, taken apart: one side's view of a desync.
// Of what it embeds, Before, State and Their hold the bytes from byte From of
// the states on, at most 256 KiB of each; Field, Here and There are read from
// the Fields; Dump is nil.
type Dump struct {
	netcode.DesyncError
	Terms  netcode.Terms
	Self   netcode.Peer      // the machine that wrote it
	Seats  []netcode.Peer    // as in netcode.Config; none if the rows of a Viewer were the other side
	Inputs [][]netcode.Input // of the last frames up to Frame, if they were still held
	Fields []netcode.Field   // in the order of their bytes; none if the game did not tell
	Cut    bool              // there are more fields than these

	From        int // where the states begin
	Length      int // of the state at Frame
	BeforeLen   int // of the state at Agreed; 0 if it was not held
	TheirLength int // of their state at Frame, 0 if nothing is known of it
	unknown     []stretch
}

// stretch is from one byte to another, of Their.
type stretch struct{ from, to int }

// ReadDump takes a dump apart. What does not come from a session may be wrong in
// every byte; that is a *FormatError.
func ReadDump(b []byte) (*Dump, error) {
	p := parser{b: b}
	if len(b) > MaxDump {
		p.fail(MaxDump, "dump is %d bytes, must be at most %d", len(b), MaxDump)
	}
	if len(b) < len(DumpMagic)+1 || string(b[:len(DumpMagic)]) != DumpMagic {
		p.fail(0, "dump must begin with %q", DumpMagic)
	} else if v := b[len(DumpMagic)]; v != DumpVersion {
		p.fail(len(DumpMagic), "version is %d, must be %d", v, DumpVersion)
	} else if n := len(b) - 8; n < 0 || binary.LittleEndian.Uint64(b[n:]) != xxhash.Sum64(b[:n]) {
		p.fail(max(n, 0), "the checksum is wrong: the dump is damaged or not whole")
	} else {
		p.b, p.at = b[:n], len(DumpMagic)+1
	}
	d := &Dump{}
	for _, s := range []struct {
		kind  byte
		limit int
		read  func(*parser)
	}{
		{dump.Terms, maxTerms, func(p *parser) { d.Terms = p.terms() }},
		{dump.Facts, dump.MaxFacts, d.facts},
		{dump.Inputs, dump.MaxInputs, d.inputs},
		{dump.Before, dump.MaxState, func(p *parser) { d.BeforeLen, d.Before = d.window(p) }},
		{dump.Ours, dump.MaxState, func(p *parser) { d.Length, d.State = d.window(p) }},
		{dump.Theirs, dump.MaxTheirs, d.theirs},
		{dump.Table, dump.MaxTable, d.table},
	} {
		at := p.at
		kind := p.u8()
		n := 0
		if v := p.bytes(4); v != nil {
			n = int(min(binary.LittleEndian.Uint32(v), 1<<30))
		}
		if p.err == nil && (kind != s.kind || n > s.limit) {
			p.fail(at, "section is %q of %d bytes, must be %q of at most %d", kind, n, s.kind, s.limit)
		}
		part := parser{base: p.base + int64(p.at), b: p.bytes(n), err: p.err}
		if p.err == nil {
			s.read(&part)
			part.done()
		}
		if p.err = part.err; p.err != nil {
			return nil, p.err
		}
	}
	if p.done(); p.err != nil {
		return nil, p.err
	}
	d.name()
	return d, nil
}

func (d *Dump) facts(p *parser) {
	at := p.at
	sides := p.peers(2)
	if p.err == nil && len(sides) != 2 {
		p.fail(at, "sides are %d, must be 2", len(sides))
		return
	}
	if sides != nil {
		d.Self, d.Peer = sides[0], sides[1]
	}
	at = p.at
	d.Seats = p.peers(netcode.MaxPlayers)
	if p.err == nil && len(d.Seats) != 0 && len(d.Seats) != d.Terms.Players {
		p.fail(at, "Seats are %d, must be %d or none", len(d.Seats), d.Terms.Players)
	}
	for i, id := range d.Seats {
		if id == d.Peer && id != netcode.Nobody {
			d.Players = append(d.Players, netcode.Player(i))
		}
	}
	at = p.at
	d.Agreed, d.Frame = netcode.Frame(p.uvarint())-1, netcode.Frame(p.uvarint())
	if p.err == nil && d.Frame <= d.Agreed {
		p.fail(at, "the frame that differs is %d, must be after the one that was equal, %d", d.Frame, d.Agreed)
	}
	d.Ours, d.Theirs = p.u64(), p.u64()
	d.Offset = p.uvarint() - 1
	d.With, d.Against = p.peers(netcode.MaxPlayers), p.peers(netcode.MaxPlayers)
	d.Detail = printable.Line(string(p.bytes(p.limited("length of Detail", 0, dump.Detail))))
}

func (p *parser) peers(limit int) (peers []netcode.Peer) {
	at := p.at
	n := int(p.u8())
	if p.err == nil && n > limit {
		p.fail(at, "machines are %d, must be at most %d", n, limit)
	}
	for range n {
		if v := p.bytes(2); v != nil {
			peers = append(peers, netcode.Peer(binary.LittleEndian.Uint16(v)))
		}
	}
	return peers
}

func (d *Dump) inputs(p *parser) {
	at := p.at
	n := int(p.u8())
	if p.err == nil && n > dump.Frames {
		p.fail(at, "frames of inputs are %d, must be at most %d", n, dump.Frames)
	}
	for range n {
		in := make([]netcode.Input, d.Terms.Players)
		for i := range in {
			at = p.at
			flags := p.u8()
			if flags > 3 {
				p.fail(at, "flags of an input are %#02x, must be at most 3", flags)
			}
			in[i].Absent = flags&1 != 0
			in[i].Bits = p.u64()
			if flags&2 != 0 {
				in[i].Command = p.bytes(int(p.u8()) + 1)
			}
		}
		if p.err != nil {
			return
		}
		d.Inputs = append(d.Inputs, in)
	}
}

// window reads a part of a state. All of them begin at the same byte.
func (d *Dump) window(p *parser) (length int, state []byte) {
	length = p.uvarint()
	at := p.at
	from := p.uvarint()
	if state = p.bytes(len(p.b) - p.at); p.err != nil {
		return 0, nil
	}
	if want := min(max(length-from, 0), dump.State); len(state) != want {
		p.fail(at, "%d bytes are here of a state of %d from byte %d, must be %d", len(state), length, from, want)
	}
	if d.From = max(d.From, from); d.From != from {
		p.fail(at, "state begins at byte %d, must at %d", from, d.From)
	}
	return length, state
}

func (d *Dump) theirs(p *parser) {
	d.TheirLength = p.uvarint()
	at := p.at
	if from := p.uvarint(); p.err == nil && from != d.From {
		p.fail(at, "their state begins at byte %d, must at %d", from, d.From)
	}
	want := min(max(d.TheirLength-d.From, 0), dump.State)
	for p.err == nil && p.at < len(p.b) {
		at := p.at
		kind, n, have := p.u8(), p.uvarint(), len(d.Their)
		switch {
		case p.err != nil:
			return
		case kind > dump.Unknown || n == 0 || n > want-have || kind == dump.Same && n > len(d.State)-have:
			p.fail(at, "stretch of kind %d and %d bytes does not fit at byte %d of %d", kind, n, have, want)
		case kind == dump.Same:
			d.Their = append(d.Their, d.State[have:have+n]...)
		case kind == dump.Given:
			d.Their = append(d.Their, p.bytes(n)...)
		default:
			d.Their = append(d.Their, make([]byte, n)...)
			d.unknown = append(d.unknown, stretch{have, have + n})
		}
	}
	if p.err == nil && len(d.Their) != want {
		p.fail(p.at, "their state is told up to byte %d, must be up to %d", len(d.Their), want)
	}
}

func (d *Dump) table(p *parser) {
	d.Cut = p.u8() != 0
	path, end := "", 0
	for p.err == nil && p.at < len(p.b) {
		at := p.at
		shared, n := int(p.u8()), int(p.u8())
		rest := p.bytes(n)
		kind := netcode.Kind(p.u8())
		size, gap := p.uvarint(), p.uvarint()
		if p.err != nil {
			return
		}
		if shared > len(path) || shared+n > dump.Path || size == 0 || size >= 1<<30 || gap >= 1<<30 || end >= 1<<30 {
			p.fail(at, "field does not fit: %d bytes %d after byte %d, path of %d and %d", size, gap, end, shared, n)
			return
		}
		path = path[:shared] + string(rest)
		d.Fields = append(d.Fields, netcode.Field{Path: printable.Line(path), Offset: end + gap, Size: size, Kind: kind})
		end += gap + size
	}
}

// name finds the field at Offset and its values, if theirs came, in the way of
// the session.
func (d *Dump) name() {
	at := netcode.Field{Offset: d.Offset, Size: 1, Kind: netcode.Raw}
	for _, f := range d.Fields {
		if d.Offset >= f.Offset && d.Offset < f.Offset+f.Size {
			if at.Path = f.Path; f.Size <= 8 {
				at = f
			}
			break
		}
	}
	if d.Differs(at) || d.Length != d.TheirLength && d.Their != nil {
		d.Field = at.Path
		if _, d.Here, d.There = d.Values(at); at.Offset+at.Size > d.Length {
			d.Here = "none"
		} else if d.Their != nil && at.Offset+at.Size > d.TheirLength {
			d.There = "none"
		}
	}
}

// Each goes through the fields of the states, as far as they are here. Bytes of
// which no field is known come eight at a time, Raw and without a path, and long
// Raw fields as well, with the place in the path. Of these there are only those
// that differ, unless all are wanted.
func (d *Dump) Each(all bool) iter.Seq[netcode.Field] {
	return func(yield func(netcode.Field) bool) {
		end := d.From + max(len(d.State), len(d.Their))
		raw := func(path string, start, from, to int) bool {
			for to = min(to, end); from < to; from += 8 {
				f := netcode.Field{Path: printable.Line(path), Offset: from, Size: min(8, to-from), Kind: netcode.Raw}
				if path != "" {
					f.Path = fmt.Sprintf("%s+%d", path, from-start)
				}
				if (all || d.Differs(f)) && !yield(f) {
					return false
				}
			}
			return true
		}
		at := d.From
		for _, f := range d.Fields {
			next := f.Offset + f.Size
			if !raw("", 0, at, f.Offset) || f.Offset >= end {
				return
			}
			if f.Size > 8 {
				if !raw(f.Path, f.Offset, max(f.Offset, at), next) {
					return
				}
			} else if f.Offset >= d.From && !yield(f) {
				return
			}
			at = max(at, next)
		}
		raw("", 0, at, end)
	}
}

// Values are those of a field in the state before, in ours and in theirs; "" is
// not known.
func (d *Dump) Values(f netcode.Field) (before, ours, theirs string) {
	f.Offset -= d.From
	if theirs = f.Value(d.Their); d.lacks(f.Offset, f.Offset+f.Size) {
		theirs = ""
	}
	return f.Value(d.Before), f.Value(d.State), theirs
}

// Differs reports whether a field is known to differ between the two.
func (d *Dump) Differs(f netcode.Field) bool {
	_, ours, theirs := d.Values(f)
	return ours != theirs && theirs != ""
}

// lacks reports whether a part of these bytes is unknown. The stretches are in order,
// and there may be as many as bytes.
func (d *Dump) lacks(from, to int) bool {
	i := sort.Search(len(d.unknown), func(i int) bool { return d.unknown[i].to > from })
	return i < len(d.unknown) && d.unknown[i].from < to
}

// Lacks is how many bytes of their state could differ, but never came.
func (d *Dump) Lacks() (n int) {
	for _, s := range d.unknown {
		n += s.to - s.from
	}
	return n
}

// Join is the dump with what the other side has written about itself in place of
// what has come of it.
func (d *Dump) Join(other *Dump) *Dump {
	j := *d
	j.Their, j.TheirLength, j.unknown = other.State, other.Length, nil
	if len(j.Fields) == 0 {
		j.Fields = other.Fields
	}
	return &j
}
