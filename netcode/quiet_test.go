package netcode_test

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// While no input changes a packet goes in every second tick. That costs a tick of
// confirmation, or two where each side's word comes in a tick in which the other is
// silent. What changes is there as early as if one went in every tick: it is
// repaired as often and as deep, and nobody waits.
func TestQuietWire(t *testing.T) {
	for _, c := range []struct{ n, latency, delay, window int }{
		{2, 0, 2, 8}, {2, 3, 2, 8}, {2, 6, netcode.NoDelay, 8}, {2, 7, 2, 8}, {2, 9, 2, 8}, {2, 2, 6, netcode.Lockstep}, {2, 5, 6, netcode.Lockstep},
		{3, 4, netcode.NoDelay, 6}, {4, 3, 2, 8}, {8, 5, 2, 8},
	} {
		var tables [2]*table
		var packets [2]uint64
		var lag [2]netcode.Frame
		for i := range tables {
			b := newTable(t, c.n, simnet.Path{Latency: c.latency * 1000}, func(_ int, cfg *netcode.Config) {
				cfg.EveryTick, cfg.Delay, cfg.Window = i == 0, c.delay, c.window
			})
			b.bits = func(m int) uint64 { return uint64(b.ticks / (83 + 10*m)) }
			b.run(600)
			before := b.sessions[0].Stats().PacketsSent
			for range 600 {
				b.run(1)
				s := b.sessions[0].Stats()
				lag[i] = max(lag[i], s.Frame-s.Confirmed)
			}
			packets[i] = (b.sessions[0].Stats().PacketsSent - before) / uint64(c.n-1)
			tables[i] = b
		}
		for m := range c.n {
			every, quiet := tables[0].sessions[m].Stats(), tables[1].sessions[m].Stats()
			if quiet.Waited > every.Waited || quiet.Rollbacks != every.Rollbacks || quiet.MaxDepth > every.MaxDepth || quiet.Skipped > every.Skipped {
				t.Errorf("%+v machine %d: quietly %d ticks waited, %d rollbacks of at most %d frames, %d skipped; with a packet in every tick %d, %d, %d, %d",
					c, m, quiet.Waited, quiet.Rollbacks, quiet.MaxDepth, quiet.Skipped, every.Waited, every.Rollbacks, every.MaxDepth, every.Skipped)
			}
		}
		t.Logf("%+v: %d and %d packets in 600 ticks, %d and %d frames are not confirmed", c, packets[0], packets[1], lag[0], lag[1])
		if near := c.latency <= 3 && c.window == 8; near && packets[1] > 350 {
			t.Errorf("%+v: %d packets in 600 ticks", c, packets[1])
		}
		if packets[0] != 600 || lag[1] > lag[0]+2 {
			t.Errorf("%+v: %d packets in 600 ticks and at most %d frames not confirmed; quietly %d and %d", c, packets[0], lag[0], packets[1], lag[1])
		}
	}
}
