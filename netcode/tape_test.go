package netcode_test

import (
	"bytes"
	"fmt"

	"github.com/punchback/punchback/netcode"
)

// tape is a Recorder that keeps a copy of every row.
type tape struct {
	rows   []row
	broken string
}

type row struct {
	inputs []netcode.Input
	hash   uint64
}

func (t *tape) Record(r *netcode.Row) error {
	if int(r.Frame) != len(t.rows)+1 && t.broken == "" {
		t.broken = fmt.Sprintf("row %d came after %d rows", r.Frame, len(t.rows))
	}
	c := row{hash: r.Hash, inputs: make([]netcode.Input, len(r.Inputs))}
	for p, in := range r.Inputs {
		c.inputs[p] = netcode.Input{Bits: in.Bits, Command: bytes.Clone(in.Command), Absent: in.Absent}
	}
	t.rows = append(t.rows, c)
	return nil
}

// dice is xorshift: the tests' own source of chance, apart from the network's.
type dice uint64

func (d *dice) next() uint64 {
	x := uint64(*d)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*d = dice(x)
	return x
}

func (d *dice) below(n int) int { return int(d.next() >> 11 % uint64(n)) }

func newDice(seed uint64) *dice {
	d := dice(seed*0x9e3779b97f4a7c15 | 1)
	for range 8 {
		d.next()
	}
	return &d
}
