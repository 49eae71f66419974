package netcode

// A Frame counts steps of the game. The state before the first step is frame 0.
type Frame int32

// A Player is a seat: 0 up to Terms.Players-1. Seats are not machines: two
// people on one couch are two seats and one Peer.
type Player uint8

// A Peer is a machine, as the Transport numbers it. It holds several seats,
// one, or none.
type Peer uint16

// Input is what one player does in one frame.
type Input struct {
	Bits    uint64 // what is held: buttons, quantized sticks; predicted to stay as it was. Find edges in Step
	Command []byte // what is done once: an order, a card, a phrase; predicted to be nothing; valid only during the call
	Absent  bool   // nobody sits here in this frame: open, left or dropped. Set by the session, ignored on input
}

// Game is the part of your program that must come out the same on every
// machine. The session calls it only inside Advance (and NewSession), on the
// goroutine that called it. It may be a Predictor, too.
type Game interface {
	// Step moves the state forward by one frame. It reads the state and the
	// inputs (one per seat, len(in) never changes) and nothing else: no clock,
	// no global random numbers, no map order, no floats (see package fixed).
	Step(in []Input)

	// Save appends the whole state to dst. Equal states append equal bytes.
	Save(dst []byte) []byte

	// Load becomes the state that Save wrote. It keeps nothing of src.
	Load(src []byte)
}

// Predictor is a Game that guesses better than that Bits stay as they were.
// Predict guesses what remote player p holds age frames (1 or more) after last,
// the Bits received of it last; before the first they are 0. It is called before
// the Step of each frame that p's input is missing for, may read the state that
// is about to be stepped, and changes nothing. Machines need not guess alike: a
// guess that turns out wrong is repaired like any other. Commands are not
// guessed. With package plain it is a method of the state.
type Predictor interface {
	Predict(p Player, last uint64, age int) uint64
}

// Transport carries packets between machines. It may lose, repeat or reorder
// them; neither method blocks, neither keeps the slice.
type Transport interface {
	Send(to Peer, packet []byte)
	Recv(dst []byte) (n int, from Peer, ok bool)
}

// Disconnecter is a Transport that knows when a machine has gone for good: there
// is no way to it any more, and there will be none. It is asked, in Advance, about
// machines that are silent. Such a machine is suspected at once, instead of after
// Terms.Timeout ticks, and the others go on without it as soon as none of them
// hears it; events and errors say that it has left. To say so of a machine that
// does come back costs it the match, and never makes histories differ.
type Disconnecter interface {
	Disconnected(Peer) bool
}

// Ender is a Transport that hears how its match ended, even if the game drops the
// error. It hears one error, once: the one that Advance is about to return for good, or
// the one by which NewSession refuses the match. A match that this machine leaves ends
// without an error, and without a call.
type Ender interface {
	Ended(error)
}

// ended tells a transport that wants to know.
func ended(t Transport, err error) {
	if e, ok := t.(Ender); ok {
		e.Ended(err)
	}
}
