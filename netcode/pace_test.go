package netcode_test

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// spread runs ticks and returns the largest distance of two screens, each
// averaged over 30 ticks so that one correction does not count as distance.
func (b *table) spread(ticks int) (worst float64) {
	n := len(b.sessions)
	sums := make([]float64, n)
	for k := 1; k <= ticks; k++ {
		b.run(1)
		for m, s := range b.sessions {
			sums[m] += float64(s.Frame())
		}
		if k%30 == 0 {
			for m := range sums {
				for l := range sums {
					worst = max(worst, (sums[m]-sums[l])/30)
				}
			}
			clear(sums)
		}
	}
	return worst
}

func corrections(s *netcode.Session) uint64 { st := s.Stats(); return st.Skipped + st.Doubled }

// Machines that start apart meet, and stay together without correcting to and fro.
func TestPaceMeets(t *testing.T) {
	for _, path := range []simnet.Path{{}, {Latency: 3000}, {Latency: 3000, Jitter: 2000, Loss: 50}, {Latency: 9000}} {
		for _, n := range []int{2, 3, 4} {
			b := newTable(t, n, path, func(m int, c *netcode.Config) { c.Window = 20 })
			b.run(60)
			b.asleep[0] = true
			b.run(12)
			b.asleep[0] = false
			b.run(240)
			var before []uint64
			for _, s := range b.sessions {
				before = append(before, corrections(s))
			}
			if got := b.spread(600); got > 1.5 {
				t.Errorf("%+v, %d machines: screens are %.2f frames apart", path, n, got)
			}
			b.healthy()
			for m, s := range b.sessions {
				if k := corrections(s) - before[m]; k > 3 {
					t.Errorf("%+v, %d machines: machine %d corrected %d times in 600 calm ticks", path, n, m, k)
				}
			}
		}
	}
}

// On an asymmetric link both sides get the same share of rollbacks.
func TestPaceIsFair(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 1000}, nil)
	b.bits = func(m int) uint64 { return uint64(b.ticks) }
	b.net.Set(0, 1, simnet.Path{Latency: 8000})
	b.run(600)
	before := []netcode.Stats{b.sessions[0].Stats(), b.sessions[1].Stats()}
	b.run(600)
	b.healthy()
	var depth [2]float64
	for m, s := range b.sessions {
		st := s.Stats()
		depth[m] = float64(st.Steps-before[m].Steps) / float64(st.Frame-before[m].Frame)
		if k := st.Skipped + st.Doubled - before[m].Skipped - before[m].Doubled; k > 3 {
			t.Errorf("machine %d corrected %d times", m, k)
		}
	}
	if d := depth[0] - depth[1]; d > 1.2 || d < -1.2 {
		t.Errorf("machine 0 steps %.2f frames per frame, machine 1 %.2f", depth[0], depth[1])
	}
}

// A spike of latency passes without a storm of corrections.
func TestPaceForgivesSpikes(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, nil)
	b.run(300)
	before := corrections(b.sessions[0]) + corrections(b.sessions[1])
	for range 5 {
		b.net.Set(0, 1, simnet.Path{Latency: 14000})
		b.run(10)
		b.net.SetAll(simnet.Path{Latency: 2000})
		b.run(110)
	}
	b.healthy()
	if k := corrections(b.sessions[0]) + corrections(b.sessions[1]) - before; k > 10 {
		t.Errorf("%d corrections for five spikes", k)
	}
	if got := b.spread(120); got > 1.5 {
		t.Errorf("screens are %.2f frames apart", got)
	}
}

// A machine whose clock is five percent slow holds the others back a little
// and all play on.
func TestPaceWithASlowClock(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, nil)
	for range 60 {
		b.run(19)
		b.asleep[1] = true
		b.run(1)
		b.asleep[1] = false
	}
	b.healthy()
	d := b.sessions[0].Frame() - b.sessions[1].Frame()
	if d > 4 || d < -4 {
		t.Errorf("screens are %d frames apart", d)
	}
	if fast, slow := b.sessions[0].Stats(), b.sessions[1].Stats(); fast.Skipped < 10 || slow.Doubled < 10 {
		t.Errorf("the fast machine skipped %d ticks, the slow one doubled %d: both should give", fast.Skipped, slow.Doubled)
	}
	if w := b.sessions[0].Stats().Waited; w > 20 {
		t.Errorf("the fast machine waited %d times at the window instead of keeping pace", w)
	}
}
