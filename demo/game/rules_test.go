package game

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
)

// drop lets fighters fall out of the world.
func (s *stand) drop(who ...int) {
	for _, i := range who {
		s.fighter(i).Pos = fixed.V(BlastSide-BodyWidth, BlastBottom)
		s.fighter(i).Grounded = false
	}
}

func TestBestOfFive(t *testing.T) {
	s := newStand(-100, 100)
	for round := 1; round <= 4; round++ {
		loser := 1
		if round == 2 {
			loser = 0
		}
		if int(s.state.Round) != round {
			t.Fatalf("round %d, want %d", s.state.Round, round)
		}
		s.heard()
		s.drop(loser)
		s.until(t, 0, func() bool { return s.state.Phase == RoundOver })
		if got := s.heard(); int(s.state.Winner) != 1-loser || got[CueFall] != 1 || got[CueRound] != 1 {
			t.Errorf("round %d: winner %d, cues %v", round, s.state.Winner, got)
		}
		if round < 4 {
			between(t, "frames to the next round", s.until(t, 0, func() bool { return s.state.Phase == Countdown }), RoundOverFrames, RoundOverFrames)
			between(t, "frames of countdown", s.until(t, 0, func() bool { return s.state.Phase == Fight }), CountdownFrames, CountdownFrames)
			if got := s.heard(); got[CueCount] != 3 || got[CueGo] != 1 {
				t.Errorf("the countdown has cues %v", got)
			}
		}
	}
	s.until(t, 0, func() bool { return s.state.Phase == MatchOver })
	if s.state.Winner != 0 || s.fighter(0).Wins != 3 || s.fighter(1).Wins != 1 || s.heard()[CueMatch] != 1 {
		t.Errorf("the match ends with winner %d", s.state.Winner)
	}
	for range 300 {
		s.step(Right) // off the stage: the winner comes back
	}
	if s.fighter(0).Move == Fallen || s.state.Phase != MatchOver {
		t.Error("the winner is gone")
	}
}

func TestNobodyWinsWhenAllFallAtOnce(t *testing.T) {
	s := newStand(-100, 0, 100)
	s.drop(0, 1, 2)
	s.until(t, 0, func() bool { return s.state.Phase == RoundOver })
	s.until(t, 0, func() bool { return s.state.Phase == Fight })
	if s.state.Winner != -1 || s.state.Round != 2 || s.fighter(0).Wins+s.fighter(1).Wins+s.fighter(2).Wins != 0 {
		t.Errorf("winner %d in round %d", s.state.Winner, s.state.Round)
	}
}

func TestWhoLeavesIsOut(t *testing.T) {
	s := newStand(-100, 0, 100)
	s.in[1].Absent = true
	s.step(0)
	if s.fighter(1).Move != Fallen || !s.fighter(1).Gone || s.state.Phase != Fight {
		t.Fatal("who left is still there")
	}
	s.drop(2)
	s.until(t, 0, func() bool { return s.state.Phase == Countdown })
	if s.fighter(1).Move != Fallen || s.fighter(2).Move != Free || s.fighter(0).Wins != 1 {
		t.Error("the next round is not for those who are here")
	}
	s.in[1].Absent = false // comes back, and waits for the next round
	s.until(t, 0, func() bool { return s.state.Phase == Fight })
	if s.fighter(1).Move != Fallen || s.fighter(1).Gone {
		t.Error("who came back does not wait")
	}
	s.drop(2)
	s.until(t, 0, func() bool { return s.state.Phase == Countdown })
	if s.fighter(1).Move != Free {
		t.Error("who came back is not in the next round")
	}
	s.in[0].Absent, s.in[2].Absent = true, true
	s.step(0)
	if s.state.Phase != MatchOver || s.state.Winner != 1 {
		t.Errorf("phase %d, winner %d after all others left", s.state.Phase, s.state.Winner)
	}
	s.in[1].Absent = true
	s.step(0)
	s.step(0)
}

// After a while a fight hurts by itself, so that careful players come to an end.
func TestSuddenDeath(t *testing.T) {
	s := newStand(-100, 100)
	for range SuddenDeath - 1 {
		s.step(0)
	}
	if s.heard(); s.fighter(0).Hurt != 0 {
		t.Error("too sudden")
	}
	for range 400 {
		s.step(0)
	}
	if got := s.heard(); s.fighter(0).Hurt != 100 || s.fighter(1).Hurt != 100 || got[CueSudden] != 1 {
		t.Errorf("hurt %d and %d, cues %v", s.fighter(0).Hurt, s.fighter(1).Hurt, got)
	}
}

