package game

import "github.com/punchback/punchback/netcode/fixed"

// The feel of it. Speeds are units a frame, accelerations units a frame a frame.
const (
	one = fixed.One

	runSpeed   = one * 41 / 10
	runUp      = one * 64 / 100
	runBrake   = one * 76 / 100
	airSpeed   = one * 37 / 10
	airUp      = one * 36 / 100
	airBrake   = one * 10 / 100
	creep      = one * 14 / 10 // walking with the fist drawn back
	slide      = one * 30 / 100
	gravity    = one * 48 / 100
	fallSpeed  = one * 84 / 10
	fastFall   = one * 118 / 10
	jumpSpeed  = one * 93 / 10
	airJump    = one * 87 / 10
	shortJump  = one * 38 / 10 // what is left of a jump when Jump is let go
	wallJumpX  = one * 46 / 10
	wallJumpY  = one * 88 / 10
	wallSlide  = one * 20 / 10
	dashSpeed  = one * 92 / 10
	dashAfter  = one * 44 / 100 // of it is kept
	dashLeap   = one * 62 / 10  // of its speed a jump out of it keeps at most so much
	lunge      = one * 22 / 10
	reach      = one * 3  // from the side of the stage, and it is touched
	ledge      = one * 15 // below the edge, and one is lifted onto the stage
	corner     = one * 12 // beside the edge, and a head slips past
	pushApart  = one * 70 / 100
	stunFall   = one * 30 / 100
	stunDrag   = one * 967 / 1000
	stunSteer  = one * 7 / 100
	bounceKeep = one * 62 / 100
	bounceFrom = one * 5
	trailFrom  = one * 7

	coyoteFrames  = 6
	bufferFrames  = 6
	dropFrames    = 9
	fullHold      = 110 // frames after which a fist held back goes out by itself
	allBits       = Left | Right | Up | Down | Jump | Punch | Dash
	halfWidth     = one * BodyWidth / 2
	bodyHeight    = one * BodyHeight
	stageHalf     = one * StageHalf
	stageDepth    = one * StageDepth
	maxClock      = 255
	diagonal      = one * 7071 / 10000
	landingMatter = one * 3
)

func direction(bits uint64) int {
	d := 0
	if bits&Left != 0 {
		d--
	}
	if bits&Right != 0 {
		d++
	}
	return d
}

func (f *Fighter) turn(dir int) {
	if dir != 0 {
		f.Face = int8(dir)
	}
}

// act is one fighter's frame: what is pressed, what it does, where it goes.
func (w world) act(i int, bits uint64) {
	f := &w.Fighters[i]
	pressed := bits &^ uint64(f.Held)
	released := uint64(f.Held) &^ bits
	f.Held = uint16(bits)
	buffer(&f.JumpBuf, pressed&Jump != 0, f.Stop > 0)
	buffer(&f.PunchBuf, pressed&Punch != 0, f.Stop > 0)
	buffer(&f.DashBuf, pressed&Dash != 0, f.Stop > 0)
	if f.Stop > 0 {
		f.Stop--
		return
	}
	count(&f.Coyote)
	count(&f.Drop)
	count(&f.DashWait)
	count(&f.Safe)
	if f.Grounded {
		f.Coyote, f.Jumps, f.Dashes = coyoteFrames, AirJumps, AirDashes
	}

	dir := direction(bits)
	switch f.Move {
	case Free:
		f.turn(dir)
		w.start(i, bits)
	case WindUp:
		f.turn(dir)
		w.windUp(i, bits)
	case Strike:
		if f.Clock++; f.Clock >= StrikeFrames {
			f.Move, f.Clock = Recover, RecoverFrames+f.Charge/6
		}
	case Recover, Stunned:
		if count(&f.Clock); f.Clock == 0 {
			f.Move = Free
		}
	case Dashing:
		if f.Clock++; f.Clock >= DashFrames {
			f.Move, f.Vel = Free, f.Vel.Scale(dashAfter)
		} else if f.Clock > 2 {
			w.start(i, bits) // a dash can turn into a jump or a punch
		}
	}
	f.steer(dir, bits, released)
	w.travel(i, dir)
}

// buffer remembers a press for a while, in which hit-stop does not count.
func buffer(b *uint8, pressed, stopped bool) {
	if !stopped {
		count(b)
	}
	if pressed {
		*b = bufferFrames
	}
}

func count(n *uint8) {
	if *n > 0 {
		*n--
	}
}

