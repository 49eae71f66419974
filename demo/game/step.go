package game

import (
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
	"github.com/punchback/punchback/netcode/fixed"
)

// world is a State on its way through one step, and where its cues go.
type world struct {
	*State
	ring *cues.Ring
}

func (s *State) reset(seed uint64, players int) {
	*s = State{Rand: fixed.Rand(seed), Players: uint8(max(1, min(players, MaxPlayers))), Winner: -1}
	s.nextRound()
}

// nextRound puts everybody back on the stage, at places that are drawn anew.
func (s *State) nextRound() {
	s.Phase, s.Clock, s.Winner = Countdown, CountdownFrames, -1
	s.Round++
	n := int(s.Players)
	places := [MaxPlayers]int{0, 1, 2, 3}
	for i := n - 1; i > 0; i-- {
		j := s.Rand.Intn(i + 1)
		places[i], places[j] = places[j], places[i]
	}
	for i := range s.Fighters[:n] {
		f := &s.Fighters[i]
		x := (2*places[i] - n + 1) * 300 / (2 * n) // 150 apart for two, 75 for four
		face := int8(1)
		if x > 0 || x == 0 && s.Rand.Intn(2) == 0 {
			face = -1
		}
		*f = Fighter{
			Pos: fixed.V(x, 0), Face: face, Grounded: true, OnStage: true, Jumps: AirJumps, Dashes: AirDashes,
			By: -1, Held: f.Held, Wins: f.Wins, Gone: f.Gone,
		}
		if f.Gone {
			f.Move = Fallen
		}
	}
}

// step is one frame of the match.
func (s *State) step(ring *cues.Ring, in []netcode.Input) {
	s.Frame++
	ring.Begin(s.Frame)
	w := world{s, ring}
	w.attend(in)
	switch s.Phase {
	case Countdown:
		w.countdown(in)
	case Fight:
		s.Clock++
		if s.Clock == SuddenDeath {
			w.cue(CueSudden, 0, fixed.Vec{}, 0)
		}
		w.brawl(in)
		w.decide()
	case RoundOver:
		w.brawl(in)
		if s.Clock--; s.Clock > 0 {
			break
		}
		if s.Winner >= 0 && s.Fighters[s.Winner].Wins >= RoundsToWin {
			w.finish(s.Winner)
		} else {
			s.nextRound()
		}
	case MatchOver:
		s.Clock = min(s.Clock+1, 1<<30)
		w.brawl(in)
	}
}

// attend sees who is here. Whoever leaves is out; whoever comes waits for the next
// round; and who is left alone has won.
func (w world) attend(in []netcode.Input) {
	here, last := 0, int8(-1)
	for i := range w.Fighters[:w.Players] {
		f := &w.Fighters[i]
		f.Gone = i >= len(in) || in[i].Absent
		if f.Gone {
			f.Move, f.Held = Fallen, 0
			continue
		}
		here, last = here+1, int8(i)
	}
	if w.Players > 1 && here < 2 && w.Phase != MatchOver {
		w.finish(last)
	}
}

func (w world) countdown(in []netcode.Input) {
	if left := w.Clock; left%(CountdownFrames/3) == 0 && left >= CountdownFrames/3 {
		w.cue(CueCount, 0, fixed.Vec{}, int(left/(CountdownFrames/3)))
	}
	for i := range w.Fighters[:w.Players] {
		if f := &w.Fighters[i]; !f.Gone {
			f.Held = uint16(in[i].Bits & allBits)
			f.turn(direction(in[i].Bits))
		}
	}
	if w.Clock--; w.Clock <= 0 {
		w.Phase, w.Clock = Fight, 0
		w.cue(CueGo, 0, fixed.Vec{}, 0)
	}
}

// brawl is one frame in which fighters move. They can hit one another only in
// a Fight.
func (w world) brawl(in []netcode.Input) {
	for i := range w.Fighters[:w.Players] {
		f := &w.Fighters[i]
		if f.Move == Fallen {
			continue
		}
		if w.Phase == Fight && w.Clock >= SuddenDeath && w.Clock%4 == 0 {
			f.Hurt = min(f.Hurt+1, MaxHurt)
		}
		w.act(i, in[i].Bits&allBits)
	}
	w.push()
	if w.Phase == Fight {
		w.strike()
	}
	w.fall()
}

// decide ends the round when one is left, or none.
func (w world) decide() {
	left, last := 0, int8(-1)
	for i := range w.Fighters[:w.Players] {
		if w.Fighters[i].Move != Fallen {
			left, last = left+1, int8(i)
		}
	}
	if left > 1 || left == 1 && w.Players == 1 {
		return
	}
	w.Phase, w.Clock, w.Winner = RoundOver, RoundOverFrames, last
	if last >= 0 {
		f := &w.Fighters[last]
		f.Wins++
		w.cue(CueRound, last, f.Pos, int(f.Wins))
	}
}

func (w world) finish(winner int8) {
	w.Phase, w.Clock, w.Winner = MatchOver, 0, winner
	if winner >= 0 {
		f := &w.Fighters[winner]
		if f.Move == Fallen {
			f.revive()
		}
		w.cue(CueMatch, winner, f.Pos, int(f.Wins))
	}
}

// fall takes out who has left the world. After the match there is no out: the
// winner comes back, to go on dancing.
func (w world) fall() {
	const side, top, bottom = fixed.One * BlastSide, fixed.One * BlastTop, fixed.One * BlastBottom
	for i := range w.Fighters[:w.Players] {
		f := &w.Fighters[i]
		at := f.middle()
		if f.Move == Fallen || at.X.Abs() <= side && at.Y >= top && at.Y <= bottom {
			continue
		}
		w.cue(CueFall, int8(i), fixed.Vec{X: at.X.Clamp(-side, side), Y: at.Y.Clamp(top, bottom)}, int(f.Hurt))
		f.Move, f.Vel, f.Grounded, f.Wall = Fallen, fixed.Vec{}, false, 0
		if w.Phase == MatchOver && int8(i) == w.Winner {
			f.revive()
		}
	}
}

func (f *Fighter) revive() {
	*f = Fighter{Pos: fixed.V(0, -200), Face: 1, Jumps: AirJumps, Dashes: AirDashes, By: -1, Held: f.Held, Wins: f.Wins}
}

func (w world) cue(kind uint8, who int8, at fixed.Vec, size int) {
	w.ring.Emit(kind, netcode.Player(who), int32(at.X.Int()), int32(at.Y.Int()), int32(size))
}

// middle is the middle of the body.
func (f *Fighter) middle() fixed.Vec {
	return fixed.Vec{X: f.Pos.X, Y: f.Pos.Y - fixed.One*BodyHeight/2}
}
