package netcode_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// wire counts what one machine sends to each other one.
type wire struct {
	netcode.Transport
	packets, bytes [netcode.MaxPlayers]int
}

func (m *wire) Send(to netcode.Peer, packet []byte) {
	m.packets[to]++
	m.bytes[to] += len(packet)
	m.Transport.Send(to, packet)
}

// counter is a Recorder that only counts.
type counter int

func (c *counter) Record(*netcode.Row) error {
	*c++
	return nil
}

// costs is a match whose costs are measured: one seat a machine, a Recorder on
// each, and a loop that reads Events and Stats in every tick.
type costs struct {
	t        testing.TB
	net      *simnet.Net
	sessions []*netcode.Session
	wires    []*wire
	input    func(tick, m int) netcode.Input
	tick     int
	seen     int
}

func newCosts(t testing.TB, n int, path simnet.Path, c netcode.Config, input func(tick, m int) netcode.Input) *costs {
	t.Helper()
	x := &costs{t: t, net: simnet.New(3, n), input: input}
	x.net.SetAll(path)
	c.Players, c.Seats = n, make([]netcode.Peer, n)
	for i := range c.Seats {
		c.Seats[i] = netcode.Peer(i)
	}
	for m := range n {
		c.Self = netcode.Peer(m)
		c.Recorders = []netcode.Recorder{new(counter)}
		x.wires = append(x.wires, &wire{Transport: x.net.Peer(c.Self)})
		s, err := netcode.NewSession(&netcode.Toy{}, x.wires[m], c)
		if err != nil {
			t.Fatal(err)
		}
		x.sessions = append(x.sessions, s)
	}
	return x
}

func (x *costs) play() {
	for m, s := range x.sessions {
		if err := s.Advance(x.input(x.tick, m)); err != nil {
			x.t.Fatal(err)
		}
		for range s.Events() {
			x.seen++
		}
		x.seen += s.Stats().Others
	}
	x.net.Tick()
	x.tick++
}

func (x *costs) run(ticks int) {
	for range ticks {
		x.play()
	}
}

// What each directed link costs, measured over ten seconds at 60 ticks a second
// and a round trip of 50 ms.
func TestWireCosts(t *testing.T) {
	const ticks, seconds = 600, 10
	for _, c := range []struct {
		name        string
		least, most int // packets a second
		limit       int // bytes a second
		bits        func(tick, m int) uint64
	}{
		{"nothing that changes", 30, 32, 500, func(tick, m int) uint64 { return 5 }},
		{"nothing that changes, in every tick", 60, 60, 900, func(tick, m int) uint64 { return 5 }},
		{"1 byte that changes each 10 frames", 30, 60, 900, func(tick, m int) uint64 { return uint64(tick/10) & 0xff }},
		{"2 bytes that change each 10 frames", 30, 60, 900, func(tick, m int) uint64 { return uint64(tick/10) * 0x0101 & 0xffff }},
		{"1 random byte in each frame", 60, 60, 1500, func(tick, m int) uint64 { return newDice(uint64(tick*8+m)).next() & 0xff }},
		{"2 random bytes in each frame", 60, 60, 1500, func(tick, m int) uint64 { return newDice(uint64(tick*8+m)).next() & 0xffff }},
	} {
		for _, n := range []int{2, 4, 8} {
			x := newCosts(t, n, simnet.Path{Latency: 1500}, netcode.Config{EveryTick: strings.HasSuffix(c.name, "every tick")}, func(tick, m int) netcode.Input { return netcode.Input{Bits: c.bits(tick, m)} })
			x.run(120)
			for _, m := range x.wires {
				m.packets, m.bytes = [netcode.MaxPlayers]int{}, [netcode.MaxPlayers]int{}
			}
			x.run(ticks)
			packets, bytes := 0, 0 // on the busiest link
			for _, m := range x.wires {
				for to := range n {
					packets, bytes = max(packets, m.packets[to]), max(bytes, m.bytes[to])
				}
			}
			t.Logf("%d machines, %s: %.1f packets/s, %d B/s per link", n, c.name, float64(packets)/seconds, bytes/seconds)
			if packets > c.most*seconds+5 || packets < c.least*seconds || bytes > c.limit*seconds {
				t.Errorf("%d machines, %s: want %d to %d packets/s and at most %d B/s", n, c.name, c.least, c.most, c.limit)
			}
			if st := x.sessions[0].Stats(); st.Waited > 0 || st.Confirmed < 700 {
				t.Errorf("%d machines, %s: this was no match at full speed: %+v", n, c.name, st)
			}
		}
	}
}

// Nothing is allocated per tick: with and without rollbacks, Commands, losses,
// a Recorder, and the reading of Stats and Events.
func TestNoAllocation(t *testing.T) {
	command := make([]byte, 40)
	input := func(tick, m int) netcode.Input {
		in := netcode.Input{Bits: uint64(tick * (m + 1))}
		if tick%30 == 0 {
			in.Command = command
		}
		return in
	}
	for _, c := range []struct {
		name   string
		path   simnet.Path
		change netcode.Config
		deep   uint64 // rollbacks at the least
	}{
		{"perfect", simnet.Path{}, netcode.Config{}, 0},
		{"far", simnet.Path{Latency: 6000}, netcode.Config{}, 300},
		{"hostile", simnet.Path{Latency: 2000, Jitter: 3000, Loss: 200, Duplicate: 100, Reorder: 100}, netcode.Config{}, 300},
		{"auto", simnet.Path{Latency: 1000, Jitter: 3000}, netcode.Config{Delay: netcode.Auto}, 0},
		{"lockstep", simnet.Path{Latency: 2000}, netcode.Config{Delay: 4, Window: netcode.Lockstep}, 0},
	} {
		for _, n := range []int{2, 4} {
			x := newCosts(t, n, c.path, c.change, input)
			x.run(1000)
			if a := testing.AllocsPerRun(500, x.play); a != 0 {
				t.Errorf("%d machines, %s: %v allocations per tick", n, c.name, a)
			}
			if st := x.sessions[0].Stats(); st.Confirmed < 500 || st.Rollbacks < c.deep || x.seen == 0 {
				t.Errorf("%d machines, %s: this measured too little: %+v", n, c.name, st)
			}
		}
	}
}

