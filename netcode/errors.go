package netcode

import (
	"fmt"
	"strings"
)

// LeftError ends a match for the machine that is left alone: the last of the
// others said goodbye, has gone for good as the Transport knows, or was silent
// for Terms.Timeout ticks. Everything up to Frame was confirmed where the other
// machine said enough for it; compare with Session.Confirmed.
type LeftError struct {
	Peer    Peer
	Frame   Frame // its last
	Timeout bool  // it was silent for too long; otherwise it has left
	note    string
}

func (e *LeftError) Error() string {
	if e.Timeout {
		return fmt.Sprintf("netcode: peer %d was silent for too long at frame %d%s", e.Peer, e.Frame, e.note)
	}
	return fmt.Sprintf("netcode: peer %d has left; its last frame is %d", e.Peer, e.Frame)
}

// SplitError ends a match of three and more for a machine that cannot agree with
// enough of the others: they play without it, or nobody can. Up to Frame its
// history is that of everybody; nothing after it was confirmed.
type SplitError struct {
	Frame Frame // confirmed
	Out   bool  // the others play without this machine, which they could not hear
	note  string
}

func (e *SplitError) Error() string {
	if e.Out {
		return fmt.Sprintf("netcode: the others play without this machine, since they could not hear it; confirmed up to frame %d", e.Frame)
	}
	return fmt.Sprintf("netcode: too few machines can hear one another to play; confirmed up to frame %d%s", e.Frame, e.note)
}

// DesyncError ends a match: another machine made something else of the same
// inputs. The two have searched for the first difference; when they could not
// finish, because one of them fell silent, Frame is a frame that differs but
// perhaps not the first, and what is not known is missing.
type DesyncError struct {
	Peer    Peer     // the other machine; Nobody for a Viewer, whose rows are the other
	Players []Player // who sit there
	Frame   Frame    // the first frame that differs; for a Viewer the first that has a hash
	Ours    uint64   // hash of the state at Frame here; of all states up to it if the search could not finish
	Theirs  uint64   // and there
	With    []Peer   // other machines whose hash is ours
	Against []Peer   // other machines whose hash is theirs: if there are most of them, the cause is here
	Agreed  Frame    // a frame before that is equal; the cause lies in a step after it; -1 if a Viewer has compared none
	Before  []byte   // our state at Agreed; nil when it is no longer held
	State   []byte   // our state at Frame
	Their   []byte   // and theirs, if all that differs has come
	Offset  int      // of the first byte that differs in State, -1 if it is not known
	Field   string   // the field there, if the game is a Fielder, as those of package plain are
	Here    string   // its value here, as a number; "none" if the state ends before it
	There   string   // and there
	Detail  string   // what else was found
	Dump    []byte   // all of this and the inputs between Agreed and Frame, to save or to send: see package replay
}

func (e *DesyncError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "netcode: desync at frame %d with ", e.Frame)
	if e.Peer == Nobody {
		b.WriteString("the rows")
	} else {
		fmt.Fprintf(&b, "peer %d", e.Peer)
	}
	for i, p := range e.Players {
		fmt.Fprintf(&b, "%s %d", [...]string{" (player", " and"}[min(i, 1)], p)
	}
	if len(e.Players) > 0 {
		b.WriteString(")")
	}
	if e.Field != "" {
		fmt.Fprintf(&b, " in %s", e.Field)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at byte %d", e.Offset)
	}
	if e.There != "" {
		fmt.Fprintf(&b, ": %s here, %s there", e.Here, e.There)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	fmt.Fprintf(&b, " (hash %016x here, %016x there", e.Ours, e.Theirs)
	if e.Agreed >= 0 {
		fmt.Fprintf(&b, "; frame %d was equal", e.Agreed)
	}
	for i, peers := range [...][]Peer{e.With, e.Against} {
		for _, p := range peers {
			fmt.Fprintf(&b, "; peer %d has what is %s", p, [...]string{"here", "there"}[i])
		}
	}
	b.WriteString(")")
	return b.String()
}

// name names the first difference between State and what is known of theirs, which is
// so many bytes long.
func (e *DesyncError) name(g Game, at int, their []byte, length int) {
	f := fieldAt(g, at)
	e.Offset, e.Field = at, f.Path
	if e.Here, e.There = f.Value(e.State), f.Value(their); e.There == e.Here {
		e.Here, e.There = "", ""
	} else if f.Offset+f.Size > len(e.State) {
		e.Here = "none"
	} else if f.Offset+f.Size > length {
		e.There = "none"
	}
}

// InputError refuses what Advance was given, and ends nothing: no tick has passed.
// Call Advance again with what is right; a Command that finds its queue full may
// be given again in a later tick.
type InputError struct {
	Player Player // whose input it is; of several, the first that sits here
	Field  string // "number of Inputs", "length of Command" (in bytes) or "number of queued Commands"
	Value  int
	Limit  int
	Name   string // of the constant that is the limit; empty where the limit is the number of local seats
}

func (e *InputError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("netcode: %s is %d, must be %d, one per local seat", e.Field, e.Value, e.Limit)
	}
	return fmt.Sprintf("netcode: %s of player %d is %d, must be at most %d (%s)", e.Field, e.Player, e.Value, e.Limit, e.Name)
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
