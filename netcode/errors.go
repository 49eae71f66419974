package netcode

import "fmt"

// LeftError ends a match: another machine said goodbye, or was silent for
// Terms.Timeout ticks. Everything up to Frame was confirmed where the other
// machine said enough for it; compare with Session.Confirmed.
type LeftError struct {
	Peer    Peer
	Frame   Frame // its last
	Timeout bool  // it did not say goodbye
	note    string
}

func (e *LeftError) Error() string {
	if e.Timeout {
		return fmt.Sprintf("netcode: peer %d was silent for too long at frame %d%s", e.Peer, e.Frame, e.note)
	}
	return fmt.Sprintf("netcode: peer %d left at frame %d", e.Peer, e.Frame)
}

// DesyncError ends a match: another machine made something else of the same
// inputs. The two have searched for the first difference; when they could not
// finish, because one of them fell silent, Frame is a frame that differs but
// perhaps not the first, and Detail is empty.
type DesyncError struct {
	Peer   Peer   // the other machine; Nobody for a Viewer, whose rows are the other
	Frame  Frame  // the first frame that differs; for a Viewer the first that has a hash
	Ours   uint64 // hash of the state at Frame here
	Theirs uint64 // and there
	Agreed Frame  // a frame before that is equal; the cause lies in a step after it; -1 if a Viewer has compared none
	Before []byte // our state at Agreed; nil when it is no longer held
	State  []byte // our state at Frame
	Offset int    // of the first byte that differs in State, when Detail tells it
	Field  string // the field there, if the game is a Fielder, as those of package plain are
	Detail string // what was found
}

func (e *DesyncError) Error() string {
	msg := fmt.Sprintf("netcode: desync at frame %d with peer %d", e.Frame, e.Peer)
	if e.Peer == Nobody {
		msg = fmt.Sprintf("netcode: desync at frame %d with the rows", e.Frame)
	}
	if e.Field != "" {
		msg += " in " + e.Field
	}
	if e.Detail != "" {
		msg += ": " + e.Detail
	}
	msg += fmt.Sprintf(" (hash %016x here, %016x there", e.Ours, e.Theirs)
	if e.Agreed >= 0 {
		msg += fmt.Sprintf("; frame %d was equal", e.Agreed)
	}
	return msg + ")"
}

// TermsError ends a match before its first frame: two machines did not agree
// on what they play.
type TermsError struct {
	Peer  Peer
	Field string
	Here  string
	There string
}

func (e *TermsError) Error() string {
	return fmt.Sprintf("netcode: terms differ: %s %s here, %s there (peer %d)", e.Field, e.Here, e.There, e.Peer)
}
