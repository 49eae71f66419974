package netcode

// Row is one confirmed frame: what nobody can change any more. It is borrowed
// for the call.
type Row struct {
	Frame  Frame // the frame that these inputs lead to: Step(Inputs) makes state Frame out of Frame-1
	Inputs []Input
	Hash   uint64 // of the confirmed state at Frame; every row of a live session has it
	State  []byte // only where a reader starts
}

// A Recorder hears each confirmed frame once, in order.
type Recorder interface {
	Record(*Row) error
}
