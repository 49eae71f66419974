// Package plain makes a netcode.Game out of a plain Go struct: the state is a
// value without pointers, and Save and Load come from its type.
//
// It looks at the type once, in New, and never allocates after that. The bytes
// are canonical: fields in order, little-endian, without padding, the same on
// every platform, the browser included. It knows the field behind each byte,
// so that a desync can be told as Players[1].Vel.X.
package plain

import (
	"encoding/binary"
	"reflect"
	"slices"
	"unsafe"

	"github.com/punchback/punchback/netcode"
)

// New makes a Game of a state without pointers and its step.
//
// The state consists of bools, integers of a fixed size (int32, uint64, …),
// and arrays and structs of those. New panics with the path of the first field
// that is something else: pointers, slices, maps, strings, interfaces,
// channels and functions don't fit into bytes; int, uint and uintptr differ in
// size between platforms; floats may differ in value (see package fixed).
// Fields named _ are not part of the state.
//
// If *S has the method of a netcode.Predictor, the Game is one.
func New[S any](state *S, step func(*S, []netcode.Input)) netcode.Game {
	if state == nil || step == nil {
		panic("plain: state and step must not be nil")
	}
	typ := reflect.TypeFor[S]()
	p := &plan{typ: typ}
	p.walk(typ, 0, typ.String())
	g := &game[S]{state: state, step: step, plan: p, memory: unsafe.Slice((*byte)(unsafe.Pointer(state)), unsafe.Sizeof(*state))}
	if guess, ok := any(state).(netcode.Predictor); ok {
		return &predictor[S]{g, guess}
	}
	return g
}

// predictor is the game of a state that guesses.
type predictor[S any] struct {
	*game[S]
	netcode.Predictor
}

type game[S any] struct {
	state  *S
	step   func(*S, []netcode.Input)
	plan   *plan
	memory []byte // of the state, which holds no pointers
}

func (g *game[S]) Step(in []netcode.Input) { g.step(g.state, in) }

func (g *game[S]) Save(dst []byte) []byte {
	dst = slices.Grow(dst, g.plan.size)
	for i := range g.plan.runs {
		r := &g.plan.runs[i]
		dst = append(dst, g.memory[r.offset:r.offset+r.length]...)
		if bigEndian {
			swap(dst[len(dst)-r.length:], r.unit)
		}
	}
	return dst
}

// Load refuses a state of another size, which no Save of this type wrote.
func (g *game[S]) Load(src []byte) {
	if len(src) != g.plan.size {
		panic("plain: Load of a state of another size")
	}
	for i := range g.plan.runs {
		r := &g.plan.runs[i]
		copy(g.memory[r.offset:r.offset+r.length], src)
		if bigEndian {
			swap(g.memory[r.offset:r.offset+r.length], r.unit)
		}
		src = src[r.length:]
	}
	for _, b := range g.plan.bools { // a bool that is neither 0 nor 1 is undefined behaviour
		g.memory[b] &= 1
	}
}

// FieldAt names the field behind a byte of a saved state.
func (g *game[S]) FieldAt(offset int) string {
	if offset < 0 || offset >= g.plan.size {
		return ""
	}
	return name(g.plan.typ, offset)
}

var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

func swap(b []byte, unit int) {
	for ; len(b) > 0; b = b[unit:] {
		slices.Reverse(b[:unit])
	}
}
