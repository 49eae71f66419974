package netcode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/netcodetest"
)

// lawful are the matches of the laws: how many players on how many machines,
// and how many of a thousand. Eight machines cost as much as ten times two.
var lawful = []struct{ machines, players, matches int }{
	{2, 2, 200}, {2, 5, 100}, {3, 3, 200}, {3, 8, 100}, {4, 4, 150}, {4, 6, 50}, {8, 8, 200},
}

func newLawful() netcode.Game { return &netcode.Toy{} }

// The laws of the engine are those of netcodetest.Converge, and a game that
// shows every mistake. Without -long a thousand matches are played, and a
// hundred where each takes long (-race, js/wasm).
func TestLaws(t *testing.T) {
	thousands, part := 1, 1
	if slow {
		part = 10
	}
	if *netcode.Long {
		thousands = 100
	}
	const batch = 100 // matches of one test, so that all cores have something to do to the end
	for _, l := range lawful {
		for from, all := 0, l.matches*thousands/part; from < all; from += batch {
			t.Run(fmt.Sprintf("%d_players_on_%d/%d", l.players, l.machines, from), func(t *testing.T) {
				t.Parallel()
				netcodetest.Converge(t, newLawful, l.players, &netcodetest.Options{Machines: l.machines, First: from, Matches: min(batch, all-from)})
			})
		}
	}
}

// witness takes what a test would say.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Errorf(format string, args ...any) { w.said += fmt.Sprintf(format, args...) }

// faults are mistakes that are planted in the engine, and the matches that show
// them. Those that need rare circumstances have a match that is known to; should
// it no longer do, -long finds another one.
var faults = []struct {
	name     string
	fault    netcode.Fault
	machines int
	storm    bool
	first    int // match to begin with
	matches  int
}{
	{"compare late inputs with nothing", netcode.BlindCompare, 2, false, 0, 20},
	{"speak only when there is something to say", netcode.LostAck, 2, false, 0, 20},
	{"confirm what only this machine has", netcode.ConfirmEarly, 3, false, 0, 20},
	{"take input again from whom an older ballot suspects", netcode.ThawEarly, 4, true, 15409, 1},
	{"count what was reported in another view", netcode.OtherView, 3, true, 9640, 1},
	{"take back a confirmed frame", netcode.TakeBack, 2, false, 0, 20},
	{"cut one frame too low", netcode.CutLow, 3, true, 0, 40},
	{"hash the frame on screen", netcode.HashPredicted, 2, false, 0, 20},
	{"predict that a Command is given again", netcode.DoubleCommand, 2, false, 0, 20},
	{"give a Command twice", netcode.RepeatCommand, 2, false, 0, 20},
	{"save no repaired frame", netcode.SkipRepairSave, 2, false, 0, 20},
}

func TestLawsSeeFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			for i := f.first; ; i++ {
				w := &witness{TB: t}
				netcodetest.Converge(w, newLawful, f.machines, &netcodetest.Options{
					Machines: f.machines, First: i, Matches: 1, Storm: f.storm,
					Prepare: func(s *netcode.Session) { netcode.Plant(s, f.fault) },
				})
				if w.said != "" {
					t.Logf("match %d:\n%s", i, w.said)
					return
				}
				if i >= f.first+f.matches-1 && !*netcode.Long || i > f.first+100_000 {
					t.Fatalf("nothing is seen in matches %d to %d; look for others with -long", f.first, i)
				}
			}
		})
	}
}
