package game

import (
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
)

// Sizes, in units of the world: pixels of a picture of 640×360. X grows to the
// right, Y downwards; (0, 0) is the middle of the top of the stage.
const (
	MaxPlayers  = 4
	Rate        = 60 // frames a second
	RoundsToWin = 3

	StageHalf  = 200 // the stage goes from x = -StageHalf to StageHalf,
	StageDepth = 44  // and from y = 0 down to StageDepth

	BodyWidth  = 20 // a fighter stands with the middle of its feet at Pos
	BodyHeight = 32

	// Whoever leaves this box is out.
	BlastSide   = 400
	BlastTop    = -330
	BlastBottom = 230
)

// Platform is thin: one jumps up through it, stands on it, and drops through
// it with Down.
type Platform struct{ Left, Right, Y int }

// Platforms are all there are beside the stage.
var Platforms = [...]Platform{
	{-150, -62, -66},
	{62, 150, -66},
	{-46, 46, -128},
}

// Phase is what the match is doing.
type Phase uint8

// Phases, in their order.
const (
	Countdown Phase = iota // fighters stand and wait; Clock frames are left
	Fight                  // Clock frames have passed
	RoundOver              // Winner has the round (-1: nobody); Clock frames are left
	MatchOver              // Winner has the match (-1: everybody left); Clock frames have passed
)

// How long phases last, in frames.
const (
	CountdownFrames = 100
	RoundOverFrames = 110
	SuddenDeath     = 40 * Rate // from here on a Fight hurts everybody, so that it ends
)

// State is everything there is. It has no pointers: a copy of it is a copy of
// the match.
type State struct {
	Frame    netcode.Frame // steps taken
	Rand     fixed.Rand
	Phase    Phase
	Clock    int32 // frames in or left of Phase
	Round    uint8 // 1, 2, …
	Winner   int8  // a seat, or -1
	Players  uint8
	Fighters [MaxPlayers]Fighter // the first Players are in the match
}

// Move is what a fighter is doing.
type Move uint8

// Moves.
const (
	Free    Move = iota // standing, running or in the air, as Grounded and Vel say
	WindUp              // drawing the fist back; longer is stronger, see Charge
	Strike              // the fist is out
	Recover             // and comes back
	Dashing             // flying straight on
	Stunned             // hit, and out of control
	Fallen              // out of the round, and not to be drawn
)

// Aim is where a punch goes.
type Aim uint8

// Aims.
const (
	Ahead Aim = iota // where Face looks
	Above
	Below
)

// How long moves last, in frames.
const (
	WindUpFrames  = 4  // at least
	ChargeFrames  = 34 // from WindUpFrames on, until a punch is as strong as it gets
	StrikeFrames  = 4
	RecoverFrames = 10
	DashFrames    = 9
	DashSafe      = 6 // of these, and nothing can hit
	DashCooldown  = 42

	AirJumps  = 1 // before one has to land
	AirDashes = 1
)

// Fighter is one player.
type Fighter struct {
	Pos, Vel fixed.Vec // the middle of the feet; units, and units a frame
	Hurt     int16     // in per cent: the more, the further the next punch sends it
	Held     uint16    // Bits of the frame before, to tell what is pressed anew

	Move   Move
	Aim    Aim
	Clock  uint8 // frames in Move; for Stunned and Recover, frames left
	Charge uint8 // 0 to ChargeFrames: how strong the punch is
	Face   int8  // -1 looks left, 1 right
	Struck uint8 // a bit for each seat that this punch has hit

	Grounded bool
	OnStage  bool  // Grounded, and not on a thin platform
	Wall     int8  // sliding down the side of the stage: -1 it is on the left, 1 on the right
	Jumps    uint8 // left in the air
	Dashes   uint8 // left in the air
	Coyote   uint8 // frames left in which a jump from the edge still counts as one from the ground
	Drop     uint8 // frames left in which thin platforms don't hold
	DashWait uint8 // frames until the next dash
	Safe     uint8 // frames left in which nothing can hit
	Stop     uint8 // frames left of hit-stop: all of it stands still
	JumpBuf  uint8 // frames for which a press is still remembered
	PunchBuf uint8
	DashBuf  uint8

	By   int8  // the seat that hit last, or -1
	Wins uint8 // rounds won
	Gone bool  // nobody sits here
}
