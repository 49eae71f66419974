package replay_test

import (
	"bytes"
	_ "embed"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/fixed"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/replay"
)

// orbit is a state with all that could come out differently elsewhere: fixed
// numbers and their sines and roots, random numbers, fields of every size.
type orbit struct {
	Frame uint32
	Rand  fixed.Rand
	Ships [3]struct {
		Here     bool
		Heading  fixed.Num
		Pos, Vel fixed.Vec
		Fuel     int16
		Said     [4]byte
	}
}

func newOrbit(t netcode.Terms) netcode.Game {
	return plain.New(&orbit{Rand: fixed.Rand(t.Seed)}, func(s *orbit, in []netcode.Input) {
		s.Frame++
		for p := range s.Ships {
			ship := &s.Ships[p]
			ship.Here = !in[p].Absent
			turn := fixed.Num(int8(in[p].Bits)) << 20
			ship.Heading = fixed.Wrap(ship.Heading.Add(turn))
			if in[p].Bits>>8&1 != 0 {
				ship.Vel = ship.Vel.Add(fixed.Polar(s.Rand.Between(0, fixed.One/16), ship.Heading))
				ship.Fuel--
			}
			pull := fixed.One.Div(ship.Pos.Len().Add(fixed.One))
			ship.Vel = ship.Vel.Sub(ship.Pos.Scale(pull).Scale(fixed.One / 64))
			ship.Pos = ship.Pos.Add(ship.Vel).Rotate(fixed.Sin(ship.Heading).Mul(fixed.One / 512))
			copy(ship.Said[:], in[p].Command)
		}
	})
}

//go:embed testdata/orbit.replay
var orbits []byte

// A kept match comes out the same, frame by frame, on every platform that runs
// this test.
func TestGoldenMatchIsTheSameEverywhere(t *testing.T) {
	if *rewrite {
		orbits = film(t)
		if err := os.WriteFile("testdata/orbit.replay", orbits, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	v, err := replay.Verify(open(t, orbits), newOrbit)
	if err != nil || v.Rows != 1201 || v.Marks != 1201 || v.Agreed != 1200 {
		t.Errorf("%+v, %v", v, err)
	}
}

// film records two machines' worth of play on one.
func film(t *testing.T) []byte {
	var file bytes.Buffer
	terms := netcode.Terms{Players: 3, Seed: 4711, Build: "orbit 1"}
	w, err := replay.NewWriter(&file, terms, replay.Options{Hashes: 1, Keyframes: 300})
	if err != nil {
		t.Fatal(err)
	}
	s, err := netcode.NewSession(newOrbit(terms), nil, netcode.Config{Terms: terms, Seats: []netcode.Peer{0, 0, netcode.Nobody}, Recorders: []netcode.Recorder{w}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var in [2]netcode.Input
	for f := range 1200 {
		for p := range in {
			if r.IntN(9) == 0 {
				in[p].Bits = r.Uint64() & 0x1ff
			}
			in[p].Command = nil
			if f%100 == p {
				in[p].Command = []byte("ahoy")
			}
		}
		if err := s.Advance(in[:]...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
