package game

import (
	"fmt"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
	"github.com/punchback/punchback/netcode/netcodetest"
	"github.com/punchback/punchback/netcode/simnet"
)

func TestDeterminism(t *testing.T) {
	files := []string{1: "testdata/1.replay", "testdata/2.replay", "testdata/3.replay", "testdata/4.replay"}
	for players := 1; players <= MaxPlayers; players++ {
		netcodetest.Check(t, func() netcode.Game { return New(uint64(players), players) }, players, nil)
		netcodetest.Converge(t, func() netcode.Game { return New(uint64(players), players) }, players, nil)
		netcodetest.Golden(t, func(terms netcode.Terms) netcode.Game { return New(terms.Seed, terms.Players) }, players, files[players])
	}
}

func TestFieldsHaveNames(t *testing.T) {
	g := New(1, 2)
	before := g.Save(nil)
	g.state.Fighters[1].Vel.X++
	if d := netcode.FirstDifference(g, before, g.Save(nil)); !strings.Contains(d, "(Fighters[1].Vel.X)") {
		t.Errorf("the difference is in %q", d)
	}
}

// tape keeps the inputs that nobody can change any more.
type tape [][]netcode.Input

func (tp *tape) Record(r *netcode.Row) error {
	*tp = append(*tp, append([]netcode.Input(nil), r.Inputs...))
	return nil
}

// Bots play one another over a bad network: all machines see the same match,
// it is the one that the recorded inputs make without any network, and what
// each has heard, less what was taken back, is what happened in it.
func TestOverABadNetwork(t *testing.T) {
	for players := 2; players <= MaxPlayers; players++ {
		net := simnet.New(uint64(players), players)
		net.SetAll(simnet.Path{Latency: 4000, Jitter: 2000, Loss: 100})
		games, heard := make([]*Game, players), make([]map[string]int, players)
		sessions, tapes := make([]*netcode.Session, players), make([]tape, players)
		var seats []netcode.Peer
		for i := range players {
			seats = append(seats, netcode.Peer(i))
		}
		for i := range sessions {
			games[i], heard[i] = New(9, players), map[string]int{}
			games[i].ring.Slack = cues.Exact
			var err error
			sessions[i], err = netcode.NewSession(games[i], net.Peer(netcode.Peer(i)), netcode.Config{
				Terms: netcode.Terms{Players: players, Build: Build},
				Seats: seats, Self: netcode.Peer(i), Recorders: []netcode.Recorder{&tapes[i]},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		listen := func(g *Game, heard map[string]int) {
			for c, happened := range g.Cues().Heard(g.State().Frame) {
				n := 1
				if !happened {
					n = -1
				}
				heard[fmt.Sprint(c.Frame, c.Kind, c.Who)] += n
			}
		}
		const frames = 40 * Rate
		for done := false; !done; net.Tick() {
			done = true
			for i, s := range sessions {
				if err := s.Advance(netcode.Input{Bits: Bot(games[i].State(), netcode.Player(i), uint64(i))}); err != nil {
					t.Fatal(err)
				}
				listen(games[i], heard[i])
				done = done && s.Confirmed() >= frames
			}
			if sessions[0].Frame() > 10*frames {
				t.Fatal("nothing is confirmed")
			}
		}
		solo, truth := New(9, players), map[string]int{}
		for f := range netcode.Frame(frames) {
			solo.Step(tapes[0][f])
			listen(solo, truth)
		}
		want := len(truth)
		if want < 50 {
			t.Errorf("%d players: only %d cues in %d frames", players, want, frames)
		}
		for i, s := range sessions {
			if s.Stats().Rollbacks == 0 {
				t.Errorf("machine %d never rolled back", i)
			}
			other := New(9, players)
			for f := range frames {
				other.Step(tapes[i][f])
			}
			if d := netcode.FirstDifference(solo, solo.Save(nil), other.Save(nil)); d != "" {
				t.Errorf("machine %d of %d played another match: %s", i, players, d)
			}
			for f := netcode.Frame(1); f <= frames; f++ {
				for kind := range CueMatch + 1 {
					for who := range netcode.Player(players) {
						k := fmt.Sprint(f, kind, who)
						if heard[i][k] != truth[k] {
							t.Fatalf("machine %d of %d heard cue %d of player %d in frame %d %d times, and it happened %d times",
								i, players, kind, who, f, heard[i][k], truth[k])
						}
					}
				}
			}
		}
	}
}
