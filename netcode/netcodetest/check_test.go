package netcodetest

import (
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
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
	Check(t, func() netcode.Game { return plain.New(new(state), step) }, 2, nil)
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
		err := check(func() netcode.Game { return plain.New(new(state), c.step) }, 2, &Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "frame ") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	err := check(func() netcode.Game { return &guesser{plain.New(new(state), step)} }, 2, &Options{})
	if err == nil || !strings.Contains(err.Error(), "frame 0 differs after Predict") {
		t.Error(err)
	}
	shallow := func() netcode.Game { return &forgetful{Game: plain.New(new(state), step)} }
	err = check(shallow, 2, &Options{})
	if err == nil || !strings.Contains(err.Error(), "frame 41 differs when it was rolled back from frame 41 to 34 and stepped again") {
		t.Error(err)
	}
	n := uint32(0)
	err = check(func() netcode.Game { n++; return plain.New(&state{Tick: n}, step) }, 2, &Options{})
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

// order is a Command of its own that a game understands: a word and a seat to hit.
type order struct{ Hits [4]uint32 }

func takeOrders(s *order, in []netcode.Input) {
	for p := range in {
		if c := in[p].Command; len(c) == 4 && string(c[:3]) == "hit" && int(c[3]) < len(in) {
			s.Hits[c[3]]++
		}
	}
}

func giveOrders(f netcode.Frame, p netcode.Player, r *fixed.Rand, g netcode.Game) netcode.Input {
	in := netcode.Input{Bits: r.Uint64() & 3}
	if r.Intn(10) == 0 {
		in.Command = append([]byte("hit"), byte(r.Intn(4)))
	}
	return in
}

// A game's own orders are played, in Check and in Converge, and a fault that only they
// reach is found.
func TestInputsOfTheAuthor(t *testing.T) {
	hits := 0
	count := func() netcode.Game {
		return plain.New(new(order), func(s *order, in []netcode.Input) {
			before := s.Hits
			if takeOrders(s, in); s.Hits != before {
				hits++
			}
		})
	}
	for _, play := range []func(o *Options){
		func(o *Options) { Check(t, count, 4, o) },
		func(o *Options) { Converge(t, count, 4, o) },
	} {
		hits = 0
		if play(&Options{Matches: 5}); hits > 0 {
			t.Errorf("random bytes hit %d times", hits)
		}
		if play(&Options{Matches: 5, Inputs: giveOrders}); hits < 100 {
			t.Errorf("the author's orders hit %d times", hits)
		}
	}
	outside := uint32(0)
	w := &witness{TB: t}
	Check(w, func() netcode.Game {
		return plain.New(new(order), func(s *order, in []netcode.Input) {
			before := s.Hits[2]
			if takeOrders(s, in); s.Hits[2] != before {
				outside++
				s.Hits[3] += outside
			}
		})
	}, 4, &Options{Inputs: giveOrders})
	if !strings.Contains(w.said, "(Hits[3])") {
		t.Errorf("the fault behind an order is told as %q", w.said)
	}
}

// What can't be played is refused by name.
func TestOptionsAreChecked(t *testing.T) {
	game := func() netcode.Game { return plain.New(new(state), clipped) }
	for want, c := range map[string]struct {
		players int
		o       Options
	}{
		"netcodetest: players is 0, must be 1 to 8":           {0, Options{}},
		"netcodetest: players is -1, must be 1 to 8":          {-1, Options{}},
		"netcodetest: players is 9, must be 1 to 8":           {9, Options{}},
		"netcodetest: Options.Matches is -1, must be 0 to ":   {2, Options{Matches: -1}},
		"netcodetest: Options.First is -5, must be 0 to ":     {2, Options{First: -5}},
		"netcodetest: Options.Machines is 3, must be 0 to 2":  {2, Options{Machines: 3}},
		"netcodetest: Options.Machines is -1, must be 0 to 2": {2, Options{Machines: -1}},
	} {
		for _, play := range []func(t testing.TB){
			func(t testing.TB) { Check(t, game, c.players, &c.o) },
			func(t testing.TB) { Converge(t, game, c.players, &c.o) },
		} {
			w := &witness{TB: t}
			if play(w); !strings.HasPrefix(w.said, want) {
				t.Errorf("said is %q, want %q", w.said, want)
			}
		}
	}
}
