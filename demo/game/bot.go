package game

import (
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
)

// Bot is what a bot in seat me would hold in the next frame. It is a function
// of the state alone: what looks like moods, slow reactions and mistakes comes
// from hashes of the frame and the seed.
func Bot(s *State, me netcode.Player, seed uint64) uint64 {
	if int(me) >= int(s.Players) {
		return 0
	}
	b := bot{s: s, f: &s.Fighters[me], me: int(me), seed: seed}
	if b.f.Move == Fallen || s.Phase == Countdown {
		return 0
	}
	if s.Phase != Fight {
		return b.dance()
	}
	// Plans are made anew every so many frames, which is also how long it
	// takes to notice that one was bad.
	b.plan = fixed.Rand(seed*0x9e3779b97f4a7c15 ^ uint64(me)<<56 ^ uint64((int(s.Frame)+int(me)*5)/13))
	b.mood = b.plan.Intn(100)
	b.whim = fixed.Rand(seed ^ uint64(me)<<48 ^ uint64(s.Frame)*0xbf58476d1ce4e5b9)
	switch {
	case b.f.Move == Stunned:
		return toward(-b.f.Pos.X)
	case b.offStage():
		return b.recover()
	}
	b.look()
	if b.foe == nil {
		return b.dance()
	}
	return b.fight()
}

type bot struct {
	s    *State
	f    *Fighter
	me   int
	seed uint64
	plan fixed.Rand // the same for a while
	whim fixed.Rand // another in every frame
	mood int        // 0 to 99

	foe  *Fighter
	d    fixed.Vec // to where the foe seems to be
	near bool
}

func toward(x fixed.Num) uint64 {
	switch {
	case x > 0:
		return Right
	case x < 0:
		return Left
	}
	return 0
}

// press holds a button so that it counts as pressed anew: only when it was not held.
func (b *bot) press(bit uint64) uint64 {
	if uint64(b.f.Held)&bit != 0 {
		return 0
	}
	return bit
}

func (b *bot) dance() uint64 {
	r := fixed.Rand(b.seed ^ uint64(b.me)<<40 ^ uint64(b.s.Frame/16))
	if b.offStage() || b.f.Pos.X.Abs() > stageHalf*3/4 {
		return toward(-b.f.Pos.X) | b.press(Jump)
	}
	switch r.Intn(5) {
	case 0:
		return Jump
	case 1:
		return Left
	case 2:
		return Right
	}
	return 0
}

func (b *bot) offStage() bool {
	p := b.f.Pos
	return p.X.Abs() > stageHalf+halfWidth/2 && !b.f.Grounded || p.Y > one*6
}

// recover flies back: up along the side of the stage, not below it. It saves
// the second jump for when it falls, and the dash for the end. A bad mood
// forgets both for a while.
func (b *bot) recover() uint64 {
	f := b.f
	in := toward(-f.Pos.X)
	gap := f.Pos.X.Abs() - stageHalf - halfWidth
	if f.Pos.Y > stageDepth+bodyHeight-one*8 { // too low to touch the side
		if gap < one*2 {
			in = toward(f.Pos.X)
		} else if gap < one*12 {
			in = 0
		}
	}
	if f.Move == WindUp || b.mood < 8 {
		return in
	}
	up := f.Vel.Y > one && (f.Pos.Y > one*10 || gap > one*70 && f.Vel.Y > one*4)
	switch {
	case f.Held&uint16(Jump) != 0 && f.Vel.Y < 0:
		return in | Jump // all of it
	case f.Wall != 0 && f.Vel.Y > 0, f.Jumps > 0 && up && gap > 0:
		return in | b.press(Jump)
	case f.Jumps == 0 && f.Dashes > 0 && f.DashWait == 0 && up && gap > 0:
		if gap < one*50 {
			in = 0
		}
		return in | Up | b.press(Dash)
	}
	return in
}

// look picks the foe: the nearest, and sometimes the one who is hurt most.
func (b *bot) look() {
	best := fixed.Max
	for k := range b.s.Fighters[:b.s.Players] {
		o := &b.s.Fighters[k]
		if k == b.me || o.Move == Fallen {
			continue
		}
		far := o.Pos.Sub(b.f.Pos).Len()
		if b.mood%3 == 0 {
			far -= one * fixed.Num(o.Hurt)
		}
		if o.Safe > 30 {
			far += one * 200
		}
		if far < best {
			best, b.foe = far, o
		}
	}
	if b.foe == nil {
		return
	}
	late := fixed.Num(3 + b.plan.Intn(6)) // frames by which it sees too late
	b.d = b.foe.Pos.Sub(b.foe.Vel.Scale(one * late)).Sub(b.f.Pos)
	b.near = b.d.X.Abs() < one*70 && b.d.Y.Abs() < one*60
}

