package netcodetest

import (
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
)

type ball struct{ X, V int64 }

type state struct {
	Tick  uint32
	Balls [2]ball
	Said  uint64
}

func step(s *state, in []netcode.Input) {
	s.Tick++
	for p := range in {
		s.Balls[p].V += int64(in[p].Bits&3) - 1
		s.Balls[p].X += s.Balls[p].V
		for _, c := range in[p].Command {
			s.Said = s.Said*31 + uint64(c)
		}
	}
}

func TestGoodGame(t *testing.T) {
	Check(t, func() netcode.Game { return plain.New(new(state), step) }, 2)
}

func TestBadGames(t *testing.T) {
	outside := int64(0)
	var kept [][]byte
	for _, c := range []struct {
		name, want string
		step       func(*state, []netcode.Input)
	}{
		{"a variable outside", "(Balls[1].V)", func(s *state, in []netcode.Input) {
			step(s, in)
			outside++
			if s.Tick > 40 {
				s.Balls[1].V += outside & 1
			}
		}},
		{"a Command that is kept", "(Said)", func(s *state, in []netcode.Input) {
			step(s, in)
			for _, c := range kept {
				s.Said += uint64(len(c)) + uint64(c[0])
			}
			kept = kept[:0]
			if c := in[0].Command; len(c) > 0 {
				kept = append(kept, c)
			}
		}},
	} {
		err := check(func() netcode.Game { return plain.New(new(state), c.step) }, 2)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "frame ") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	err := check(func() netcode.Game { return &guesser{plain.New(new(state), step)} }, 2)
	if err == nil || !strings.Contains(err.Error(), "frame 0 differs after Predict") {
		t.Error(err)
	}
	shallow := func() netcode.Game { return &forgetful{Game: plain.New(new(state), step)} }
	err = check(shallow, 2)
	if err == nil || !strings.Contains(err.Error(), "frame 41 differs when it was rolled back from frame 41 to 34 and stepped again") {
		t.Error(err)
	}
	n := uint32(0)
	err = check(func() netcode.Game { n++; return plain.New(&state{Tick: n}, step) }, 2)
	if err == nil || !strings.Contains(err.Error(), "two new games differ") {
		t.Error(err)
	}
}

// guesser changes the state when it predicts.
type guesser struct{ netcode.Game }

func (g *guesser) Predict(netcode.Player, uint64, int) uint64 {
	g.Step([]netcode.Input{{}, {}})
	return 0
}

// forgetful goes wrong at frame 41 if it was stepped there from seven frames
// before: only a rollback of just that depth shows it.
type forgetful struct {
	netcode.Game
	frame, since int
}

func (g *forgetful) Load(src []byte) {
	g.Game.Load(src)
	g.frame, g.since = int(src[0]), 0
}

func (g *forgetful) Step(in []netcode.Input) {
	if g.frame, g.since = g.frame+1, g.since+1; g.frame == 41 && g.since == 7 {
		in[0].Bits ^= 2
	}
	g.Game.Step(in)
}
