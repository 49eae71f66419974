package game

// Kinds of cues. Who is the fighter, X and Y where it happens.
const (
	CueCount   uint8 = iota + 1 // Size is the number said: 3, 2, 1
	CueGo                       // the round starts
	CueJump                     // from the ground or a wall
	CueAirJump                  //
	CueLand                     // Size is the speed, in units a frame
	CueDash                     //
	CueSwing                    // a punch goes out; Size is its charge in quarters, 0 to 4
	CueCharged                  // as strong as it gets
	CueHit                      // Who was hit; Size is the launch speed, in units a frame
	CueBounce                   // off the ground or the stage, when stunned; Size is the speed
	CueTrail                    // a puff behind one who flies fast
	CueFall                     // Who is out; X and Y are at the edge of the picture it left by
	CueSudden                   // sudden death starts
	CueRound                    // Who has won the round
	CueMatch                    // Who has won the match
)
