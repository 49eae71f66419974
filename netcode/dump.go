package netcode

import (
	"encoding/binary"
	"iter"

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
	b = dump.Section(b, dump.Terms, func(b []byte) []byte {
		b = append(b, byte(t.Players))
		b = binary.AppendUvarint(b, uint64(t.Rate))
		b = binary.AppendUvarint(b, uint64(t.Timeout))
		b = binary.LittleEndian.AppendUint64(b, t.Seed)
		b = append(b, t.Nonce[:]...)
		b = dump.AppendText(b, t.Build)
		return dump.AppendText(b, string(t.Setup))
	})
	b = dump.Section(b, dump.Facts, func(b []byte) []byte {
		b = dump.AppendPeers(b, []Peer{self, e.Peer})
		b = dump.AppendPeers(b, seats)
		b = binary.AppendUvarint(b, uint64(e.Agreed+1))
		b = binary.AppendUvarint(b, uint64(e.Frame))
		b = binary.LittleEndian.AppendUint64(b, e.Ours)
		b = binary.LittleEndian.AppendUint64(b, e.Theirs)
		b = binary.AppendUvarint(b, uint64(e.Offset+1))
		b = dump.AppendPeers(b, e.With)
		b = dump.AppendPeers(b, e.Against)
		return dump.AppendText(b, e.Detail[:min(len(e.Detail), dump.Detail)])
	})
	b = dump.Section(b, dump.Inputs, func(b []byte) []byte {
		b = append(b, byte(len(inputs)))
		for _, in := range inputs {
			for p := range in {
				b = dump.AppendInput(b, in[p].Bits, in[p].Command, in[p].Absent)
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
		b = dump.Section(b, x.kind, func(b []byte) []byte {
			b = binary.AppendUvarint(b, uint64(len(x.state)))
			b = binary.AppendUvarint(b, uint64(from))
			return append(b, cut(x.state)...)
		})
	}
	b = dump.Section(b, dump.Theirs, func(b []byte) []byte {
		b = binary.AppendUvarint(b, uint64(len(there)))
		b = binary.AppendUvarint(b, uint64(from))
		return dump.AppendTheirs(b, cut(e.State), cut(there), func(i int) bool { return unknown != nil && unknown((from+i)/pieceSize) })
	})
	b = dump.Section(b, dump.Table, func(b []byte) []byte { return dump.AppendFields(b, values(g), max(from, e.Offset-dump.Fields/16), from+dump.State) })
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// values are the fields of a game's state.
func values(g Game) iter.Seq[dump.Value] {
	return func(yield func(dump.Value) bool) {
		known, ok := g.(Fielder)
		if !ok {
			return
		}
		for f := range known.Fields() {
			if !yield(dump.Value{Path: f.Path, Offset: f.Offset, Size: f.Size, Kind: byte(f.Kind)}) {
				return
			}
		}
	}
}
