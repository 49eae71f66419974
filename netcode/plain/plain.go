// Package plain makes a netcode.Game out of a plain Go struct: the state is a value
// without pointers, and Save and Load follow from its type.
//
// It inspects the type once, in New, and never allocates after that. The bytes are
// canonical: fields in order, little-endian, without padding, the same on every platform
// including the browser. Equal states make equal bytes, and different states make
// different bytes. The package knows the field behind each byte, so that a desync can be
// named as Players[1].Vel.X.
package plain

import (
	"iter"
	"reflect"
	"slices"
	"unsafe"

	"github.com/punchback/punchback/netcode"
)

// Option changes what New takes.
type Option uint8

// Floats lets New take float32 and float64, at your own risk.
//
// The same float expression may come out differently on two machines: on arm64
// (and ppc64, s390x, riscv64) Go may fuse x*y + z into one instruction that
// rounds once, on amd64 and in the browser it rounds twice; and math.Sin and
// the like are assembly on one platform and Go on another. One different last
// bit is a desync. It is safe for values that are only stored and compared; in
// sums of products every product must be converted, float64(x*y) + z, which
// forbids to fuse it. Package fixed has none of these traps.
//
// Saved floats keep their bits, so -0 and 0 are different states although they
// are equal in Go; but every NaN is saved as the same one, since platforms
// differ in which one they make.
const Floats Option = 1

// New makes a Game of a state without pointers and its step.
//
// The state consists of bools, integers of a fixed size (int32, uint64, …),
// and arrays and structs of those. New panics with the path of the first field
// that is something else: pointers, slices, maps, strings, interfaces,
// channels and functions don't fit into bytes; int, uint and uintptr differ in
// size between platforms; floats may differ in value (see Floats and package
// fixed). Fields named _ are not part of the state, nor is padding.
//
// If *S has the method of a netcode.Predictor, its guesses are used.
//
// A game with more to it, such as a ring of cues, embeds the *Game and keeps all of
// that:
//
//	type arena struct {
//		*plain.Game[state]
//		ring cues.Ring
//	}
func New[S any](state *S, step func(*S, []netcode.Input), options ...Option) *Game[S] {
	g, err := Try(state, step, options...)
	if err != nil {
		panic(err.Error())
	}
	return g
}

// Try is New for a type that is not known to fit: it returns what New panics with.
func Try[S any](state *S, step func(*S, []netcode.Input), options ...Option) (*Game[S], error) {
	typ := reflect.TypeFor[S]()
	plan, err := newPlan(typ, slices.Contains(options, Floats))
	switch {
	case err != nil:
		return nil, err
	case state == nil || step == nil:
		return nil, fault("state and step must not be nil")
	}
	// The memory of the state seen as bytes: the plan has made sure that there
	// are no pointers in it.
	memory := unsafe.Slice((*byte)(unsafe.Pointer(state)), unsafe.Sizeof(*state))
	g := &Game[S]{state: state, step: step, plan: plan, memory: memory}
	g.guess, _ = any(state).(netcode.Predictor)
	return g, nil
}

// Game is a netcode.Game, Predictor and Fielder of a state.
type Game[S any] struct {
	state  *S
	step   func(*S, []netcode.Input)
	guess  netcode.Predictor // the state, if it is one
	plan   *plan
	memory []byte
}

// Predict is the state's, or that Bits stay as they were.
func (g *Game[S]) Predict(p netcode.Player, last uint64, age int) uint64 {
	if g.guess == nil {
		return last
	}
	return g.guess.Predict(p, last, age)
}

// Step is the step of the game.
func (g *Game[S]) Step(in []netcode.Input) { g.step(g.state, in) }

// Save appends the canonical bytes of the state.
func (g *Game[S]) Save(dst []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, g.plan.size)[:n+g.plan.size]
	g.plan.save(dst[n:], g.memory)
	return dst
}

// Load panics at a state of another size, which no Save of this type wrote.
func (g *Game[S]) Load(src []byte) {
	if len(src) != g.plan.size {
		panic("plain: Load of a state of another size")
	}
	g.plan.load(g.memory, src)
}

// Fields are those of the saved state, in order.
func (g *Game[S]) Fields() iter.Seq[netcode.Field] {
	return func(yield func(netcode.Field) bool) {
		offset := 0
		fields(g.plan.typ, nil, &offset, yield)
	}
}
