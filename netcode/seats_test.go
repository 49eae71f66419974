package netcode_test

import (
	"bytes"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// One to eight seats on one to eight machines: one packet per machine and tick,
// however many sit there, and one history.
func TestSeatsAndMachines(t *testing.T) {
	for players := 1; players <= netcode.MaxPlayers; players++ {
		for machines := 1; machines <= players; machines++ {
			seats := make([]netcode.Peer, players)
			for p := range seats {
				seats[p] = netcode.Peer(p * 3 % machines) // not in order of machines
				if machines%3 == 0 {
					seats[p] = netcode.Peer(p % machines)
				}
			}
			c := newCouch(t, 1, simnet.Path{Latency: 2000}, seats, nil)
			tick := uint64(0)
			input := func(p netcode.Player) netcode.Input {
				tick++
				return netcode.Input{Bits: tick / uint64(5+p)}
			}
			c.run(30, input)
			before := c.sessions[0].Stats()
			c.run(100, input)
			c.same()
			after := c.sessions[0].Stats()
			if got, want := after.PacketsSent-before.PacketsSent, uint64(100*(machines-1)); got != want {
				t.Errorf("%d seats on %d machines: %d packets in 100 ticks, want %d", players, machines, got, want)
			}
			if after.Frame-before.Frame < 98 || after.Waited != before.Waited || len(c.tapes[0].rows) < 100 {
				t.Errorf("%d seats on %d machines: %+v", players, machines, after)
			}
		}
	}
}

// Seven ticks of latency, and every prediction is wrong: a window of eight is
// enough for any number of machines, since Complete needs one trip only.
func TestWrongPredictionsNeverStall(t *testing.T) {
	for _, n := range []int{2, 3, 4, 8} {
		b := newTable(t, n, simnet.Path{Latency: 7000}, func(_ int, c *netcode.Config) { c.Delay = netcode.NoDelay })
		b.bits = func(m int) uint64 { return uint64(b.ticks * (m + 1)) }
		b.run(120)
		before := make([]netcode.Stats, n)
		for m, s := range b.sessions {
			before[m] = s.Stats()
		}
		b.run(300)
		b.healthy()
		b.same()
		for m, s := range b.sessions {
			st := s.Stats()
			if st.Waited != before[m].Waited || st.Frame-before[m].Frame < 297 || st.Rollbacks-before[m].Rollbacks < 297 || st.MaxDepth > 8 {
				t.Errorf("%d machines, machine %d: %+v, before %+v", n, m, st, before[m])
			}
		}
	}
}

// The very first input is predicted wrongly, at every latency up to the window's
// end: no state before frame 0 is needed, and no false desync is seen.
func TestFirstFrameIsRepaired(t *testing.T) {
	for latency := range 10 {
		b := newTable(t, 2, simnet.Path{Latency: 1000 * latency}, func(_ int, c *netcode.Config) { c.Delay = netcode.NoDelay })
		b.bits = func(m int) uint64 { return 5 }
		b.run(150)
		b.healthy()
		b.same()
		if got := b.tapes[0].rows[0].inputs; got[0].Bits != 5 || got[1].Bits != 5 {
			t.Errorf("latency %d: the first row is %+v", latency, got)
		}
		if st := b.sessions[0].Stats(); latency > 2 && st.Rollbacks == 0 || len(b.tapes[0].rows) < 100 {
			t.Errorf("latency %d: %+v", latency, st)
		}
	}
}

// At the end of the window nothing steps and nothing changes, for as long as it
// lasts; then play goes on as if nothing had been.
func TestSilenceChangesNothing(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 1000}, func(_ int, c *netcode.Config) { c.Timeout = 300 })
	b.run(60)
	b.net.CutAll(true)
	b.run(20)
	state, steps := b.games[0].Save(nil), b.sessions[0].Stats().Steps
	b.run(100)
	st := b.sessions[0].Stats()
	if !bytes.Equal(b.games[0].Save(nil), state) || st.Steps != steps || int(st.Frame-st.Complete) != 8 {
		t.Errorf("something moved at the end of the window: %+v", st)
	}
	if _, ok := b.sessions[0].RolledBack(); ok {
		t.Error("a waiting tick tells of a repair")
	}
	b.net.CutAll(false)
	b.run(60)
	b.healthy()
	b.same()
	if got := b.sessions[0].Confirmed(); got < st.Complete+50 {
		t.Errorf("confirmed %d, was complete up to %d", got, st.Complete)
	}
}
