package game

import "github.com/punchback/punchback/netcode/fixed"

// What punches do.
const (
	MaxHurt = 999

	punchHurt  = 8             // per cent
	chargeHurt = 9             // more, when fully charged
	baseSpeed  = one * 34 / 10 // of the launch, units a frame
	hurtSpeed  = one * 90 / 1000
	chargeMore = one * 55 / 100
	maxSpeed   = one * 24
	steerAway  = one * 20 / 100 // of the launch speed, that the one who is hit may choose
	lowPunch   = one * 90 / 100
)

// Box is where something is: Left to Right and Top to Bottom.
type Box struct{ Left, Top, Right, Bottom fixed.Num }

func (b Box) touches(c Box) bool {
	return b.Left < c.Right && c.Left < b.Right && b.Top < c.Bottom && c.Top < b.Bottom
}

// Body is where a fighter can be hit.
func (f *Fighter) Body() Box {
	return Box{f.Pos.X - halfWidth, f.Pos.Y - bodyHeight, f.Pos.X + halfWidth, f.Pos.Y}
}

// Fist is where a fighter in Strike hits.
func (f *Fighter) Fist() Box {
	more := one * fixed.Num(f.Charge) / 6
	b := f.Body()
	switch f.Aim {
	case Above:
		return Box{b.Left - one*7 - more/2, b.Top - one*26 - more, b.Right + one*7 + more/2, b.Top + one*8}
	case Below:
		if !f.Grounded {
			return Box{b.Left - one*5 - more/2, b.Bottom - one*8, b.Right + one*5 + more/2, b.Bottom + one*20 + more}
		}
		b.Top = b.Bottom - one*12
	default:
		b.Top, b.Bottom = b.Top+one*2, b.Bottom-one*6
	}
	if f.Face > 0 {
		b.Left, b.Right = f.Pos.X, b.Right+one*26+more
	} else {
		b.Left, b.Right = b.Left-one*26-more, f.Pos.X
	}
	return b
}

// strike finds all hits of the frame before it deals any, so that two who hit
// one another at once are both hit, whoever sits first.
func (w world) strike() {
	var hits [MaxPlayers][MaxPlayers]bool
	var struck [MaxPlayers]bool
	for i := range w.Fighters[:w.Players] {
		a := &w.Fighters[i]
		if a.Move != Strike || a.Stop > 0 {
			continue
		}
		fist := a.Fist()
		for k := range w.Fighters[:w.Players] {
			b := &w.Fighters[k]
			if k == i || b.Move == Fallen || b.Safe > 0 || a.Struck&(1<<k) != 0 {
				continue
			}
			hits[i][k] = fist.touches(b.Body())
			if hits[i][k] {
				struck[k] = true
			}
		}
	}
	fighters := w.Fighters // as they were before anybody was hit
	for k := range struck {
		if struck[k] {
			w.Fighters[k].Vel = fixed.Vec{} // two punches in one frame add up; what was before does not
		}
	}
	for i := range hits {
		for k, hit := range hits[i] {
			if hit {
				w.launch(i, &fighters[i], k)
			}
		}
	}
}

// launch is what the punch of a does to fighter k.
func (w world) launch(i int, a *Fighter, k int) {
	b := &w.Fighters[k]
	charge := one * fixed.Num(a.Charge) / ChargeFrames
	b.Hurt = min(b.Hurt+punchHurt+int16((charge*chargeHurt).Int()), MaxHurt)

	speed := baseSpeed + hurtSpeed*fixed.Num(b.Hurt)
	speed = speed.Mul(one + chargeMore.Mul(charge))
	away := fixed.Num(a.Face)
	var d fixed.Vec
	switch {
	case a.Aim == Above:
		d = fixed.Vec{X: one * 15 / 100 * away, Y: -one * 99 / 100}
	case a.Aim == Below && a.Grounded:
		d, speed = fixed.Vec{X: one * 93 / 100 * away, Y: -one * 36 / 100}, speed.Mul(lowPunch)
	case a.Aim == Below && b.Grounded:
		d = fixed.Vec{X: one * 50 / 100 * away, Y: -one * 86 / 100}
	case a.Aim == Below:
		d, speed = fixed.Vec{X: one * 25 / 100 * away, Y: one * 97 / 100}, speed.Mul(lowPunch)
	default:
		d = fixed.Vec{X: one * 79 / 100 * away, Y: -one * 61 / 100}
	}
	held := uint64(b.Held)
	d.X += steerAway * fixed.Num(direction(held))
	if held&Up != 0 {
		d.Y -= steerAway
	}
	if held&Down != 0 {
		d.Y += steerAway
	}
	speed = min(speed, maxSpeed)
	b.Vel = b.Vel.Add(d.Scale(speed))
	if b.Vel.Y < 0 {
		b.Grounded, b.OnStage = false, false
	}
	stop := uint8(min(4+speed.Int()/2, 12))
	b.Move, b.Clock = Stunned, uint8(min(9+(speed*26/10).Int(), 75))
	b.Stop, b.Drop, b.Wall, b.Coyote, b.Dashes = max(b.Stop, stop), 0, 0, 0, AirDashes
	b.JumpBuf, b.PunchBuf, b.DashBuf = 0, 0, 0
	b.Face, b.By = -int8(away), int8(i)

	me := &w.Fighters[i]
	me.Struck |= 1 << k
	me.Stop = max(me.Stop, stop)
	w.cue(CueHit, int8(k), b.middle(), speed.Int())
}
