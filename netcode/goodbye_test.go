package netcode_test

import (
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// A goodbye costs the others no tick: they agree on the view while the leaver plays
// on.
func TestGoodbyeCostsNoTick(t *testing.T) {
	for _, n := range []int{3, 4, 8} {
		for latency := 1; latency <= 8; latency++ {
			for _, out := range []int{0, n - 1} {
				t.Run(fmt.Sprintf("%d of %d at %d ticks", out, n, latency), func(t *testing.T) {
					b := newTable(t, n, simnet.Path{Latency: latency * 1000}, func(m int, c *netcode.Config) { c.Timeout = 300 })
					b.run(200)
					frames := func() (f []netcode.Frame) {
						for _, s := range b.sessions {
							f = append(f, s.Frame())
						}
						return f
					}
					b.sessions[out].Leave()
					leaves := b.ticks
					stood, last, took := make([]int, n), frames(), 0
					for range 150 {
						b.run(1)
						now := frames()
						for m := range now {
							if now[m] == last[m] {
								stood[m]++
							}
						}
						if last = now; b.sessions[out].Done() && took == 0 {
							took = b.ticks - leaves
						}
					}
					b.healthy()
					b.same()
					if most := 24 + 8*latency; took == 0 || took > most {
						t.Errorf("the leaver is done after %d ticks, may take %d", took, most)
					}
					for m, k := range stood {
						if m != out && (k > 0 || b.count(m, netcode.Left) != 1) {
							t.Errorf("machine %d stood still for %d ticks: %v", m, k, b.events[m])
						}
					}
				})
			}
		}
	}
}

// A leaver that falls silent before it has given all that it promised is waited for
// a moment, and the others agree on what it gave.
func TestLeaverFallsSilent(t *testing.T) {
	for _, n := range []int{3, 4} {
		for after := 1; after <= 30; after++ {
			b := newTable(t, n, simnet.Path{Latency: 3000, Jitter: 1500}, func(m int, c *netcode.Config) { c.Timeout = 300 })
			b.bits = func(m int) uint64 { return uint64(b.ticks + m) }
			b.run(200)
			b.sessions[1].Leave()
			b.run(after)
			b.asleep[1] = true
			at := b.sessions[0].Frame()
			b.run(200)
			b.healthy()
			b.same()
			for m, s := range b.sessions {
				if m != 1 && (s.Confirmed() < at+120 || b.count(m, netcode.Left) != 1) {
					t.Errorf("n=%d, silent after %d ticks: machine %d has confirmed %d, was at %d: %v", n, after, m, s.Confirmed(), at, b.events[m])
				}
			}
		}
	}
}
