package netcode_test

import (
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// What a directed link costs, measured over ten seconds at 60 ticks a second
// and a round trip of 50 ms.
func TestBandwidth(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit uint64 // bytes a second
		bits  func(tick, m int) uint64
	}{
		{"1 byte that changes each 10 frames", 900, func(tick, m int) uint64 { return uint64(tick / 10 & 0xff) }},
		{"2 random bytes in each frame", 1500, func(tick, m int) uint64 { return newDice(uint64(tick*2+m)).next() & 0xffff }},
	} {
		for _, n := range []int{2, 4} {
			b := newTable(t, n, simnet.Path{Latency: 1500}, nil)
			b.bits = func(m int) uint64 { return c.bits(b.ticks, m) }
			b.run(120)
			before := b.sessions[0].Stats()
			b.run(600)
			b.healthy()
			after := b.sessions[0].Stats()
			links := uint64(n - 1)
			packets := (after.PacketsSent - before.PacketsSent) / links
			bytes := (after.BytesSent - before.BytesSent) / links / 10
			t.Logf("%d machines, %s: %.1f packets/s, %d B/s per link", n, c.name, float64(packets)/10, bytes)
			if packets > 605 || bytes > c.limit {
				t.Errorf("%d machines, %s: want at most 60.5 packets/s and %d B/s", n, c.name, c.limit)
			}
		}
	}
}

// Nothing is allocated per tick, with and without rollbacks, Commands, losses
// and the reading of stats and events.
func TestNoAllocation(t *testing.T) {
	command := make([]byte, 40)
	for _, n := range []int{2, 4} {
		for _, path := range []simnet.Path{{}, {Latency: 6000}, {Latency: 2000, Jitter: 3000, Loss: 200, Duplicate: 100, Reorder: 100}} {
			net := simnet.New(3, n)
			net.SetAll(path)
			seats := make([]netcode.Peer, n)
			for i := range seats {
				seats[i] = netcode.Peer(i)
			}
			var sessions []*netcode.Session
			for m := range n {
				s, err := netcode.NewSession(&netcode.Toy{}, net.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: n}, Seats: seats, Self: netcode.Peer(m)})
				if err != nil {
					t.Fatal(err)
				}
				sessions = append(sessions, s)
			}
			tick, seen := 0, 0
			play := func() {
				for m, s := range sessions {
					in := netcode.Input{Bits: uint64(tick * (m + 1))}
					if tick%30 == 0 {
						in.Command = command
					}
					if err := s.Advance(in); err != nil {
						t.Fatal(err)
					}
					for range s.Events() {
						seen++
					}
					seen += s.Stats().Others
				}
				net.Tick()
				tick++
			}
			for range 1000 {
				play()
			}
			if a := testing.AllocsPerRun(500, play); a != 0 {
				t.Errorf("%d machines, %+v: %v allocations per tick", n, path, a)
			}
			if st := sessions[0].Stats(); st.Frame < 500 || path.Latency > 0 && st.Rollbacks < 300 {
				t.Errorf("%d machines, %+v: this measured too little: %+v", n, path, st)
			}
		}
	}
}

// The cost of a frame does not grow with time: rings are fixed.
func TestLongMatch(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	b := newTable(t, 2, simnet.Path{Latency: 2000}, func(m int, c *netcode.Config) { c.Recorders = nil })
	b.run(70_000) // beyond what 16 bits of frame hold
	b.healthy()
	for m, s := range b.sessions {
		if s.Confirmed() < 69_900 {
			t.Errorf("machine %d: %+v", m, s.Stats())
		}
	}
	a, _ := b.sessions[0].Hash(b.sessions[0].Confirmed() - 20)
	c, _ := b.sessions[1].Hash(b.sessions[0].Confirmed() - 20)
	if a != c || a == 0 {
		t.Error("hashes differ")
	}
}