func TestForgiveness(t *testing.T) {
	// Off the edge, and a jump still counts for a few frames.
	s := newStand(StageHalf-5, 0)
	f := s.fighter(0)
	s.until(t, Right, func() bool { return !f.Grounded })
	s.step(Right)
	s.step(Right)
	if s.step(Right | Jump); f.Jumps != AirJumps || f.Vel.Y > -one*6 {
		t.Errorf("no jump from just behind the edge: jumps %d, speed %v", f.Jumps, f.Vel)
	}
	// Pressed a little before landing, it counts at the landing.
	s = newStand(-100, 0)
	f = s.fighter(0)
	f.Pos.Y, f.Grounded, f.Jumps, f.Vel.Y, f.Coyote = -one*30, false, 0, one*7, 0
	s.step(Jump)
	if s.until(t, Jump, func() bool { return f.Vel.Y < -one*6 }); f.Pos.Y < -one*12 {
		t.Errorf("jumped at %v", f.Pos)
	}
	// Pressed early in a long hit-stop, it counts after it.
	s = newStand(-100, 0)
	f = s.fighter(0)
	f.Stop = 12
	if s.step(Jump); s.until(t, Jump, func() bool { return f.Vel.Y < -one*6 }) > 12 {
		t.Error("the hit-stop swallowed the jump")
	}
	// Almost up, and moving in: lifted onto the stage.
	s = newStand(-100, 0)
	f = s.fighter(0)
	f.Pos, f.Grounded, f.Jumps = fixed.V(-StageHalf-BodyWidth/2-6, 8), false, 0
	if n := s.until(t, Right, func() bool { return f.Grounded }); f.Pos.Y != 0 || n > 10 {
		t.Errorf("stands at %v after %d frames", f.Pos, n)
	}
	// Deep beside the stage: the wall is slid down, and jumped from.
	s = newStand(-100, 0)
	f = s.fighter(0)
	f.Pos, f.Grounded, f.Jumps, f.Vel.Y = fixed.V(-StageHalf-BodyWidth/2-2, 25), false, 0, one*4
	s.until(t, Right, func() bool { return f.Wall == 1 })
	s.step(Right)
	if f.Vel.Y > wallSlide {
		t.Errorf("falls at %v along the wall", f.Vel.Y)
	}
	if s.step(Right | Jump); f.Vel.X >= 0 || f.Vel.Y > -one*6 {
		t.Errorf("no jump from the wall: %v", f.Vel)
	}
}

func TestThinPlatforms(t *testing.T) {
	p := Platforms[0]
	s := newStand((p.Left+p.Right)/2, 0)
	f := s.fighter(0)
	s.until(t, Jump, func() bool { return f.Grounded && f.Pos.Y == one*fixed.Num(p.Y) })
	s.until(t, 0, func() bool { return f.Vel == fixed.Vec{} })
	s.step(Down)
	if s.until(t, 0, func() bool { return f.Grounded }); f.Pos.Y != 0 {
		t.Errorf("dropped to %v", f.Pos)
	}
}

// A dash goes through a punch, and only one punch of the two lands.
func TestDashIsSafe(t *testing.T) {
	hit := func(bits uint64) bool {
		s := newStand(-20, 15)
		s.in[1].Bits = Punch
		s.step(0)
		s.in[1].Bits = 0
		for range WindUpFrames - 1 {
			s.step(0)
		}
		s.step(bits)
		return s.fighter(0).Move == Stunned
	}
	if !hit(0) {
		t.Fatal("the punch misses anyway")
	}
	if hit(Dash) {
		t.Error("the dash is hit")
	}
}

// Left and right, and the first and the second seat, are treated alike: the
// mirror image of a fight is a fight.
func TestMirror(t *testing.T) {
	hits := 0
	for seed := range uint64(100) {
		a, b := newStand(-30, 20), newStand(-20, 30)
		r := fixed.Rand(seed)
		var held [2]uint64
		for frame := range 900 {
			for i := range held {
				if r.Intn(4) == 0 {
					held[i] ^= 1 << r.Intn(7)
				}
				if r.Intn(8) == 0 { // to one another
					held[i] &^= Left | Right
					held[i] |= toward(a.fighter(1-i).Pos.X - a.fighter(i).Pos.X)
				}
				a.in[i].Bits = held[i]
				m := held[i] &^ (Left | Right)
				if held[i]&Left != 0 {
					m |= Right
				}
				if held[i]&Right != 0 {
					m |= Left
				}
				b.in[1-i].Bits = m
			}
			a.Step(a.in)
			b.Step(b.in)
			if a.state.Phase != Fight {
				break
			}
			for i := range held {
				x, y := *a.fighter(i), *b.fighter(1 - i)
				y.Pos.X, y.Vel.X, y.Face, y.Wall, y.Held = -y.Pos.X, -y.Vel.X, -y.Face, -y.Wall, x.Held
				if y.By >= 0 {
					y.By = 1 - y.By
				}
				if y.Struck != 0 {
					y.Struck = 3 - y.Struck
				}
				if x.Move == Stunned && x.Clock == 9 {
					hits++
				}
				if x != y {
					t.Fatalf("seed %d, frame %d: fighter %d is\n%+v, its mirror image\n%+v", seed, frame, i, x, y)
				}
			}
		}
	}
	if hits < 100 {
		t.Errorf("only %d hits were mirrored", hits)
	}
}

// Whatever is pressed, nobody ends up inside the stage, or flies faster than
// anything can.
func TestMashing(t *testing.T) {
	var in [MaxPlayers]netcode.Input
	for seed := range uint64(60) {
		n := int(2 + seed%3)
		g, r := New(seed, n), fixed.Rand(seed)
		for frame := range 4000 {
			for i := range in[:n] {
				if r.Intn(5) == 0 {
					in[i].Bits ^= 1 << r.Intn(64)
				}
			}
			g.Step(in[:n])
			for i := range g.state.Fighters[:n] {
				f := &g.state.Fighters[i]
				if f.Move == Fallen {
					continue
				}
				if f.inStage() {
					t.Fatalf("seed %d, frame %d: fighter %d is in the stage at %v", seed, frame, i, f.Pos)
				}
				if f.Grounded && !f.overGround() {
					t.Fatalf("seed %d, frame %d: fighter %d stands on nothing at %v", seed, frame, i, f.Pos)
				}
				if f.Vel.X.Abs() > 60*one || f.Vel.Y.Abs() > 60*one {
					t.Fatalf("seed %d, frame %d: fighter %d flies at %v", seed, frame, i, f.Vel)
				}
			}
		}
	}
}