// start begins what was asked for in the last few frames.
func (w world) start(i int, bits uint64) {
	f := &w.Fighters[i]
	switch {
	case f.DashBuf > 0 && f.Move != Dashing && f.DashWait == 0 && (f.Grounded || f.Dashes > 0):
		w.dash(i, bits)
	case f.PunchBuf > 0:
		f.PunchBuf, f.Move, f.Clock, f.Charge, f.Struck = 0, WindUp, 0, 0, 0
	case f.JumpBuf > 0 && (f.Grounded || f.Coyote > 0):
		if f.Grounded && !f.OnStage && bits&Down != 0 {
			f.JumpBuf, f.Drop, f.Grounded, f.Coyote = 0, dropFrames, false, 0
			break
		}
		w.jump(i, jumpSpeed, CueJump)
	case f.JumpBuf > 0 && f.Wall != 0:
		f.Vel.X, f.Face = wallJumpX*fixed.Num(-f.Wall), -f.Wall
		w.jump(i, wallJumpY, CueJump)
	case f.JumpBuf > 0 && f.Jumps > 0 && f.Move == Free:
		f.Jumps--
		if d := direction(bits); d != 0 && f.Vel.X.Sign() != d {
			f.Vel.X = airSpeed / 2 * fixed.Num(d) // a jump in the air turns at once
		}
		w.jump(i, airJump, CueAirJump)
	}
	if f.Move == Free && f.Grounded && !f.OnStage && bits&Down != 0 && f.Drop == 0 {
		f.Drop, f.Grounded, f.Coyote = dropFrames, false, 0
	}
}

func (w world) jump(i int, speed fixed.Num, kind uint8) {
	f := &w.Fighters[i]
	f.Vel = fixed.Vec{X: f.Vel.X.Clamp(-dashLeap, dashLeap), Y: -speed}
	f.Move, f.JumpBuf, f.Coyote, f.Grounded, f.Wall = Free, 0, 0, false, 0
	w.cue(kind, int8(i), f.Pos, 0)
}

func (w world) dash(i int, bits uint64) {
	f := &w.Fighters[i]
	d := fixed.Vec{X: one * fixed.Num(direction(bits))}
	switch {
	case bits&Up != 0:
		d.Y = -one
	case bits&Down != 0 && !f.Grounded:
		d.Y = one
	}
	if d == (fixed.Vec{}) {
		d.X = one * fixed.Num(f.Face)
	}
	if d.X != 0 && d.Y != 0 {
		d = d.Scale(diagonal)
	}
	if !f.Grounded {
		f.Dashes--
	}
	f.Vel = d.Scale(dashSpeed)
	f.Move, f.Clock, f.DashBuf, f.DashWait, f.Safe = Dashing, 0, 0, DashCooldown, max(f.Safe, DashSafe)
	if d.Y < 0 {
		f.Grounded = false
	}
	w.cue(CueDash, int8(i), f.middle(), 0)
}

func (w world) windUp(i int, bits uint64) {
	f := &w.Fighters[i]
	f.Clock = min(f.Clock+1, maxClock)
	if f.Clock < WindUpFrames {
		return
	}
	if bits&Punch != 0 && f.Clock < fullHold {
		if f.Charge < ChargeFrames {
			if f.Charge++; f.Charge == ChargeFrames {
				w.cue(CueCharged, int8(i), f.middle(), 0)
			}
		}
		return
	}
	f.Aim = Ahead
	switch {
	case bits&Up != 0:
		f.Aim = Above
	case bits&Down != 0:
		f.Aim = Below
	}
	f.Move, f.Clock = Strike, 0
	if f.Aim == Ahead && f.Grounded {
		f.Vel.X = f.Vel.X.Add(lunge * fixed.Num(f.Face))
	}
	w.cue(CueSwing, int8(i), f.middle(), int(f.Charge)*4/ChargeFrames)
}

// steer changes the speed: by the will of the player, by gravity, by drag.
func (f *Fighter) steer(dir int, bits, released uint64) {
	if f.Move == Dashing {
		return
	}
	if f.Move == Stunned {
		f.Vel = f.Vel.Scale(stunDrag)
		f.Vel.X += stunSteer * fixed.Num(dir)
		if !f.Grounded {
			f.Vel.Y += stunFall
		} else {
			f.Vel.X = f.Vel.X.Toward(0, slide)
		}
		return
	}
	top, up, brake := airSpeed, airUp, airBrake
	if f.Grounded {
		top, up, brake = runSpeed, runUp, runBrake
		switch f.Move {
		case WindUp:
			top, brake = creep, slide
		case Strike, Recover:
			dir, brake = 0, slide
		}
	}
	want := top * fixed.Num(dir)
	switch {
	case dir == 0 || f.Vel.X*fixed.Num(dir) > top: // faster than one could run: it wears off
		f.Vel.X = f.Vel.X.Toward(want, brake)
	case f.Vel.X*fixed.Num(dir) < 0: // turning is as fast as braking and starting together
		f.Vel.X = f.Vel.X.Toward(want, up+brake)
	default:
		f.Vel.X = f.Vel.X.Toward(want, up)
	}
	if f.Grounded {
		return
	}
	if released&Jump != 0 && f.Vel.Y < -shortJump {
		f.Vel.Y = -shortJump
	}
	limit := fallSpeed
	if bits&Down != 0 && f.Vel.Y > 0 {
		f.Vel.Y, limit = f.Vel.Y+gravity, fastFall
	}
	f.Vel.Y = min(f.Vel.Y+gravity, limit)
	if f.Wall != 0 && dir == int(f.Wall) {
		f.Vel.Y = min(f.Vel.Y, wallSlide)
	}
}
