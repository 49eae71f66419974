// Package dump is the format of a desync's dump: its numbers, and how its pieces are
// written. netcode writes dumps with it, package replay reads them by it, and
// replay/DUMP.md describes them. It knows nothing of sessions, and is the same in the
// browser.
package dump

// A dump begins with Magic and Version.
const (
	Magic   = "PBDESYNC"
	Version = 1
)

// Limits, in bytes unless they say otherwise. What is longer is cut, so that no dump is
// longer than Max, whatever the state.
const (
	Max    = 2 << 20
	State  = 1 << 18 // of each state
	Fields = 1 << 19 // of the table of fields, and one more
	Field  = 1 << 10 // of that one, at most
	Path   = 255     // of a field
	Detail = 1 << 10
	Frames = 64 // of inputs, in frames
)

// The longest that each section may be: what it holds, and the lengths in it.
const (
	MaxFacts  = 4 * Detail
	MaxInputs = 1 << 18
	MaxState  = State + 16
	MaxTheirs = 2 * State
	MaxTable  = Fields + Field
)

// Kinds of sections, in their order.
const (
	Terms  = 'T'
	Facts  = 'D'
	Inputs = 'I'
	Before = 'B' // our state at the frame that was equal
	Ours   = 'S' // and at the frame that differs
	Theirs = 'O'
	Table  = 'F' // of fields
)

// Kinds of fields: how their bytes are read.
const (
	Raw   = 'x'
	Bool  = 'b'
	Int   = 'i'
	Uint  = 'u'
	Float = 'f'
)

// How bytes of their state are given.
const (
	Same    = 0 // as ours
	Given   = 1
	Unknown = 2
)
