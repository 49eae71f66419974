package netcode_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// scripted is a toy whose players' inputs are told by frame.
type scripted struct {
	netcode.Toy
	hold func()
}

func (g *scripted) Step(in []netcode.Input) {
	g.Toy.Step(in)
	if g.hold != nil {
		g.hold()
	}
}

// script is what player p gives in frame f: nothing in the frames before the
// longest delay has passed; then Bits that change often, and some Commands.
func script(p netcode.Player, f netcode.Frame) (in netcode.Input) {
	if f <= 6 {
		return in
	}
	x := uint64(f)/uint64(1+p) + uint64(p)<<32
	x *= 0x9e3779b97f4a7c15
	in.Bits = x ^ x>>29
	if x>>40%9 == 0 {
		in.Command = []byte{byte(f), byte(p), byte(x)}
	}
	return in
}

// played is a match by script, until everybody has confirmed so many frames.
// Delays start as delay; lower, if there is one, may lower them in any tick.
func played(seed uint64, path simnet.Path, seats []netcode.Peer, window, delay, frames int, lower func(s *netcode.Session, m int)) error {
	n := int(slices.Max(seats)) + 1
	net := simnet.New(seed, n)
	net.SetAll(path)
	local := make([][]netcode.Input, n)
	for _, id := range seats {
		local[id] = append(local[id], netcode.Input{})
	}
	var sessions []*netcode.Session
	var games []*scripted
	var tapes []*tape
	for m := range n {
		tp := &tape{}
		cfg := netcode.Config{Terms: netcode.Terms{Players: len(seats), Timeout: 5000}, Seats: seats, Self: netcode.Peer(m), Window: window, Delay: delay, Recorders: []netcode.Recorder{tp}}
		g := &scripted{}
		s, err := netcode.NewSession(g, net.Peer(netcode.Peer(m)), cfg)
		if err != nil {
			return err
		}
		g.hold = func() {
			for i := range local[m] {
				local[m][i] = netcode.Hold(s, i, script)
			}
		}
		sessions, games, tapes = append(sessions, s), append(games, g), append(tapes, tp)
	}
	for tick := 0; ; tick++ {
		least := netcode.Frame(frames)
		for m, s := range sessions {
			if lower != nil {
				lower(s, m)
			}
			games[m].hold()
			if err := s.Advance(local[m]...); err != nil {
				return fmt.Errorf("machine %d: %w", m, err)
			}
			least = min(least, s.Confirmed())
		}
		if least == netcode.Frame(frames) {
			break
		}
		if tick > 40*frames {
			return fmt.Errorf("confirmed only frame %d in %d ticks", least, tick)
		}
		net.Tick()
	}
	solo, in, state := &netcode.Toy{}, make([]netcode.Input, len(seats)), []byte(nil)
	for f := range frames {
		for p := range in {
			in[p] = script(netcode.Player(p), netcode.Frame(f+1))
		}
		solo.Step(in)
		state = solo.Save(state[:0])
		for m, tp := range tapes {
			for p := range in {
				if got := tp.rows[f].inputs[p]; got.Bits != in[p].Bits || !bytes.Equal(got.Command, in[p].Command) {
					return fmt.Errorf("frame %d: machine %d confirmed %+v of player %d, the script says %+v", f+1, m, got, p, in[p])
				}
			}
			if tp.rows[f].hash != netcode.HashState(state) {
				return fmt.Errorf("frame %d: machine %d confirmed another state", f+1, m)
			}
		}
	}
	return nil
}

// The same inputs by frame give the same confirmed history for every window,
// every delay and any network.
func TestOneHistory(t *testing.T) {
	frames := 150
	if testing.Short() {
		frames = 50
	}
	seed := uint64(0)
	for window := range 13 {
		for delay := range 7 {
			for _, path := range []simnet.Path{{}, {Latency: 3000, Jitter: 1500, Loss: 50}, {Latency: 1000, Jitter: 8000, Loss: 250, Duplicate: 200, Reorder: 300}} {
				seed++
				w, d := window, delay
				if w == 0 {
					w = netcode.Lockstep
				}
				if d == 0 {
					d = netcode.NoDelay
				}
				if err := played(seed, path, []netcode.Peer{0, 1, 2, 3}[:2+seed%3], w, d, frames, nil); err != nil {
					t.Errorf("window %d, delay %d, %+v, seed %d: %v", window, delay, path, seed, err)
				}
			}
		}
	}
}

// The same holds for seats that share machines, each with its own delay, which
// gets shorter in the middle of play.
func TestOneHistoryOnCouches(t *testing.T) {
	for seed := range uint64(60) {
		d := newDice(seed + 1)
		seats := [][]netcode.Peer{{0, 0, 1}, {1, 0, 0, 1, 1}, {0, 1, 2, 1, 0}, {0, 0, 0, 0, 1, 2, 1, 3}}[seed%4]
		window := []int{netcode.Lockstep, 2, 8, 12}[d.below(4)]
		path := simnet.Path{Latency: d.below(5000), Jitter: d.below(3000), Loss: d.below(200), Reorder: d.below(200)}
		delays := make([]int, len(seats))
		for p := range delays {
			delays[p] = 6
		}
		lowered := 0
		err := played(seed, path, seats, window, 6, 150, func(s *netcode.Session, m int) {
			if p := d.below(len(seats)); int(seats[p]) == m && d.below(25) == 0 && delays[p] > 0 {
				delays[p] -= 1 + d.below(delays[p])
				lowered++
				if err := s.SetDelay(netcode.Player(p), delays[p]); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err != nil || lowered == 0 {
			t.Errorf("seed %d: %v, %d delays were lowered", seed, err, lowered)
		}
	}
}
