package netcode_test

import (
	"fmt"
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
