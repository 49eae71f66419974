package netcodetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
)

func TestGoodGameConverges(t *testing.T) {
	for _, players := range []int{1, 2, 3} {
		Converge(t, func() netcode.Game { return plain.New(new(state), clipped) }, players, &Options{Matches: 40})
	}
}

// clipped takes any number of players.
func clipped(s *state, in []netcode.Input) { step(s, in[:min(len(in), 2)]) }

// witness takes what a test would say.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Error(args ...any) { w.said += fmt.Sprint(args...) }

func (w *witness) Errorf(format string, args ...any) { w.said += fmt.Sprintf(format, args...) }

// A game that comes out differently on the other machine is seen, its story is
// as short as can be, and the seed that is told shows it again.
func TestBadGameDoesNotConverge(t *testing.T) {
	bad := func() func() netcode.Game {
		games := 0
		return func() netcode.Game {
			games++
			odd := games%2 == 0
			return plain.New(new(state), func(s *state, in []netcode.Input) {
				clipped(s, in)
				if odd && s.Tick > 20 {
					s.Said++
				}
			})
		}
	}
	w := &witness{TB: t}
	Converge(w, bad(), 4, &Options{Matches: 20, Machines: 4})
	for _, want := range []string{
		"netcodetest: the law \"the right state\" is broken at tick ",
		"again: go test ./netcode/netcodetest -run '^TestBadGameDoesNotConverge$' -netcode.seed=0x",
		"4 machines, ", " became 2, ", " and 0 in ",
		"  machine 0 has player ", "\n  nobody gives a Command\n",
		"confirms frame 32 with hash ", " (Said) is ",
	} {
		if !strings.Contains(w.said, want) {
			t.Errorf("%q is not in:\n%s", want, w.said)
		}
	}
	_, again, _ := strings.Cut(w.said, "-netcode.seed=")
	if _, err := fmt.Sscanf(again, "%v", onlySeed); err != nil {
		t.Fatal(err)
	}
	defer func() { *onlySeed = 0 }()
	v := &witness{TB: t}
	Converge(v, bad(), 4, &Options{Matches: 20, Machines: 4})
	if v.said != w.said {
		t.Errorf("another time it is another story:\n%s", v.said)
	}
}

// A story that lost a machine speaks of the others only.
func TestStoryWithoutAMachine(t *testing.T) {
	for i := range 200 {
		s := newStory(seedOf(i), 6, 4, i%2 == 0)
		for m := range 4 {
			c := s.without(m)
			for p, id := range c.seats {
				if id != netcode.Nobody && int(id) >= c.machines || int(s.seats[p]) == m && id != netcode.Nobody {
					t.Fatalf("player %d is on machine %d without machine %d:\n%s%s", p, id, m, s.describe(), c.describe())
				}
			}
			for _, x := range c.troubles {
				var ok bool
				switch x.kind {
				case cut, burst:
					ok = x.a < 3 && x.b < 3
				case lag:
					ok = x.a < 3 && x.b>>16 < 3
				case part:
					ok = x.a < 1<<3
				case delay:
					ok = c.seats[x.a] != netcode.Nobody
				default:
					ok = x.a < 3
				}
				if !ok {
					t.Fatalf("%+v without machine %d:\n%s%s", x, m, s.describe(), c.describe())
				}
			}
		}
	}
}

// No Command is the same as the next one, so that it can't stand for it.
func TestCommandsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for p := range 8 {
		for k := range 200 {
			c := string(command(7, p, k, nil))
			if len(c) == 0 || len(c) > netcode.MaxCommand {
				t.Fatalf("Command of %d bytes", len(c))
			}
			if next := string(command(7, p, k+1, nil)); c == next {
				t.Errorf("player %d gives %.8x twice in a row", p, c)
			}
			seen[c] = true
		}
	}
	if len(seen) < 1500 {
		t.Errorf("%d of 1,600 Commands differ", len(seen))
	}
}
