package netcode

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/punchback/punchback/netcode/internal/dump"
)

// A dump is a DesyncError as bytes, to be looked at without the game: package
// replay reads it, DUMP.md there describes it, and internal/dump has its numbers.

// dump makes the dump of the dispute.
func (d *dispute) dump(cfg *Config) []byte {
	e, t := d.err, d.timeline
	var inputs [][]Input
	for f := max(e.Agreed+1, e.Frame-dump.Frames+1, t.oldest()); f <= e.Frame; f++ {
		in := make([]Input, len(t.in))
		t.row(f, in)
		for p := range in {
			in[p].Command = append([]byte(nil), in[p].Command...) // lent for this row alone
		}
		inputs = append(inputs, in)
	}
	var unknown func(piece int) bool
	if d.there != nil {
		set := differing(&d.sums, &d.parts)
		unknown = func(k int) bool { return !d.got[k] && d.in(set, k) }
	}
	return appendDump(nil, e, t.game, &cfg.Terms, cfg.Seats, cfg.Self, inputs, d.there, unknown)
}

// appendDump writes a dump. Inputs are those of the frames up to e.Frame; there
// is what is known of their state; unknown tells which pieces of it are not.
func appendDump(b []byte, e *DesyncError, g Game, t *Terms, seats []Peer, self Peer, inputs [][]Input, there []byte, unknown func(piece int) bool) []byte {
	start := len(b)
	b = append(append(b, dump.Magic...), dump.Version)
	b = section(b, dump.Terms, func(b []byte) []byte {
		b = append(b, byte(t.Players))
		b = binary.AppendUvarint(b, uint64(t.Rate))
		b = binary.AppendUvarint(b, uint64(t.Timeout))
		b = binary.LittleEndian.AppendUint64(b, t.Seed)
		b = append(b, t.Nonce[:]...)
		b = appendText(b, t.Build)
		return appendText(b, string(t.Setup))
	})
	b = section(b, dump.Facts, func(b []byte) []byte {
		b = appendPeers(b, []Peer{self, e.Peer})
		b = appendPeers(b, seats)
		b = binary.AppendUvarint(b, uint64(e.Agreed+1))
		b = binary.AppendUvarint(b, uint64(e.Frame))
		b = binary.LittleEndian.AppendUint64(b, e.Ours)
		b = binary.LittleEndian.AppendUint64(b, e.Theirs)
		b = binary.AppendUvarint(b, uint64(e.Offset+1))
		b = appendPeers(b, e.With)
		b = appendPeers(b, e.Against)
		return appendText(b, e.Detail[:min(len(e.Detail), dump.Detail)])
	})
	b = section(b, dump.Inputs, func(b []byte) []byte {
		b = append(b, byte(len(inputs)))
		for _, in := range inputs {
			for p := range in {
				b = appendInput(b, &in[p])
			}
		}
		return b
	})
	from := 0
	if longest := max(len(e.Before), len(e.State), len(there)); longest > dump.State {
		from = (max(0, min(e.Offset-dump.State/2, longest-dump.State)) + 7) &^ 7 // in words, and to the last byte
	}
	cut := func(state []byte) []byte { return state[min(from, len(state)):min(from+dump.State, len(state))] }
	for _, x := range [...]struct {
		kind  byte
		state []byte
	}{{dump.Before, e.Before}, {dump.Ours, e.State}} {
		b = section(b, x.kind, func(b []byte) []byte {
			b = binary.AppendUvarint(b, uint64(len(x.state)))
			b = binary.AppendUvarint(b, uint64(from))
			return append(b, cut(x.state)...)
		})
	}
	b = section(b, dump.Theirs, func(b []byte) []byte {
		b = binary.AppendUvarint(b, uint64(len(there)))
		b = binary.AppendUvarint(b, uint64(from))
		return appendTheirs(b, cut(e.State), cut(there), func(i int) bool { return unknown != nil && unknown((from+i)/pieceSize) })
	})
	b = section(b, dump.Table, func(b []byte) []byte { return appendFields(b, g, max(from, e.Offset-dump.Fields/16), from+dump.State) })
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// section writes a kind, a length and what write appends.
func section(b []byte, kind byte, write func([]byte) []byte) []byte {
	b = append(b, kind, 0, 0, 0, 0)
	from := len(b)
	b = write(b)
	binary.LittleEndian.PutUint32(b[from-4:], uint32(len(b)-from))
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendPeers(b []byte, peers []Peer) []byte {
	b = append(b, byte(len(peers)))
	for _, p := range peers {
		b = binary.LittleEndian.AppendUint16(b, uint16(p))
	}
	return b
}

func appendInput(b []byte, in *Input) []byte {
	flags := byte(0)
	if in.Absent {
		flags |= 1
	}
	if len(in.Command) > 0 {
		flags |= 2
	}
	b = binary.LittleEndian.AppendUint64(append(b, flags), in.Bits)
	if len(in.Command) > 0 {
		b = append(append(b, byte(len(in.Command)-1)), in.Command...)
	}
	return b
}

// appendTheirs writes stretches of what is known of their state, in steps of
// eight bytes.
func appendTheirs(b, ours, theirs []byte, unknown func(i int) bool) []byte {
	word := func(s []byte, i int) string { return string(s[min(i, len(s)):min(i+8, len(s))]) }
	kind := func(i int) byte {
		switch {
		case unknown(i):
			return dump.Unknown
		case word(ours, i) == word(theirs, i):
			return dump.Same
		}
		return dump.Given
	}
	for i := 0; i < len(theirs); {
		k, end := kind(i), i+8
		for end < len(theirs) && kind(end) == k {
			end += 8
		}
		end = min(end, len(theirs))
		b = binary.AppendUvarint(append(b, k), uint64(end-i))
		if k == dump.Given {
			b = append(b, theirs[i:end]...)
		}
		i = end
	}
	return b
}

// appendFields writes the fields that have a byte between from and to, each as
// what its path shares with the one before, the rest of it, its kind, its size
// and its distance from the end of the one before. The first byte tells
// whether there are others.
func appendFields(b []byte, g Game, from, to int) []byte {
	first, before, end := len(b), "", 0
	b = append(b, 0)
	known, ok := g.(Fielder)
	if !ok {
		return b
	}
	for f := range known.Fields() {
		if f.Offset < end || f.Size <= 0 {
			continue // It makes no sense.
		}
		if f.Offset+f.Size <= from || f.Offset >= to || len(b)-first > dump.Fields {
			if b[first] = 1; f.Offset > from {
				break
			}
			continue
		}
		path := f.Path[:min(len(f.Path), dump.Path)]
		shared := firstByte([]byte(before), []byte(path))
		b = append(b, byte(shared), byte(len(path)-shared))
		b = append(b, path[shared:]...)
		b = append(b, byte(f.Kind))
		b = binary.AppendUvarint(b, uint64(f.Size))
		b = binary.AppendUvarint(b, uint64(f.Offset-end))
		before, end = path, f.Offset+f.Size
	}
	return b
}
