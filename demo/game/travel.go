package game

import "github.com/punchback/punchback/netcode/fixed"

// travel moves a fighter by its speed, and stops it where the stage is.
func (w world) travel(i, dir int) {
	f := &w.Fighters[i]
	from, was := f.Pos, f.Grounded
	f.Wall = 0

	f.Pos.X += f.Vel.X
	if f.inStage() {
		w.meetWall(i, from, dir)
	}
	f.Pos.Y += f.Vel.Y
	if was && !f.overGround() {
		f.Grounded, f.OnStage = false, false
	}
	if !was || f.Vel.Y != 0 {
		w.meetGround(i, from.Y)
	}
	if f.inStage() { // from below
		w.meetCeiling(i)
	}
	if !f.Grounded && f.Wall == 0 && f.Move == Free && f.Pos.Y > 0 && f.Pos.Y-bodyHeight < stageDepth {
		if gap := f.Pos.X.Abs() - halfWidth - stageHalf; gap >= 0 && gap < reach {
			f.Wall = int8(-f.Pos.X.Sign())
		}
	}
	if f.Move == Stunned && w.Frame%2 == 0 && f.Vel.X.Abs()+f.Vel.Y.Abs() > trailFrom {
		w.cue(CueTrail, int8(i), f.middle(), 0)
	}
}

func (f *Fighter) inStage() bool {
	return f.Pos.X.Abs() < stageHalf+halfWidth && f.Pos.Y > 0 && f.Pos.Y-bodyHeight < stageDepth
}

// overGround reports whether what a fighter stands on is still below it.
func (f *Fighter) overGround() bool {
	if f.Pos.Y == 0 {
		return f.Pos.X.Abs() < stageHalf+halfWidth
	}
	for _, p := range Platforms {
		if f.Pos.Y == one*fixed.Num(p.Y) && f.over(p) {
			return true
		}
	}
	return false
}

func (f *Fighter) over(p Platform) bool {
	return f.Pos.X+halfWidth > one*fixed.Num(p.Left) && f.Pos.X-halfWidth < one*fixed.Num(p.Right)
}

// meetWall stops a fighter at the side of the stage; one that is almost up,
// and wants to be, is lifted onto it.
func (w world) meetWall(i int, from fixed.Vec, dir int) {
	f := &w.Fighters[i]
	side := from.X.Sign()
	if from.Y <= ledge && dir == -side && f.Move != Stunned {
		f.Pos.Y, f.Vel.Y = 0, 0
		w.land(i, true)
		return
	}
	f.Pos.X = (stageHalf + halfWidth) * fixed.Num(side)
	f.Wall = int8(-side)
	if f.Move == Stunned && f.Vel.X.Abs() > bounceFrom {
		w.cue(CueBounce, int8(i), f.middle(), f.Vel.X.Abs().Int())
		f.Vel.X = -f.Vel.X.Mul(bounceKeep)
		return
	}
	f.Vel.X = 0
}

// meetGround lands a fighter that came down through the top of something.
func (w world) meetGround(i int, from fixed.Num) {
	f := &w.Fighters[i]
	if f.Vel.Y < 0 {
		return
	}
	if from <= 0 && f.Pos.Y >= 0 && f.Pos.X.Abs() < stageHalf+halfWidth {
		f.Pos.Y = 0
		w.land(i, true)
		return
	}
	if f.Drop > 0 {
		return
	}
	for _, p := range Platforms {
		if y := one * fixed.Num(p.Y); from <= y && f.Pos.Y >= y && f.over(p) {
			f.Pos.Y = y
			w.land(i, false)
			return
		}
	}
}

// land puts a fighter on its feet, or bounces one that is out of control.
func (w world) land(i int, stage bool) {
	f := &w.Fighters[i]
	if f.Move == Stunned && f.Vel.Y > bounceFrom {
		w.cue(CueBounce, int8(i), f.Pos, f.Vel.Y.Int())
		f.Vel.Y = -f.Vel.Y.Mul(bounceKeep)
		f.Grounded, f.OnStage = false, false
		return
	}
	if !f.Grounded && f.Vel.Y > landingMatter {
		w.cue(CueLand, int8(i), f.Pos, f.Vel.Y.Int())
	}
	if f.Move == Dashing && f.Vel.Y > 0 { // a dash down onto the ground goes on along it
		f.Vel.X = dashSpeed.Mul(diagonal) * fixed.Num(f.Vel.X.Sign())
	}
	f.Vel.Y, f.Grounded, f.OnStage = 0, true, stage
}

// meetCeiling stops a fighter that comes up under the stage; close to the
// corner it slips past.
func (w world) meetCeiling(i int) {
	f := &w.Fighters[i]
	if edge := stageHalf + halfWidth; f.Pos.X.Abs() > edge-corner && f.Move != Stunned {
		f.Pos.X = edge * fixed.Num(f.Pos.X.Sign())
		return
	}
	f.Pos.Y = stageDepth + bodyHeight
	if f.Vel.Y < 0 {
		if f.Move == Stunned && f.Vel.Y < -bounceFrom {
			w.cue(CueBounce, int8(i), f.middle(), -f.Vel.Y.Int())
		}
		f.Vel.Y = -f.Vel.Y.Mul(bounceKeep) / 2
	}
}

// push keeps fighters from standing in one another.
func (w world) push() {
	var by [MaxPlayers]fixed.Num
	for i := range w.Fighters[:w.Players] {
		for k := i + 1; k < int(w.Players); k++ {
			a, b := &w.Fighters[i], &w.Fighters[k]
			if !a.Grounded || !b.Grounded || a.Move == Fallen || b.Move == Fallen || a.Move == Dashing || b.Move == Dashing {
				continue
			}
			d := b.Pos.X - a.Pos.X
			if d.Abs() >= halfWidth*2 || a.Pos.Y != b.Pos.Y {
				continue
			}
			n := pushApart
			if d < 0 {
				n = -n
			}
			by[i] -= n
			by[k] += n
		}
	}
	for i := range w.Fighters[:w.Players] {
		if f := &w.Fighters[i]; by[i] != 0 && f.Stop == 0 {
			f.Pos.X += by[i]
			if !f.overGround() {
				f.Grounded, f.OnStage = false, false
			}
		}
	}
}
