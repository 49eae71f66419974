package netcode_test

import (
	"bytes"
	"fmt"
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

// played is a match of one seat per machine by script, until everybody has
// confirmed so many frames.
func played(seed uint64, path simnet.Path, n, window, delay, frames int) error {
	net := simnet.New(seed, n)
	net.SetAll(path)
	seats := make([]netcode.Peer, n)
	for p := range seats {
		seats[p] = netcode.Peer(p)
	}
	var sessions []*netcode.Session
	var tapes []*tape
	for m := range n {
		tp := &tape{}
		cfg := netcode.Config{Terms: netcode.Terms{Players: n, Timeout: 5000}, Seats: seats, Self: netcode.Peer(m), Window: window, Delay: delay, Recorders: []netcode.Recorder{tp}}
		g := &scripted{}
		s, err := netcode.NewSession(g, net.Peer(netcode.Peer(m)), cfg)
		if err != nil {
			return err
		}
		g.hold = func() { netcode.Hold(s, 0, script) }
		sessions, tapes = append(sessions, s), append(tapes, tp)
	}
	for tick := 0; ; tick++ {
		least := netcode.Frame(frames)
		for m, s := range sessions {
			if err := s.Advance(netcode.Hold(s, 0, script)); err != nil {
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
	solo, in, state := &netcode.Toy{}, make([]netcode.Input, n), []byte(nil)
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
				if err := played(seed, path, 2+int(seed%3), w, d, frames); err != nil {
					t.Errorf("window %d, delay %d, %+v, seed %d: %v", window, delay, path, seed, err)
				}
			}
		}
	}
}
