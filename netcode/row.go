package netcode

// Row is one confirmed frame: what nobody can change any more. Rows in order
// are a match: a recorder, a replay, a spectator and a late joiner share them.
// It is borrowed for the call, its slices included.
type Row struct {
	Frame  Frame // the frame that these inputs lead to: Step(Inputs) makes state Frame out of Frame-1
	Inputs []Input
	Hash   uint64 // of the state at Frame; every row of a live session has it, or, saved sparsely, those of multiples of 32 frames; others only at marks; 0 elsewhere
	State  []byte // at Frame; only where a reader starts
}

// A Recorder hears each confirmed frame once, in order. It may be a Keyframer,
// too.
type Recorder interface {
	Record(*Row) error
}

// Keyframer is a Recorder that keeps states, so that its readers can start in
// the middle. Wants is asked before each row whether that needs its State. It
// is asked for frame 0, too, the state before the first step: that row is
// recorded only if it is wanted, and nobody has an input in it. Of a game that is
// saved sparsely the State comes with the next multiple of 32 frames.
type Keyframer interface {
	Wants(Frame) bool
}

// Source gives confirmed rows in order: a replay, or a match that is watched.
type Source interface {
	Terms() Terms

	// Next fills in the next row. False means that there is none, or none yet.
	// The row's slices are valid until the next call of Next or Seek.
	Next(*Row) (ok bool, err error)

	// Seek goes to the last row at or before f with a State, or else to the
	// first there is. It fails if f is beyond the last row, and then goes nowhere.
	Seek(f Frame) error
}
