package netcode_test

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// counting counts what the session asks of a game.
type counting struct {
	netcode.Toy
	steps, saves, loads int
}

func (g *counting) Step(in []netcode.Input) { g.steps++; g.Toy.Step(in) }
func (g *counting) Save(dst []byte) []byte  { g.saves++; return g.Toy.Save(dst) }
func (g *counting) Load(src []byte)         { g.loads++; g.Toy.Load(src) }
func lockstep(_ int, c *netcode.Config)     { c.Window, c.Timeout = netcode.Lockstep, 2000 }
func press(b *table) func(int) uint64       { return func(m int) uint64 { return uint64(b.ticks * (m + 3)) } }

// In lockstep each frame is stepped once and saved once, to be hashed, and no
// state is loaded: there is nothing to repair.
func TestLockstepNeverTakesBack(t *testing.T) {
	for _, path := range []simnet.Path{{}, {Latency: 3000}, {Latency: 2000, Jitter: 5000, Loss: 200, Duplicate: 100, Reorder: 200}} {
		for _, delay := range []int{netcode.NoDelay, 3, netcode.Auto} {
			net := simnet.New(4, 3)
			net.SetAll(path)
			games, sessions := make([]*counting, 3), make([]*netcode.Session, 3)
			for m := range games {
				games[m] = &counting{}
				cfg := netcode.Config{Terms: netcode.Terms{Players: 3, Timeout: 2000}, Seats: []netcode.Peer{0, 1, 2}, Self: netcode.Peer(m), Window: netcode.Lockstep, Delay: delay}
				s, err := netcode.NewSession(games[m], net.Peer(netcode.Peer(m)), cfg)
				if err != nil {
					t.Fatal(err)
				}
				sessions[m] = s
				*games[m] = counting{Toy: games[m].Toy}
			}
			for tick := range 800 {
				for m, s := range sessions {
					if tick == 500 && m == 1 {
						s.Leave()
					}
					if err := s.Advance(netcode.Input{Bits: uint64(tick * (m + 1))}); err != nil && tick < 500 {
						t.Fatal(err)
					}
				}
				net.Tick()
			}
			for m, g := range games {
				frame := int(sessions[m].Frame())
				if g.loads != 0 || g.steps != frame || g.saves != frame || frame < 40 {
					t.Errorf("%+v, delay %d, machine %d: %d steps, %d saves, %d loads for %d frames", path, delay, m, g.steps, g.saves, g.loads, frame)
				}
				if m == 1 && sessions[m].Confirmed() != sessions[m].Frame() {
					t.Errorf("%+v, delay %d, machine %d: ends at frame %d, confirmed %d", path, delay, m, frame, sessions[m].Confirmed())
				}
			}
		}
	}
}

// A delay of the trip one way is all that lockstep needs to play without a
// wait: a round trip would be twice that.
func TestLockstepNeedsOneWayOnly(t *testing.T) {
	for latency := 1; latency <= 12; latency++ {
		b := newTable(t, 2, simnet.Path{Latency: 1000 * latency}, func(m int, c *netcode.Config) { lockstep(m, c); c.Delay = latency })
		b.bits = press(b)
		b.run(200)
		before := b.sessions[0].Stats()
		b.run(300)
		b.healthy()
		b.same()
		for m, s := range b.sessions {
			if st := s.Stats(); st.Waited != before.Waited && m == 0 || st.Rollbacks != 0 {
				t.Errorf("latency %d, machine %d: %d waits, %d rollbacks", latency, m, st.Waited-before.Waited, st.Rollbacks)
			}
		}
		if d := b.sessions[0].Frame() - before.Frame; d != 300 {
			t.Errorf("latency %d: %d frames in 300 ticks", latency, d)
		}
		// One frame less is too little.
		if latency == 1 {
			continue
		}
		b = newTable(t, 2, simnet.Path{Latency: 1000 * latency}, func(m int, c *netcode.Config) { lockstep(m, c); c.Delay = latency - 1 })
		b.run(500)
		if b.sessions[0].Stats().Waited < 20 {
			t.Errorf("latency %d plays without waits with a delay of one less", latency)
		}
	}
}

// Nobody steps while somebody is silent, from the first frame on, and all go
// on when it is heard again.
func TestLockstepWaitsFromTheStart(t *testing.T) {
	for _, delay := range []int{netcode.NoDelay, 3} {
		b := newTable(t, 2, simnet.Path{Latency: 1000}, func(m int, c *netcode.Config) { lockstep(m, c); c.Delay = delay })
		b.run(3) // both have started, no input has arrived
		b.net.CutAll(true)
		b.net.Forget(0)
		b.net.Forget(1)
		b.run(200)
		for m, s := range b.sessions {
			if s.Frame() != 0 || s.Stats().Steps != 0 {
				t.Errorf("delay %d: machine %d is at frame %d", delay, m, s.Frame())
			}
		}
		b.net.CutAll(false)
		for range 12 { // stall after stall
			b.run(7)
			b.net.CutAll(true)
			b.run(13)
			b.net.CutAll(false)
		}
		at := b.sessions[0].Frame()
		b.run(100)
		b.healthy()
		b.same()
		if got := b.sessions[0].Frame(); got < at+45 {
			t.Errorf("delay %d: %d frames in 100 ticks after twelve stalls", delay, got-at)
		}
	}
}