func (b *bot) fight() uint64 {
	f := b.f
	ahead := toward(b.d.X)
	aim := b.aim()
	switch f.Move {
	case WindUp:
		if aim != 0 && f.Clock >= uint8(WindUpFrames+b.plan.Intn(6)) || f.Charge >= uint8(10+b.plan.Intn(ChargeFrames-9)) && b.near {
			return b.stay(ahead) | aim&^Punch // let go
		}
		if f.Charge == ChargeFrames && b.whim.Intn(20) == 0 {
			return b.stay(ahead)
		}
		return b.stay(ahead) | Punch
	case Strike, Recover:
		return 0
	}
	if b.mood < 14 { // wits elsewhere
		if b.mood < 7 {
			return b.stay(toward(fixed.Num(b.plan.Intn(3) - 1)))
		}
		return 0
	}
	if threat := b.foe.Move == WindUp && b.near && b.foe.Face == int8(-b.d.X.Sign()); threat && b.mood > 45 {
		switch {
		case b.mood > 85 && f.DashWait == 0:
			return b.dash(toward(-b.d.X))
		case b.mood > 70:
			return b.stay(toward(-b.d.X)) | b.press(Jump)
		case b.mood > 60 && f.DashWait == 0: // through it
			return b.dash(ahead)
		}
	}
	if aim != 0 && b.whim.Intn(100) < 22 {
		return ahead | aim&^Punch | b.press(Punch)
	}
	if b.foeOut() { // wait at the edge, with the fist drawn back
		if f.Grounded && b.d.X.Abs() < one*120 && b.mood > 50 && b.foe.Move != Stunned {
			return ahead | b.press(Punch)
		}
		return b.stay(ahead)
	}
	return b.approach(ahead)
}

// aim is how to hit the foe from here, or 0. Grounded or not, it also wants
// something to stand on afterwards.
func (b *bot) aim() uint64 {
	x, y := b.d.X.Abs(), b.d.Y
	switch {
	case x < one*44 && y.Abs() < one*24:
		return Punch
	case x < one*30 && y < 0 && y > -one*62:
		return Punch | Up
	case x < one*24 && y > 0 && y < one*50 && !b.f.Grounded:
		return Punch | Down
	}
	return 0
}

func (b *bot) foeOut() bool { return b.foe.Pos.X.Abs() > stageHalf || b.foe.Pos.Y > one*10 }

func (b *bot) approach(ahead uint64) uint64 {
	f := b.f
	switch {
	case b.mood > 88 && b.d.X.Abs() > one*110 && f.DashWait == 0:
		return b.dash(ahead)
	case b.d.Y < -one*40 && b.d.X.Abs() < one*110:
		// Up: hold the jump, and take the second one near its top.
		if f.Grounded || f.Vel.Y > -one*2 && b.mood > 30 {
			return b.stay(ahead) | b.press(Jump)
		}
		return b.stay(ahead) | Jump
	case b.d.Y > one*40 && f.Grounded && !f.OnStage:
		return b.stay(ahead) | Down
	case b.mood > 80 && f.Grounded && b.near:
		return b.stay(ahead) | b.press(Jump)
	case b.mood < 30 && b.near && f.Grounded: // a step back, to make the other one miss
		return b.stay(toward(-b.d.X))
	}
	return b.stay(ahead)
}

// stay keeps a direction from leading off the stage, and a dash too.
func (b *bot) stay(bits uint64) uint64 {
	x, edge := b.f.Pos.X+b.f.Vel.X*6, stageHalf-one*14
	switch {
	case x > edge && bits&Right != 0 || x > edge+one*20:
		return bits&^Right | Left
	case x < -edge && bits&Left != 0 || x < -edge-one*20:
		return bits&^Left | Right
	}
	return bits
}

// dash is one in a direction, unless it would lead off the stage.
func (b *bot) dash(dir uint64) uint64 {
	if x := b.f.Pos.X + one*130*fixed.Num(direction(dir)); x.Abs() > stageHalf {
		return b.stay(dir)
	}
	return dir | b.press(Dash)
}
