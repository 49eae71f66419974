package replay

import (
	"encoding/binary"
	"fmt"
)

// About is what a file says of its match besides the Terms. It has no part in the
// game, and a stranger may have written anything there: show it by package printable.
type About struct {
	Names []string // of the players, by seat; none, or one for each
	Meta  []byte   // whatever the game wants to know of the match when it sees the file again
}

// MaxAbout is the limit, in bytes, of all of it in a file, with a few for lengths.
const MaxAbout = 4 << 10

// append is the payload of its block.
func (a *About) append(b []byte, players int) ([]byte, error) {
	if n := len(a.Names); n != 0 && n != players {
		return b, fmt.Errorf("replay: number of Names is %d, must be 0 or %d, one per player", n, players)
	}
	from := len(b)
	b = append(b, byte(len(a.Names)))
	for _, name := range a.Names {
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	}
	b = append(binary.AppendUvarint(b, uint64(len(a.Meta))), a.Meta...)
	if n := len(b) - from; n > MaxAbout {
		return b, fmt.Errorf("replay: Names and Meta take %d bytes, must be at most %d (MaxAbout)", n, MaxAbout)
	}
	return b, nil
}

// about reads the payload of its block.
func (p *parser) about(players int) (a About) {
	at := p.at
	n := int(p.u8())
	if p.err == nil && n != 0 && n != players {
		p.fail(at, "number of Names is %d, must be 0 or %d", n, players)
		return a
	}
	for range n {
		a.Names = append(a.Names, string(p.bytes(p.limited("length of a name", 0, MaxAbout))))
	}
	a.Meta = append(a.Meta, p.bytes(p.limited("length of Meta", 0, MaxAbout))...)
	p.done()
	return a
}
