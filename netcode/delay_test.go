package netcode_test

import (
	"bytes"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// couch is a match whose machines have any number of seats.
type couch struct {
	t        testing.TB
	net      *simnet.Net
	sessions []*netcode.Session
	tapes    []*tape
	local    [][]netcode.Player
}

func newCouch(t testing.TB, seed uint64, path simnet.Path, seats []netcode.Peer, change func(m int, c *netcode.Config)) *couch {
	t.Helper()
	machines := 0
	for _, id := range seats {
		if id != netcode.Nobody {
			machines = max(machines, int(id)+1)
		}
	}
	c := &couch{t: t, net: simnet.New(seed, machines), local: make([][]netcode.Player, machines)}
	c.net.SetAll(path)
	for p, id := range seats {
		if id != netcode.Nobody {
			c.local[id] = append(c.local[id], netcode.Player(p))
		}
	}
	for m := range machines {
		tp := &tape{}
		cfg := netcode.Config{Terms: netcode.Terms{Players: len(seats), Build: "couch"}, Seats: seats, Self: netcode.Peer(m), Recorders: []netcode.Recorder{tp}}
		if change != nil {
			change(m, &cfg)
		}
		s, err := netcode.NewSession(&netcode.Toy{}, c.net.Peer(netcode.Peer(m)), cfg)
		if err != nil {
			t.Fatal(err)
		}
		c.sessions = append(c.sessions, s)
		c.tapes = append(c.tapes, tp)
	}
	return c
}

func (c *couch) run(ticks int, input func(p netcode.Player) netcode.Input) {
	c.t.Helper()
	for range ticks {
		for m, s := range c.sessions {
			var in []netcode.Input
			for _, p := range c.local[m] {
				in = append(in, input(p))
			}
			if err := s.Advance(in...); err != nil {
				c.t.Fatalf("machine %d: %v", m, err)
			}
		}
		c.net.Tick()
	}
}

// same checks that every machine confirmed the same inputs and states.
func (c *couch) same() {
	c.t.Helper()
	for m, tp := range c.tapes {
		if tp.broken != "" {
			c.t.Fatal(tp.broken)
		}
		for f := range min(len(tp.rows), len(c.tapes[0].rows)) {
			a, b := c.tapes[0].rows[f], tp.rows[f]
			for p := range a.inputs {
				if x, y := a.inputs[p], b.inputs[p]; x.Bits != y.Bits || x.Absent != y.Absent || !bytes.Equal(x.Command, y.Command) {
					c.t.Fatalf("frame %d, player %d: machine 0 confirmed %+v, machine %d %+v", f+1, p, x, m, y)
				}
			}
			if a.hash != b.hash {
				c.t.Fatalf("frame %d: the states of machines 0 and %d differ", f+1, m)
			}
		}
	}
}

// Each seat has its own delay: its input of tick t leads to frame t + delay.
func TestDelayIsPerSeat(t *testing.T) {
	delays := []int{0, 1, 2, 7, 30}
	c := newCouch(t, 1, simnet.Path{}, make([]netcode.Peer, len(delays)), nil)
	for p, d := range delays {
		if err := c.sessions[0].SetDelay(netcode.Player(p), d); err != nil {
			t.Fatal(err)
		}
	}
	tick := 0
	for range 100 {
		tick++
		c.run(1, func(netcode.Player) netcode.Input { return netcode.Input{Bits: uint64(tick)} })
	}
	for f, r := range c.tapes[0].rows {
		for p, d := range delays {
			// The first two frames were decided at the start, by Config.Delay. Where
			// the delay grew in the first tick, its Bits fill the frames between.
			want := uint64(max(1, f+1-d))
			if f < 2 {
				want = 0
			}
			if got := r.inputs[p].Bits; got != want {
				t.Fatalf("frame %d, delay %d: Bits of tick %d, want those of %d", f+1, d, got, want)
			}
		}
	}
}

// Raising a delay repeats Bits, lowering it drops samples of Bits; there is no
// gap, and every Command comes once and in order.
func TestDelayUpAndDown(t *testing.T) {
	c := newCouch(t, 1, simnet.Path{}, []netcode.Peer{0}, func(_ int, c *netcode.Config) { c.Delay = netcode.NoDelay })
	tick := 0
	play := func(ticks int, commands bool) {
		for range ticks {
			tick++
			in := netcode.Input{Bits: uint64(tick)}
			if commands {
				in.Command = []byte{byte(tick)}
			}
			c.run(1, func(netcode.Player) netcode.Input { return in })
		}
	}
	play(5, true)
	c.sessions[0].SetDelay(0, 2)
	play(5, true)
	c.sessions[0].SetDelay(0, 1)
	play(5, true)
	c.sessions[0].SetDelay(0, 0)
	play(3, false)
	want := []uint64{1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18}
	next := byte(1)
	for f, r := range c.tapes[0].rows {
		if got := r.inputs[0].Bits; got != want[f] {
			t.Errorf("frame %d has the Bits of tick %d, want %d", f+1, got, want[f])
		}
		if cmd := r.inputs[0].Command; len(cmd) > 0 {
			if cmd[0] != next {
				t.Errorf("frame %d: Command %d, want %d", f+1, cmd[0], next)
			}
			next++
		}
	}
	if len(c.tapes[0].rows) != len(want) || next != 16 {
		t.Errorf("%d rows, %d Commands", len(c.tapes[0].rows), next-1)
	}
}

// Delays that change all the time, on couches of several seats, over bad
// networks: no gap, no difference, no Command lost, and play goes on.
func TestDelaysChangeAllTheTime(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		d := newDice(seed)
		seats := [][]netcode.Peer{{0, 1}, {0, 0, 1}, {1, 0, 0, 1}, {0, 1, 2, 1, 0}, {0, 0, 0, 0, 1, 1, 2, 3}}[seed%5]
		path := simnet.Path{Latency: d.below(6000), Jitter: d.below(3000), Loss: d.below(250), Duplicate: d.below(100), Reorder: d.below(200)}
		window := []int{0, netcode.Lockstep, 3, 12, 30}[d.below(5)]
		c := newCouch(t, seed, path, seats, func(_ int, c *netcode.Config) { c.Window, c.Timeout = window, 2000 })
		given := make([]byte, len(seats))
		for tick := range 400 {
			for m, s := range c.sessions {
				if p := c.local[m][d.below(len(c.local[m]))]; d.below(15) == 0 {
					if err := s.SetDelay(p, []int{0, 1, 3, 8, d.below(netcode.MaxDelay + 1)}[d.below(5)]); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.run(1, func(p netcode.Player) netcode.Input {
				in := netcode.Input{Bits: d.next()}
				if tick%31 == int(p) {
					given[p]++
					in.Command = []byte{given[p]}
				}
				return in
			})
		}
		c.net.SetAll(simnet.Path{})
		before := c.sessions[0].Confirmed()
		c.run(150, func(netcode.Player) netcode.Input { return netcode.Input{} })
		c.same()
		if got := c.sessions[0].Confirmed(); got < before+70 {
			t.Errorf("seed %d: confirmed only %d frames in 150 good ticks", seed, got-before)
		}
		for m, tp := range c.tapes {
			got := make([]byte, len(seats))
			for f, r := range tp.rows {
				for p, in := range r.inputs {
					if len(in.Command) == 0 {
						continue
					}
					if got[p]++; in.Command[0] != got[p] {
						t.Fatalf("seed %d machine %d frame %d: Command %d of player %d came as number %d", seed, m, f+1, in.Command[0], p, got[p])
					}
				}
			}
			if !bytes.Equal(got, given) {
				t.Errorf("seed %d machine %d: %v Commands arrived, %v were given", seed, m, got, given)
			}
		}
	}
}

// Seats of one machine that have the same delay cost no byte more, and
// different ones only a few. What a seat gives early arrives early.
func TestUnevenDelaysCostLittle(t *testing.T) {
	cost := func(delay int) uint64 {
		c := newCouch(t, 1, simnet.Path{Latency: 3000}, []netcode.Peer{0, 0, 1}, nil)
		c.sessions[0].SetDelay(1, delay)
		quiet := func(netcode.Player) netcode.Input { return netcode.Input{Bits: 3} }
		c.run(100, quiet)
		rollbacks, tick := c.sessions[1].Stats().Rollbacks, uint64(0)
		c.run(100, func(p netcode.Player) netcode.Input { tick++; return netcode.Input{Bits: 3 + uint64(p&1)*tick} })
		if got := c.sessions[1].Stats().Rollbacks - rollbacks; (got == 0) != (delay > 3) {
			t.Errorf("delay %d: %d rollbacks", delay, got)
		}
		c.run(100, quiet)
		before := c.sessions[0].Stats()
		c.run(60, quiet)
		after := c.sessions[0].Stats()
		return (after.BytesSent - before.BytesSent) / (after.PacketsSent - before.PacketsSent)
	}
	even, uneven := cost(2), cost(9)
	t.Logf("%d bytes a packet with equal delays, %d with different ones", even, uneven)
	if even > 15 || uneven > even+2 {
		t.Errorf("want at most 15, and two more")
	}
}

// A seat that nobody holds is Absent from the first frame on, on every
// machine; it costs nothing and waits for nobody.
func TestNobodySitsThere(t *testing.T) {
	seats := []netcode.Peer{netcode.Nobody, 0, netcode.Nobody, 1}
	c := newCouch(t, 1, simnet.Path{Latency: 3000, Loss: 100}, seats, nil)
	tick := uint64(0)
	c.run(200, func(netcode.Player) netcode.Input { tick++; return netcode.Input{Bits: tick, Absent: true} })
	c.same()
	if len(c.tapes[0].rows) < 150 {
		t.Fatalf("%d rows", len(c.tapes[0].rows))
	}
	for f, r := range c.tapes[0].rows {
		for p, in := range r.inputs {
			if in.Absent != (seats[p] == netcode.Nobody) || in.Absent && in.Bits != 0 {
				t.Fatalf("frame %d, player %d: %+v", f+1, p, in)
			}
		}
	}
	// Where one machine thinks that somebody sits there, they don't start.
	net := simnet.New(1, 2)
	a, _ := netcode.NewSession(&netcode.Toy{}, net.Peer(0), netcode.Config{Terms: netcode.Terms{Players: 3}, Seats: []netcode.Peer{0, 1, netcode.Nobody}, Self: 0})
	b, _ := netcode.NewSession(&netcode.Toy{}, net.Peer(1), netcode.Config{Terms: netcode.Terms{Players: 3}, Seats: []netcode.Peer{0, 1, 0}, Self: 1})
	var err error
	for range 20 {
		if err == nil {
			err = a.Advance(netcode.Input{})
		}
		b.Advance(netcode.Input{})
		net.Tick()
	}
	if err == nil || err.Error() != "netcode: terms differ: Seats [0 1 255] here, [0 1 0] there (peer 1)" {
		t.Error(err)
	}
	alone := netcode.Config{Terms: netcode.Terms{Players: 1}, Seats: []netcode.Peer{netcode.Nobody}, Self: netcode.Nobody}
	if _, err := netcode.NewSession(&netcode.Toy{}, nil, alone); err == nil {
		t.Error("a machine that is Nobody was taken")
	}
}
