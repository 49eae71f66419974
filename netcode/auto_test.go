package netcode_test

import (
	"slices"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// watchAuto runs ticks and tells each delay that machine m had, in order.
func watchAuto(b *table, m, ticks int) (delays []int) {
	for range ticks {
		b.run(1)
		if d := b.sessions[m].Stats().Delay[m]; len(delays) == 0 || delays[len(delays)-1] != d {
			delays = append(delays, d)
		}
	}
	b.healthy()
	return delays
}

func autoTable(t *testing.T, n int, path simnet.Path, window int) *table {
	return newTable(t, n, path, func(_ int, c *netcode.Config) { c.Delay, c.Window = netcode.Auto, window })
}

// On a steady path the delay is the trip, is found soon, and stays.
func TestAutoStaysOnASteadyPath(t *testing.T) {
	for _, c := range []struct{ latency, window, want int }{
		{0, 0, 1}, {1000, 0, 1}, {2000, 0, 2}, {3000, 0, 3}, {4500, 0, 5}, {6000, 0, 6},
		{9000, 0, 6},                // the window predicts the rest
		{9000, 2, 7},                // a small window can't
		{9000, netcode.Lockstep, 9}, // and none not at all
		{40000, netcode.Lockstep, netcode.MaxDelay}, // the longest there is
		{500, netcode.Lockstep, 1}, {0, netcode.Lockstep, 1},
	} {
		b := autoTable(t, 2, simnet.Path{Latency: c.latency}, c.window)
		b.run(100 + 4*c.latency/1000) // to meet, and two looks
		if got := b.sessions[0].Stats().Delay[0]; c.want > 1 && got != c.want {
			t.Errorf("%+v: delay %d at first", c, got)
		}
		b.run(330)
		if got := watchAuto(b, 0, 1500); !slices.Equal(got, []int{c.want}) {
			t.Errorf("%+v: delays %v", c, got)
		}
		if st := b.sessions[0].Stats(); st.Auto != c.want || st.Delay[1] != 0 {
			t.Errorf("%+v: %+v", c, st)
		}
		b.same()
	}
}

// The path gets longer: the delay follows within 96 ticks of hearing it. It
// gets shorter: one frame less each 320 ticks.
func TestAutoFollows(t *testing.T) {
	b := autoTable(t, 3, simnet.Path{Latency: 2000}, 0)
	b.run(400)
	if got := watchAuto(b, 1, 1); !slices.Equal(got, []int{2}) {
		t.Fatalf("delays %v", got)
	}
	b.net.Set(1, 0, simnet.Path{Latency: 5000}) // one path of one peer, both ways: the farthest counts
	b.net.Set(0, 1, simnet.Path{Latency: 5000})
	if got := watchAuto(b, 1, 96+10); got[len(got)-1] != 5 {
		t.Errorf("delays %v after the path got longer", got)
	}
	if got := watchAuto(b, 2, 1); !slices.Equal(got, []int{2}) {
		t.Errorf("machine 2, whose paths stayed, has the delay %v", got)
	}
	b.net.SetAll(simnet.Path{Latency: 2000})
	if got := watchAuto(b, 1, 300); !slices.Equal(got, []int{5}) {
		t.Errorf("delays %v in the first 300 ticks after the path got shorter", got)
	}
	if got := watchAuto(b, 1, 3*352-300); !slices.Equal(got, []int{5, 4, 3, 2}) {
		t.Errorf("delays %v in the time after", got)
	}
	b.same()
}

// A spike is not a longer path, and jitter whose edge lies between two delays
// does not go to and fro.
func TestAutoDoesNotFlap(t *testing.T) {
	b := autoTable(t, 2, simnet.Path{Latency: 2000}, 0)
	b.run(300)
	for range 10 {
		b.net.SetAll(simnet.Path{Latency: 9000})
		b.run(15)
		b.net.SetAll(simnet.Path{Latency: 2000})
		if got := watchAuto(b, 0, 120); !slices.Equal(got, []int{2}) {
			t.Errorf("delays %v after a spike", got)
		}
	}
	for _, edge := range []int{2950, 2990, 3000, 3010, 3050, 3100, 3200, 3500, 4000} {
		for _, loss := range []int{0, 50} {
			b := autoTable(t, 2, simnet.Path{Latency: edge - 1000, Jitter: 1200, Loss: loss}, 0)
			b.run(400)
			got := watchAuto(b, 0, 7200)
			t.Logf("edge %d, loss %d: delays %v in two minutes", edge, loss, got)
			if len(got) > 4 {
				t.Errorf("edge %d, loss %d: the delay changed %d times in two minutes: %v", edge, loss, len(got)-1, got)
			}
			b.same()
		}
	}
}

// A machine that is silent does not keep the others' delays from following.
func TestAutoWithASilentMachine(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 2000}, func(_ int, c *netcode.Config) { c.Delay, c.Timeout = netcode.Auto, 2000 })
	b.run(200)
	b.asleep[2] = true
	b.net.SetAll(simnet.Path{Latency: 4000})
	b.run(120)
	if got := b.sessions[0].Stats().Delay[0]; got != 4 {
		t.Errorf("delay %d, want 4", got)
	}
	b.asleep[1] = true
	if got := watchAuto(b, 0, 700); !slices.Equal(got, []int{4}) {
		t.Errorf("delays %v while nobody is heard", got)
	}
}

// Seats that are not set to Auto keep theirs, and a seat can be set to it and back.
func TestAutoIsPerSeat(t *testing.T) {
	c := newCouch(t, 1, simnet.Path{Latency: 4000}, []netcode.Peer{0, 1, 0}, nil)
	s := c.sessions[0]
	check := func(want ...int) {
		t.Helper()
		c.run(200, func(netcode.Player) netcode.Input { return netcode.Input{} })
		if d := s.Stats().Delay; !slices.Equal(d[:3], want) {
			t.Errorf("delays %v, want %v", d[:3], want)
		}
	}
	check(2, 0, 2)
	s.SetDelay(2, netcode.Auto)
	check(2, 0, 4)
	s.SetDelay(0, netcode.Auto)
	s.SetDelay(2, 1)
	check(4, 0, 1)
	c.same()
	alone := newCouch(t, 1, simnet.Path{}, []netcode.Peer{0}, func(_ int, c *netcode.Config) { c.Delay = netcode.Auto })
	if d := alone.sessions[0].Stats().Delay[0]; d != 0 {
		t.Errorf("alone the delay is %d", d)
	}
}
