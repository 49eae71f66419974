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
	set := differing(&d.sums, &d.parts)
	unknown := func(k int) bool { return !d.got[k] && d.in(set, k) }
	return appendDump(e, t.game, &cfg.Terms, cfg.Seats, cfg.Self, inputs, d.there, unknown)
}

// appendDump writes a dump. Inputs are those of the frames up to e.Frame; there
// is what is known of their state; unknown tells which pieces of it are not.
func appendDump(e *DesyncError, g Game, t *Terms, seats []Peer, self Peer, inputs [][]Input, there []byte, unknown func(piece int) bool) []byte {
	b := append([]byte(dump.Magic), dump.Version)
	b = dump.Section(b, dump.Terms, func(b []byte) []byte {
		return dump.AppendTerms(b, t.Players, t.Rate, t.Timeout, t.Seed, t.Nonce, t.Build, t.Setup)
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
	var fields iter.Seq[Field]
	if known, ok := g.(Fielder); ok {
		fields = known.Fields()
	}
	b = dump.AppendStates(b, e.Offset, e.Before, e.State, there, func(i int) bool { return unknown != nil && unknown(i/pieceSize) }, fields, func(f Field) dump.Value {
		return dump.Value{Path: f.Path, Offset: f.Offset, Size: f.Size, Kind: byte(f.Kind)}
	})
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}