// Four players seven ticks apart whose inputs nobody predicts play at full
// speed with the window of eight: what is confirmed needs one way, not two.
func TestFourPlayersSevenTicksApart(t *testing.T) {
	x := newCosts(t, 4, simnet.Path{Latency: 7000}, netcode.Config{Delay: netcode.NoDelay, Window: 8},
		func(tick, m int) netcode.Input { return netcode.Input{Bits: uint64(tick + m + 1)} })
	x.run(200)
	before := x.sessions[0].Stats()
	if a := testing.AllocsPerRun(599, x.play); a != 0 {
		t.Errorf("%v allocations per tick", a)
	}
	for m, s := range x.sessions {
		st := s.Stats()
		if st.Waited > 0 || st.Skipped > 0 || int(st.Frame) < x.tick-20 {
			t.Errorf("machine %d stalled: %+v", m, st)
		}
	}
	after := x.sessions[0].Stats()
	if frames, steps := uint64(after.Frame-before.Frame), after.Steps-before.Steps; frames != 600 || steps != 8*frames {
		t.Errorf("%d steps in %d frames, want 8 each", steps, frames)
	}
}

// A player more costs each machine one link more, and nothing else: no packet
// is longer and no frame is stepped more often. The times are printed.
func TestGrowthIsLinear(t *testing.T) {
	type cost struct{ packets, bytes, steps uint64 }
	var two cost
	for _, n := range []int{2, 4, 8} {
		x := newCosts(t, n, simnet.Path{Latency: 3000}, netcode.Config{Delay: netcode.NoDelay},
			func(tick, m int) netcode.Input { return netcode.Input{Bits: uint64(tick+m) & 0xff} })
		x.run(1000)
		before := x.sessions[0].Stats()
		start := time.Now()
		x.run(2000)
		ns := float64(time.Since(start).Nanoseconds()) / 2000 / float64(n)
		after := x.sessions[0].Stats()
		links := uint64(n - 1)
		got := cost{(after.PacketsSent - before.PacketsSent) / links, (after.BytesSent - before.BytesSent) / links, after.Steps - before.Steps}
		t.Logf("%d players: %.0f ns per session-frame, network included; per link and 2,000 frames %d packets, %d bytes; %d steps", n, ns, got.packets, got.bytes, got.steps)
		if n == 2 {
			two = got
		}
		if got != two {
			t.Errorf("%d players cost %+v a link, two cost %+v", n, got, two)
		}
	}
}

// big is a game of a mebibyte.
type big struct{ state [1 << 20]byte }

func (g *big) Step(in []netcode.Input) {
	for p := range in {
		g.state[p*4096] += byte(in[p].Bits) + 1
	}
}
func (g *big) Save(dst []byte) []byte { return append(dst, g.state[:]...) }
func (g *big) Load(src []byte)        { copy(g.state[:], src) }

// A session holds at most 24 copies of a state at the default window and delay,
// whatever the network does, and 6 of a large one.
func TestStatesHeld(t *testing.T) {
	if slow {
		t.Skip("it hashes gigabytes")
	}
	testStatesHeld(t, netcode.SaveAll, 24)
	testStatesHeld(t, netcode.SaveBySize, 6)
}

func testStatesHeld(t *testing.T, saving netcode.Saving, most float64) {
	t.Helper()
	for name, path := range map[string]simnet.Path{
		"LAN":    {Latency: 100},
		"wifi":   {Latency: simnet.Millis(25, 60), Jitter: simnet.Millis(20, 60), Loss: 10},
		"mobile": {Latency: simnet.Millis(50, 60), Jitter: simnet.Millis(20, 60), Loss: 50},
		"severe": {Latency: simnet.Millis(100, 60), Jitter: simnet.Millis(20, 60), Loss: 150},
	} {
		games := [2]*big{{}, {}}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		net := simnet.New(3, 2)
		net.SetAll(path)
		var sessions [2]*netcode.Session
		for m := range sessions {
			s, err := netcode.NewSession(games[m], net.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(m), Saving: saving})
			if err != nil {
				t.Fatal(err)
			}
			sessions[m] = s
		}
		for tick := range 400 {
			for m, s := range sessions {
				if err := s.Advance(netcode.Input{Bits: uint64(tick / (5 + m))}); err != nil {
					t.Fatal(name, err)
				}
			}
			net.Tick()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(sessions)
		runtime.KeepAlive(games)
		copies := float64(after.HeapAlloc-before.HeapAlloc) / 2 / (1 << 20)
		t.Logf("%s: %.1f copies", name, copies)
		if copies > most+0.5 || copies < 4 { // a fifth is inputs
			t.Errorf("%s: a session holds %.1f copies of the state, may hold %.0f", name, copies, most)
		}
	}
}

// BenchmarkNewSession starts a session of a mebibyte.
func BenchmarkNewSession(b *testing.B) {
	g := &big{}
	for b.Loop() {
		if _, err := netcode.NewSession(g, nil, netcode.Config{Terms: netcode.Terms{Players: 1}, Seats: []netcode.Peer{0}}); err != nil {
			b.Fatal(err)
		}
	}
}
