package netcode_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// startTable is a table like viewTable, before its first tick.
func startTable(t testing.TB, n int, path simnet.Path) *table {
	b := newTable(t, n, path, func(m int, c *netcode.Config) { c.Timeout = viewTimeout })
	b.bits = func(m int) uint64 { return uint64(b.ticks*8 + m) }
	return b
}

// but is every machine of n except some.
func but(n int, out ...int) (rest []int) {
	for m := range n {
		if !(len(out) > 0 && m == out[0] || len(out) > 1 && m == out[1]) {
			rest = append(rest, m)
		}
	}
	return rest
}

// without checks that machines were told once that another one is out.
func (b *table) without(out int, machines ...int) {
	b.t.Helper()
	for _, m := range machines {
		n := 0
		for _, e := range b.events[m] {
			if e.Kind == netcode.Left && int(e.Peer) == out {
				n++
			}
		}
		if n != 1 {
			b.t.Errorf("machine %d was told %d times that machine %d is out: %v", m, n, out, b.events[m])
		}
	}
}

// A machine that never comes is left out after the timeout, and hears of that
// if it comes after all.
func TestAbsentFromTheStart(t *testing.T) {
	for n := 3; n <= 5; n++ {
		for out := range n {
			b := startTable(t, n, simnet.Path{Latency: 3000, Jitter: 2000})
			b.asleep[out] = true
			b.run(viewTimeout + 40)
			b.goOn(but(n, out)...)
			b.without(out, but(n, out)...)
			for _, m := range but(n, out) {
				if in := b.tapes[m].rows[0].inputs; !in[out].Absent {
					t.Errorf("seat %d is in the first frame of machine %d: %+v", out, m, in)
				}
			}
			b.net.Forget(netcode.Peer(out)) // what waits from before it came is bounded, and old
			b.asleep[out] = false
			b.run(20)
			b.stuck(out, true)
			if text := b.errs[out].Error(); !strings.Contains(text, "the others play without this machine") {
				t.Errorf("who is left out reads %q", text)
			}
			b.goOn(but(n, out)...)
		}
	}
}

// Wherever in the first ticks a machine dies, the others play.
func TestDeathInTheFirstTicks(t *testing.T) {
	for n := 3; n <= 4; n++ {
		for latency := range 5 {
			for at := range 16 {
				for _, known := range []bool{false, true} {
					out := (at + latency) % n
					b := startTable(t, n, simnet.Path{Latency: 1000 * latency, Jitter: 500 * (at % 3), Loss: 100 * (at % 2)})
					b.run(at)
					b.asleep[out] = true
					for m := range n {
						b.net.Disconnect(netcode.Peer(m), netcode.Peer(out), known)
					}
					if b.run(viewTimeout / 2); !known {
						b.run(viewTimeout/2 + 60)
					}
					b.goOn(but(n, out)...)
					b.without(out, but(n, out)...)
				}
			}
		}
	}
}

// Two of five that die at different moments before the first frame cost those two.
func TestTwoDieInTheFirstTicks(t *testing.T) {
	for at := range 12 {
		for gap := range 12 {
			b := startTable(t, 5, simnet.Path{Latency: 2000, Jitter: 1000})
			first, second := at%5, (at+1+gap%4)%5
			b.run(at)
			b.asleep[first] = true
			b.run(gap * 8)
			b.asleep[second] = true
			b.run(2*viewTimeout + 80)
			b.goOn(but(5, first, second)...)
		}
	}
}

// A pair without a link, in one direction or both, plays by those who hear both,
// and so does a chain.
func TestBrokenPairFromTheStart(t *testing.T) {
	for n := 3; n <= 4; n++ {
		for latency := range 6 {
			for _, ways := range []int{1, 2, 3} {
				b := startTable(t, n, simnet.Path{Latency: 1000 * latency, Jitter: 1000, Loss: 50})
				b.net.Cut(0, 2, ways&1 != 0)
				b.net.Cut(2, 0, ways&2 != 0)
				b.run(60)
				b.goOn(but(n)...)
				b.cut(false, []int{0}, []int{2}) // The link comes up in mid-match.
				b.run(40)
				before := b.sessions[0].Stats().PacketsSent
				b.run(100)
				if got := int(b.sessions[0].Stats().PacketsSent - before); got > 100*(n-1)+20 {
					t.Errorf("%d machines: %d packets in 100 ticks once all are linked", n, got)
				}
				b.goOn(but(n)...)
				for m := range n {
					if b.count(m, netcode.Left)+b.count(m, netcode.Quiet) > 0 || b.count(m, netcode.Synced) != n-1 {
						t.Errorf("%d machines, ways %d: machine %d: events %v", n, ways, m, b.events[m])
					}
				}
			}
		}
	}
	d := startTable(t, 4, simnet.Path{Latency: 2000})
	d.cut(true, []int{0}, []int{2, 3})
	d.cut(true, []int{1}, []int{3})
	d.run(100)
	d.goOn(0, 1, 2, 3)
}

