package game

import (
	"bytes"
	"testing"

	"github.com/punchback/punchback/netcode"
)

// match plays bots against one another until it is over, or the frames are.
func match(g *Game, seed uint64, frames int, each func()) {
	in := make([]netcode.Input, g.state.Players)
	for ; frames > 0 && g.state.Phase != MatchOver; frames-- {
		for i := range in {
			in[i].Bits = Bot(&g.state, netcode.Player(i), seed+uint64(i))
		}
		g.Step(in)
		if each != nil {
			each()
		}
	}
}

// Bots finish: every match has a winner in a few minutes of game time, in
// rounds that are no stalemates, and other seeds end in another way.
func TestBotsFinishTheMatch(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for players := 2; players <= MaxPlayers; players++ {
		ends, winners := map[string]bool{}, map[int8]int{}
		var fights, rounds, longest, first int
		for seed := range uint64(seeds) {
			g := New(seed, players)
			var still [MaxPlayers]int
			before := *g.State()
			match(g, seed*31, 8*60*Rate, func() {
				s := g.State()
				if before.Phase == Fight && s.Phase != Fight {
					fights, rounds, longest = fights+int(before.Clock), rounds+1, max(longest, int(before.Clock))
					if s.Winner == 0 {
						first++
					}
				}
				for i := range s.Fighters[:players] {
					f := &s.Fighters[i]
					if s.Phase != Fight || f.Move == Fallen || f.Pos != before.Fighters[i].Pos {
						still[i] = 0
					} else if still[i]++; still[i] > 5*Rate {
						t.Fatalf("seed %d, %d players: fighter %d stands still at %v in frame %d", seed, players, i, f.Pos, s.Frame)
					}
				}
				before = *s
			})
			s := g.State()
			if s.Phase != MatchOver || s.Winner < 0 || s.Fighters[s.Winner].Wins != RoundsToWin {
				t.Fatalf("seed %d, %d players: no winner after %d frames (round %d, phase %d)", seed, players, s.Frame, s.Round, s.Phase)
			}
			ends[string(g.Save(nil))] = true
			winners[s.Winner]++
		}
		t.Logf("%d players: rounds of %.1f s, the longest %.1f; matches won by seat %v", players,
			float64(fights)/Rate/float64(rounds), float64(longest)/Rate, winners)
		if len(ends) < seeds {
			t.Errorf("%d players: only %d different ends of %d seeds", players, len(ends), seeds)
		}
		if mean := fights / rounds; mean < 15*Rate || mean > 40*Rate {
			t.Errorf("%d players: a round takes %d frames, want 15 to 40 s", players, mean)
		}
		if len(winners) != players {
			t.Errorf("%d players: seats that won matches: %v, want every one", players, winners)
		}
		if share := first * 100 * players / rounds; share < 60 || share > 140 {
			t.Errorf("%d players: seat 0 wins %d %% of its fair share of rounds", players, share)
		}
	}
}

// A frame that is stepped again comes out the same, wherever it is rolled back
// to; and a state that was loaded saves the same bytes.
func TestRollback(t *testing.T) {
	for players := 2; players <= MaxPlayers; players++ {
		a, b := New(7, players), New(99, players)
		in := make([]netcode.Input, players)
		var back []byte
		var did [][]netcode.Input
		for frame := range 3000 {
			if frame%8 == 0 {
				if frame > 0 {
					b.Load(back)
					if got := b.Save(nil); !bytes.Equal(got, back) {
						t.Fatalf("frame %d: what was loaded is not what is saved", frame)
					}
					for _, in := range did {
						b.Step(in)
					}
					if !bytes.Equal(a.Save(nil), b.Save(nil)) {
						t.Fatalf("%d players: frames %d to %d came out different", players, frame-8, frame)
					}
				}
				back, did = a.Save(nil), did[:0]
			}
			for i := range in {
				in[i].Bits = Bot(a.State(), netcode.Player(i), 5)
			}
			did = append(did, append([]netcode.Input(nil), in...))
			a.Step(in)
		}
	}
}
