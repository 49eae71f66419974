package game

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
)

// A stand is a fight whose fighters were put where a test wants them.
type stand struct {
	*Game
	in  []netcode.Input
	got map[uint8]int // kinds of cues since the last look
}

// newStand puts fighter i at places[i] of the stage, looking at the middle.
func newStand(places ...int) *stand {
	s := &stand{New(1, len(places)), make([]netcode.Input, len(places)), map[uint8]int{}}
	for s.state.Phase != Fight {
		s.step(0)
	}
	for i, x := range places {
		f := &s.state.Fighters[i]
		f.Pos, f.Face = fixed.V(x, 0), 1
		if x > 0 {
			f.Face = -1
		}
	}
	return s
}

// step holds bits of fighter 0 for a frame; the others stand.
func (s *stand) step(bits uint64) {
	s.in[0].Bits = bits
	s.Step(s.in)
	for c, happened := range s.ring.Heard(s.State().Frame) {
		if happened {
			s.got[c.Kind]++
		}
	}
}

// heard counts the cues of each kind since the last look.
func (s *stand) heard() map[uint8]int {
	got := s.got
	s.got = map[uint8]int{}
	return got
}

func (s *stand) fighter(i int) *Fighter { return &s.state.Fighters[i] }

// until counts the frames until done, holding bits.
func (s *stand) until(t *testing.T, bits uint64, done func() bool) int {
	t.Helper()
	for n := 1; n < 600; n++ {
		if s.step(bits); done() {
			return n
		}
	}
	t.Fatal("it never came to that")
	return 0
}

func between[N int | fixed.Num](t *testing.T, what string, got, least, most N) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: %v, want %v to %v", what, got, least, most)
	}
}

// The feel of the game in figures. They are those of platform fighters that
// people like; whoever changes the speeds learns here what has become of them.
func TestFeelOfMoving(t *testing.T) {
	s := newStand(-100, 150)
	f := s.fighter(0)
	between(t, "frames to full speed", s.until(t, Right, func() bool { return f.Vel.X == runSpeed }), 6, 8)
	between(t, "frames to a stop", s.until(t, 0, func() bool { return f.Vel.X == 0 }), 4, 8)
	s.until(t, Right, func() bool { return f.Vel.X == runSpeed })
	between(t, "frames to turn around", s.until(t, Left, func() bool { return f.Vel.X == -runSpeed }), 6, 12)

	air := func(bits func(n int) uint64) (frames int, top fixed.Num) {
		s.until(t, 0, func() bool { return f.Vel == fixed.Vec{} && f.Grounded })
		f.Pos = fixed.V(0, 0)
		for s.step(bits(0)); !f.Grounded; frames++ {
			s.step(bits(frames + 1))
			top = min(top, f.Pos.Y)
		}
		return frames, top
	}
	frames, top := air(func(n int) uint64 { return Jump })
	between(t, "frames of a jump", frames, 35, 45)
	between(t, "height of a jump, over the platforms", -top, -one*fixed.Num(Platforms[0].Y)+one*10, one*100)
	frames, top = air(func(n int) uint64 {
		if n < 4 {
			return Jump
		}
		return 0
	})
	between(t, "frames of a short hop", frames, 18, 30)
	between(t, "height of a short hop", -top, one*25, one*50)
	_, top = air(func(n int) uint64 {
		if n == 20 {
			return 0
		}
		return Jump
	})
	between(t, "height of two jumps", -top, -one*fixed.Num(Platforms[2].Y)+one*10, one*180)

	s = newStand(-100, 150)
	f = s.fighter(0)
	from := f.Pos.X
	s.step(Dash)
	between(t, "frames of a dash", 1+s.until(t, 0, func() bool { return f.Vel.X == 0 }), 12, 20)
	between(t, "length of a dash", f.Pos.X-from, one*70, one*110)
	if f.DashWait == 0 {
		t.Error("the next dash has not to wait")
	}
}

// punchOf gives how far fighter 1 flies out of control, and how long, when
// fighter 0 punches it.
func punchOf(t *testing.T, hurt int16, charge int) (dist fixed.Num, frames, startUp int, out bool) {
	t.Helper()
	s := newStand(-15, 15)
	a, b := s.fighter(0), s.fighter(1)
	b.Hurt = hurt
	for b.Move != Stunned {
		bits := uint64(0)
		if startUp == 0 || charge > 0 && startUp < charge+WindUpFrames {
			bits = Punch
		}
		s.step(bits)
		if startUp++; startUp > 100 {
			t.Fatal("the punch never lands")
		}
	}
	from := b.Pos.X
	frames = s.until(t, 0, func() bool {
		dist = max(dist, b.Pos.X-from)
		return b.Move != Stunned
	})
	if a.Move == Stunned {
		t.Error("who punches is stunned")
	}
	return dist, frames, startUp, b.Move == Fallen
}

func TestFeelOfPunching(t *testing.T) {
	var last fixed.Num
	for _, c := range []struct {
		hurt        int16
		least, most fixed.Num
	}{{0, 25 * one, 60 * one}, {50, 80 * one, 150 * one}, {100, 160 * one, 260 * one}} {
		dist, frames, startUp, _ := punchOf(t, c.hurt, 0)
		between(t, "start-up of a punch", startUp, 4, 6)
		between(t, "knockback", dist, max(c.least, last+one), c.most)
		between(t, "frames out of control", frames, 15, 60)
		charged, _, _, _ := punchOf(t, c.hurt, ChargeFrames)
		if charged < dist*13/10 {
			t.Errorf("at %d %% a charged punch knocks back %v, a quick one %v", c.hurt, charged, dist)
		}
		last = dist
	}
	if _, _, _, out := punchOf(t, 110, ChargeFrames); !out {
		t.Error("a full punch at 110 % in the middle of the stage does not knock out")
	}
	if _, _, _, out := punchOf(t, 40, 0); out {
		t.Error("a quick punch at 40 % in the middle of the stage knocks out")
	}
}