// A machine that was given up and begins again with the same number is told so.
func TestAgainFromTheStart(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000})
	b.asleep[2] = true
	b.run(viewTimeout + 40)
	b.net.Forget(2)
	b.tapes[2], b.asleep[2] = &tape{}, false
	c := netcode.Config{Terms: netcode.Terms{Players: 3, Build: "toy 1", Nonce: [16]byte{5}, Timeout: viewTimeout}, Seats: []netcode.Peer{0, 1, 2}, Self: 2, Recorders: []netcode.Recorder{b.tapes[2]}}
	var err error
	if b.sessions[2], err = netcode.NewSession(&netcode.Toy{}, ear{b.net.Peer(2), &b.ends[2]}, c); err != nil {
		t.Fatal(err)
	}
	b.run(20)
	b.stuck(2, true)
	b.goOn(0, 1)
}

// Whoever hears nothing from the start on ends, and then the others play.
func TestDeafFromTheStart(t *testing.T) {
	b := startTable(t, 3, simnet.Path{Latency: 2000})
	b.net.Cut(0, 2, true)
	b.net.Cut(1, 2, true)
	b.run(3 * viewTimeout)
	b.stuck(2, false)
	b.goOn(0, 1)
}

// Sides that don't hear each other from the start: one plays.
func TestPartitionFromTheStart(t *testing.T) {
	b := startTable(t, 4, simnet.Path{Latency: 2000})
	b.cut(true, []int{0, 3}, []int{1, 2})
	b.run(viewTimeout + 40)
	b.stuck(1, false)
	b.stuck(2, false)
	b.goOn(0, 3)
}

// Of three and more one may leave before the first frame.
func TestLeaveBeforeTheStartOfThree(t *testing.T) {
	for n := 3; n <= 4; n++ {
		for latency := range 5 {
			for at := range 14 {
				out := at % n
				b := startTable(t, n, simnet.Path{Latency: 1000 * latency, Jitter: 500 * (at % 3)})
				b.run(at)
				b.sessions[out].Leave()
				b.run(60)
				if !b.sessions[out].Done() || b.errs[out] != nil {
					t.Errorf("%d machines, latency %d, tick %d: the leaver is not done: %v", n, latency, at, b.errs[out])
				}
				b.goOn(but(n, out)...)
				b.without(out, but(n, out)...)
			}
		}
	}
}

// Of two, an absence ends the match as ever, and soon where it is known.
func TestAbsenceOfOneOfTwo(t *testing.T) {
	for out := range 2 {
		for _, known := range []bool{false, true} {
			b := startTable(t, 2, simnet.Path{Latency: 2000})
			b.asleep[out] = true
			b.net.Disconnect(netcode.Peer(1-out), netcode.Peer(out), known)
			ticks, want := viewTimeout+1, "was silent for too long"
			if known {
				ticks, want = 16, "has left"
			}
			b.run(ticks)
			var left *netcode.LeftError
			if err := b.errs[1-out]; !errors.As(err, &left) || int(left.Peer) != out || left.Frame != 0 || left.Timeout == known || !strings.Contains(err.Error(), want) {
				t.Errorf("machine %d is absent, known %v: %v", out, known, err)
			}
		}
	}
}

// Machines that seat the players otherwise end by name before the first frame, also
// where each has as many seats as the others think.
func TestSeatsMustMatch(t *testing.T) {
	for name, seats := range map[string][][]netcode.Peer{
		"swapped":             {{0, 1}, {1, 0}},
		"turned":              {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}},
		"two swapped of four": {{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 3, 2}, {0, 1, 2, 3}},
		"two here, two there": {{0, 1, 1}, {0, 0, 1}},
		"open elsewhere":      {{0, 1, netcode.Nobody}, {0, netcode.Nobody, 1}},
	} {
		net := simnet.New(1, len(seats))
		var sessions []*netcode.Session
		for m := range seats {
			c := netcode.Config{Terms: netcode.Terms{Players: len(seats[m])}, Seats: seats[m], Self: netcode.Peer(m)}
			s, err := netcode.NewSession(&netcode.Toy{}, net.Peer(c.Self), c)
			if err != nil {
				t.Fatal(name, err)
			}
			sessions = append(sessions, s)
		}
		var ended []error
		for range 30 {
			for m, s := range sessions {
				here := 0
				for _, id := range seats[m] {
					if int(id) == m {
						here++
					}
				}
				if err := s.Advance(make([]netcode.Input, here)...); err != nil && len(ended) < 100 {
					ended = append(ended, err)
				}
				if s.Frame() > 0 {
					t.Fatalf("%s: machine %d plays", name, m)
				}
			}
			net.Tick()
		}
		if len(ended) == 0 {
			t.Errorf("%s: nobody says a word", name)
		}
		for _, err := range ended {
			var terms *netcode.TermsError
			if !errors.As(err, &terms) || !strings.HasPrefix(terms.Field, "Seats") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
