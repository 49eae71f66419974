package game

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
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
		seeds = 30
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
// In one and the same match, bots with other seeds play differently.
func TestOtherSeedsPlayDifferently(t *testing.T) {
	ends := map[uint64]uint64{}
	for seed := range uint64(20) {
		g := New(7, 2)
		match(g, 100*seed, 300, nil)
		h := netcode.HashState(g.Save(nil))
		if other, ok := ends[h]; ok {
			t.Errorf("seeds %d and %d end in the same state", other, 100*seed)
		}
		ends[h] = 100 * seed
	}
}

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

var rewrite = flag.Bool("rewrite", false, "accept what comes out as golden")

// Scripted matches come to the same states on every machine. The file was
// written once; amd64 and js/wasm both have to agree with it. A change of the
// rules changes it: then look at it, accept it with -rewrite, and raise Build.
func TestGolden(t *testing.T) {
	const file = "testdata/golden.txt"
	var got strings.Builder
	for players := 1; players <= MaxPlayers; players++ {
		for seed := range uint64(3) {
			g := New(seed, players)
			mash := fixed.Rand(seed)
			held := make([]uint64, players)
			in := make([]netcode.Input, players)
			for frame := 1; frame <= 7200; frame++ {
				for i := range in {
					// Seats are played by the bot, and by somebody who hits all keys.
					in[i] = netcode.Input{Bits: Bot(g.State(), netcode.Player(i), seed)}
					if (frame/600+i)%3 == 0 {
						if mash.Intn(4) == 0 {
							held[i] ^= 1 << mash.Intn(7)
						}
						in[i].Bits = held[i]
					}
					in[i].Absent = frame > 6000 && i == 2
				}
				g.Step(in)
				if frame%900 == 0 {
					h := fnv.New64a()
					h.Write(g.Save(nil))
					s := g.State()
					fmt.Fprintf(&got, "players %d seed %d frame %d round %d phase %d hash %016x\n", players, seed, frame, s.Round, s.Phase, h.Sum64())
				}
			}
		}
	}
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wants := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(wants) || line != wants[i] {
			t.Fatalf("line %d of %s: got %q", i+1, file, line)
		}
	}
}

// A step with all its cues, a save and a load allocate nothing.
func TestNothingIsAllocated(t *testing.T) {
	g := New(3, 4)
	match(g, 3, CountdownFrames+200, nil)
	in := make([]netcode.Input, 4)
	buf := g.Save(nil)
	heard := 0
	if n := testing.AllocsPerRun(500, func() {
		for i := range in {
			in[i].Bits = Bot(g.State(), netcode.Player(i), 1)
		}
		g.Step(in)
		buf = g.Save(buf[:0])
		g.Load(buf)
		for range g.Cues().Heard(g.State().Frame) {
			heard++
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if heard == 0 {
		t.Error("no cue was heard")
	}
}

func TestStateIsSmall(t *testing.T) {
	if n := len(New(1, 4).Save(nil)); n > 512 {
		t.Errorf("the state has %d bytes", n)
	}
}

// BenchmarkRepair is the dearest tick there is: load, eight steps, a save
// after each.
func BenchmarkRepair(b *testing.B) {
	g := New(3, 4)
	match(g, 3, CountdownFrames+200, nil)
	in := make([]netcode.Input, 4)
	for i := range in {
		in[i].Bits = Bot(g.State(), netcode.Player(i), 1)
	}
	start, buf := g.Save(nil), g.Save(nil)
	b.ReportAllocs()
	for b.Loop() {
		g.Load(start)
		for range 8 {
			g.Step(in)
			buf = g.Save(buf[:0])
		}
		for range g.Cues().Heard(g.State().Frame) {
		}
	}
}
