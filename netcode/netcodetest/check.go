// Package netcodetest checks a netcode.Game in its author's own tests, one line
// each:
//
//	func TestDeterminism(t *testing.T) {
//		netcodetest.Check(t, func() netcode.Game { return NewPong(1) }, 2, nil)
//	}
//
//	func TestOnline(t *testing.T) {
//		netcodetest.Converge(t, func() netcode.Game { return NewPong(1) }, 2, nil)
//	}
//
//	func TestGolden(t *testing.T) {
//		netcodetest.Golden(t, func(terms netcode.Terms) netcode.Game { return NewPong(terms.Seed) }, 2, "testdata/pong.replay")
//	}
//
// It opens no socket and is the same in the browser's Go. What it does comes
// from seeds, so a failure comes again.
package netcodetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
)

const (
	frames = 600 // ten seconds of play
	depth  = 8   // frames of the deepest rollback
)

// Check plays a game with random inputs and rolls it back in every frame, to
// every depth up to eight frames, as a session does. Beside it runs a second
// game that is never rolled back. Check fails with the first frame, and the
// field if the game knows it (see package plain), in which the two differ: then
// part of the state is not saved, or Step reads something other than the state
// and the inputs, such as a clock, a map's order or a variable outside.
//
// newGame must make the same game each time. Of the Options only Inputs counts; nil is
// the default.
func Check(t testing.TB, newGame func() netcode.Game, players int, o *Options) {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	err := o.check(players)
	if err == nil {
		err = check(newGame, players, o)
	}
	if err != nil {
		t.Error(err)
	}
}

func check(newGame func() netcode.Game, players int, o *Options) error {
	rolled, straight := newGame(), newGame()
	r := random(players)
	history := [][]byte{rolled.Save(nil)}
	if d := netcode.FirstDifference(rolled, history[0], straight.Save(nil)); d != "" {
		return fmt.Errorf("netcodetest: two new games differ: %s: make both from the same seed", d)
	}
	var inputs [][]netcode.Input
	held := make([]netcode.Input, players)
	for f := 1; f <= frames; f++ {
		in := r.inputs(held)
		if o.Inputs != nil {
			for p := range in {
				absent := in[p].Absent
				if in[p] = o.input(netcode.Frame(f), p, uint64(players), straight); absent {
					in[p] = netcode.Input{Absent: true}
				}
			}
		}
		inputs = append(inputs, in)
		play(straight, inputs[f-1])
		want := straight.Save(nil)
		history = append(history, want)

		if err := predict(rolled, inputs[f-1], f, history[f-1]); err != nil {
			return err
		}
		play(rolled, inputs[f-1])
		if err := same(rolled, want, f, "when it was stepped for the first time"); err != nil {
			return err
		}
		for back := f - 1; back >= max(0, f-depth); back-- {
			rolled.Load(history[back])
			if err := same(rolled, history[back], back, "right after Load"); err != nil {
				return err
			}
			for g := back + 1; g <= f; g++ {
				play(rolled, inputs[g-1])
				if err := same(rolled, history[g], g, fmt.Sprintf("when it was rolled back from frame %d to %d and stepped again", f, back)); err != nil {
					return err
				}
			}
		}
	}
	// A game that is loaded into a new one goes on in the same way.
	fresh, from := newGame(), frames/2
	fresh.Load(history[from])
	for g := from + 1; g <= frames; g++ {
		play(fresh, inputs[g-1])
		if err := same(fresh, history[g], g, fmt.Sprintf("when a new game loaded frame %d and went on", from)); err != nil {
			return err
		}
	}
	return nil
}

// play steps with a copy of the inputs and spoils the copy afterwards: a game
// must not keep it.
func play(g netcode.Game, in []netcode.Input) {
	copied := make([]netcode.Input, len(in))
	for p := range in {
		copied[p] = in[p]
		copied[p].Command = bytes.Clone(in[p].Command)
	}
	g.Step(copied)
	for p := range copied {
		for i := range copied[p].Command {
			copied[p].Command[i] ^= 0xff
		}
		copied[p] = netcode.Input{Bits: ^uint64(0)}
	}
}

// predict asks a Predictor for guesses, which must leave the state as it is.
func predict(g netcode.Game, in []netcode.Input, f int, want []byte) error {
	p, ok := g.(netcode.Predictor)
	if !ok {
		return nil
	}
	for i := range in {
		p.Predict(netcode.Player(i), in[i].Bits, 1+f%depth)
	}
	return same(g, want, f-1, "after Predict, which must change nothing")
}

func same(g netcode.Game, want []byte, frame int, when string) error {
	if d := netcode.FirstDifference(g, want, g.Save(nil)); d != "" {
		return fmt.Errorf("netcodetest: frame %d differs %s: %s", frame, when, d)
	}
	return nil
}

// random is splitmix64, so that a failure comes again.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// inputs holds buttons for a while, as people do, and gives a Command now and then.
func (r *random) inputs(held []netcode.Input) []netcode.Input {
	out := make([]netcode.Input, len(held))
	for p := range held {
		switch r.next() % 8 {
		case 0:
			held[p].Bits ^= 1 << (r.next() % 8)
		case 1:
			held[p].Bits ^= 1 << (r.next() % 64)
		case 2:
			held[p].Bits = r.next()
		}
		out[p].Bits = held[p].Bits
		if r.next()%16 == 0 {
			for range 1 + r.next()%16 {
				out[p].Command = append(out[p].Command, byte(r.next()))
			}
		}
		if r.next()%64 == 0 {
			out[p] = netcode.Input{Absent: true}
		}
	}
	return out
}
