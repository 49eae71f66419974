package netcodetest

import (
	"bytes"
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
)

var onlySeed = flag.Uint64("netcode.seed", 0, "play only the match of this seed in netcodetest.Converge")

// Options change what Check and Converge do. Zero values ask for the default.
type Options struct {
	// Inputs makes what player p gives, such as a Command that the game understands:
	// random bytes seldom are one. It may look at the game, which shows frame f-1 here,
	// and takes all chance from r, so that a failure can be repeated. It must not change
	// the game. Nil makes random Bits and Commands.
	Inputs func(f netcode.Frame, p netcode.Player, r *fixed.Rand, g netcode.Game) netcode.Input

	Matches  int                    // how many, each from its own seed; zero means 100, and 20 with -short
	First    int                    // the first of them; counts from 0
	Machines int                    // in each match; zero means from 2 up to as many as there are players
	Storm    bool                   // every match is one of short timeouts and broken wires; else one in six is
	Prepare  func(*netcode.Session) // sees each session before its first tick
}

// Converge plays matches of the game with the given number of players, on
// several machines each, over networks that lose, delay, repeat and reorder
// packets, with cut wires, bursts of loss, machines that sleep or run slow, and
// players who change their delay, all from seeds. It fails unless
//
//   - all machines confirm the same history, frame by frame;
//   - the hash of each frame is that of a solo simulation of the history;
//   - every Command given is in it, once, in order, and no other is;
//   - a frame is confirmed only when everybody holds it;
//   - nobody is left out of the match or told of a desync;
//   - everybody gets on once the trouble is over.
//
// The story of a failure is made as short as it can be and told in sentences,
// with the command that plays it again.
//
// newGame must make the same game each time.
func Converge(t testing.TB, newGame func() netcode.Game, players int, o *Options) {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	if err := o.check(players); err != nil {
		t.Error(err)
		return
	}
	matches := o.Matches
	if matches == 0 {
		matches = 100
		if testing.Short() {
			matches = 20
		}
	}
	w := &match{newGame: newGame, options: o}
	for i := range matches {
		seed := seedOf(o.First + i)
		if *onlySeed != 0 {
			if i > 0 {
				break
			}
			seed = *onlySeed
		}
		machines := o.Machines
		if machines == 0 {
			machines = min(2+int(seed>>20%uint64(max(1, players-1))), players)
		}
		s := newStory(seed, players, machines, o.Storm)
		if b := w.play(s); b != nil {
			t.Errorf("%s", w.report(t.Name(), s, b))
			return
		}
	}
}

// check names the first limit that is broken.
func (o *Options) check(players int) error {
	for _, l := range [...]struct {
		name          string
		value, lo, hi int
	}{
		{"players", players, 1, netcode.MaxPlayers},
		{"Options.Matches", o.Matches, 0, 1 << 30},
		{"Options.First", o.First, 0, 1 << 30},
		{"Options.Machines", o.Machines, 0, players},
	} {
		if l.value < l.lo || l.value > l.hi {
			return fmt.Errorf("netcodetest: %s is %d, must be %d to %d", l.name, l.value, l.lo, l.hi)
		}
	}
	return nil
}

// input is what Inputs makes, as a copy, from chances that depend on nothing else.
func (o *Options) input(f netcode.Frame, p int, seed uint64, g netcode.Game) netcode.Input {
	r := fixed.Rand(seed ^ uint64(f)<<8 ^ uint64(p))
	in := o.Inputs(f, netcode.Player(p), &r, g)
	in.Command = bytes.Clone(in.Command)
	return in
}

// seedOf spreads the seeds, and never gives 0.
func seedOf(i int) uint64 {
	r := random(i + 1)
	return r.next()>>16 | 1
}

// report tells what went wrong, in the shortest story that shows it.
func (w *match) report(test string, s *story, b *breach) string {
	short, why, runs := w.shrink(s, b)
	var text strings.Builder
	fmt.Fprintf(&text, "netcodetest: the law %q is broken at tick %d: %s\n", b.law, b.tick, b.text)
	fmt.Fprintf(&text, "again: go test %s -run '^%s$' -netcode.seed=%#x\n", testPackage(), strings.ReplaceAll(test, "/", "$/^"), s.seed)
	fmt.Fprintf(&text, "%d machines, %d ticks and %d troubles became %d, %d and %d in %d runs:\n",
		s.machines, s.ticks, len(s.troubles), short.machines, short.ticks, len(short.troubles), runs)
	for line := range strings.Lines(short.describe()) {
		fmt.Fprintf(&text, "  %s", line)
	}
	fmt.Fprintf(&text, "  tick %d: %s\n", why.tick, why.text)
	return text.String()
}

// testPackage is the package of the running test as go test takes it.
func testPackage() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "."
	}
	return strings.Replace(strings.TrimSuffix(info.Path, ".test"), info.Main.Path, ".", 1)
}
