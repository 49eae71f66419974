package netcode

import (
	"fmt"
	"iter"

	"github.com/punchback/punchback/netcode/internal/dump"
)

// A Field is one value in a saved state.
type Field struct {
	Path   string // as in Go: Players[1].Vel.X
	Offset int    // of its first byte
	Size   int    // bytes
	Kind   Kind   // how to read them
}

// Kind tells how the bytes of a Field are to be read. Numbers are
// little-endian, of 1, 2, 4 or 8 bytes; everything else is Raw.
type Kind byte

// Kinds of a Field.
const (
	Raw   Kind = dump.Raw
	Bool  Kind = dump.Bool
	Int   Kind = dump.Int
	Uint  Kind = dump.Uint
	Float Kind = dump.Float // of 4 or 8 bytes
)

// Fielder is a Game that knows the fields of its saved state, in the order of
// their bytes, so that a difference can be told by name. Package plain makes
// one. Fields is called only when something is wrong.
type Fielder interface {
	Fields() iter.Seq[Field]
}

// Value reads the field out of a saved state: -3, true, 0x0a0b if it is Raw, and
// "" if the state ends before it does.
func (f *Field) Value(state []byte) string {
	if f.Offset < 0 || f.Size <= 0 || f.Offset > len(state)-f.Size {
		return ""
	}
	return dump.Text(byte(f.Kind), state[f.Offset:f.Offset+f.Size])
}

// fieldAt finds the field behind a byte of a saved state. Of a game that is no
// Fielder it is a Raw byte without a name, and of a long Raw field that byte.
func fieldAt(g Game, offset int) Field {
	if known, ok := g.(Fielder); ok {
		for f := range known.Fields() {
			if offset >= f.Offset && offset < f.Offset+f.Size {
				if f.Kind == Raw && f.Size > 8 {
					f.Offset, f.Size = offset, 1
				}
				return f
			}
		}
	}
	return Field{Offset: offset, Size: 1, Kind: Raw}
}

// String is the place and the path.
func (f *Field) String() string {
	if f.Path == "" {
		return fmt.Sprintf("byte %d", f.Offset)
	}
	return fmt.Sprintf("byte %d (%s)", f.Offset, f.Path)
}

// FirstDifference names the first value in which two saved states of a game
// differ, by its field if the game is a Fielder. It returns "" for equal states.
func FirstDifference(g Game, a, b []byte) string {
	n := firstByte(a, b)
	switch f := fieldAt(g, n); {
	case n == len(a) && n == len(b):
		return ""
	case len(a) != len(b):
		return fmt.Sprintf("lengths are %d and %d, and the first difference is at %s", len(a), len(b), &f)
	default:
		return fmt.Sprintf("%s is %s and %s", &f, f.Value(a), f.Value(b))
	}
}

// firstByte is where two states differ first, or the length of the shorter.
func firstByte(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
