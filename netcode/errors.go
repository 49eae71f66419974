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
// inputs. Frame is the first one compared that differs, so the cause lies in a
// step after Agreed and up to Frame.
type DesyncError struct {
	Peer   Peer
	Frame  Frame
	Ours   uint64 // hash of the state at Frame here
	Theirs uint64 // and there
	Agreed Frame  // the last frame that was compared and equal
	Before []byte // our state at Agreed
	State  []byte // our state at Frame: compare it with the other machine's to find the field
	Field  string // the field, when it is known
}

func (e *DesyncError) Error() string {
	field := ""
	if e.Field != "" {
		field = " in " + e.Field
	}
	return fmt.Sprintf("netcode: desync at frame %d%s: %016x here, %016x at peer %d; frame %d was equal",
		e.Frame, field, e.Ours, e.Theirs, e.Peer, e.Agreed)
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
