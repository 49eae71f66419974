package netcode_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

const viewTimeout = 60

// viewTable is a table whose machines give one another up after a second, and
// whose inputs change in every frame, so that nothing is predicted rightly.
func viewTable(t testing.TB, n int, path simnet.Path) *table {
	b := newTable(t, n, path, func(m int, c *netcode.Config) { c.Timeout = viewTimeout })
	b.bits = func(m int) uint64 { return uint64(b.ticks*8 + m) }
	b.run(100)
	b.healthy()
	return b
}

// cut parts groups of machines from one another, or brings them together.
func (b *table) cut(on bool, groups ...[]int) {
	for i, g := range groups {
		for _, h := range groups[i+1:] {
			for _, m := range g {
				for _, k := range h {
					b.net.Cut(netcode.Peer(m), netcode.Peer(k), on)
					b.net.Cut(netcode.Peer(k), netcode.Peer(m), on)
				}
			}
		}
	}
}

// goOn checks that these machines play on together without the others, whose
// inputs end at the same frame for all, and that all histories agree.
func (b *table) goOn(machines ...int) {
	b.t.Helper()
	before := make([]netcode.Frame, len(b.sessions))
	for m, s := range b.sessions {
		before[m] = s.Confirmed()
	}
	b.run(200)
	stays := map[int]bool{}
	for _, m := range machines {
		stays[m] = true
		if b.errs[m] != nil {
			b.t.Fatalf("machine %d: %v", m, b.errs[m])
		}
		if got := b.sessions[m].Confirmed(); got < before[m]+120 {
			b.t.Errorf("machine %d confirmed %d frames in 200 ticks: %+v", m, got-before[m], b.sessions[m].Stats())
		}
	}
	first := b.tapes[machines[0]].rows
	for seat := range b.sessions {
		gone := 0 // the first frame in which nobody sits there
		for f, r := range first {
			switch in := r.inputs[seat]; {
			case in.Absent && gone == 0:
				gone = f + 1
			case !in.Absent && gone != 0:
				b.t.Fatalf("seat %d is back at frame %d", seat, f+1)
			case in.Absent && (in.Bits != 0 || len(in.Command) != 0):
				b.t.Fatalf("seat %d: somebody who isn't there holds %+v", seat, in)
			}
		}
		if stays[seat] != (gone == 0) {
			b.t.Errorf("seat %d is gone from frame %d on", seat, gone)
		}
	}
	b.one()
}

// one checks that what anybody has confirmed is one history, that of a solo
// simulation of its rows.
func (b *table) one() {
	b.t.Helper()
	longest := b.tapes[0]
	for _, tp := range b.tapes {
		if tp.broken != "" {
			b.t.Fatal(tp.broken)
		}
		if len(tp.rows) > len(longest.rows) {
			longest = tp
		}
	}
	solo := &netcode.Toy{}
	var state []byte
	for f, r := range longest.rows {
		solo.Step(r.inputs)
		state = solo.Save(state[:0])
		for m, tp := range b.tapes {
			if f < len(tp.rows) && tp.rows[f].hash != netcode.HashState(state) {
				b.t.Fatalf("frame %d: machine %d confirmed another history", f+1, m)
			}
		}
	}
}

// stuck checks that a machine has ended for want of the others and has
// confirmed nothing since frame.
func (b *table) stuck(m int, out bool) {
	b.t.Helper()
	var split *netcode.SplitError
	if !errors.As(b.errs[m], &split) || split.Out != out || split.Frame != b.sessions[m].Confirmed() {
		b.t.Errorf("machine %d: %v", m, b.errs[m])
	}
	if n := b.count(m, netcode.Split); !out && n != 1 {
		b.t.Errorf("machine %d said Split %d times", m, n)
	}
}

func TestTwoDropAtOnce(t *testing.T) {
	b := viewTable(t, 5, simnet.Path{Latency: 3000, Jitter: 2000})
	b.asleep[0], b.asleep[3] = true, true
	b.run(viewTimeout + 40)
	b.goOn(1, 2, 4)
}

func TestOneDropsAfterTheOther(t *testing.T) {
	b := viewTable(t, 4, simnet.Path{Latency: 3000, Jitter: 2000})
	b.asleep[3] = true
	b.run(viewTimeout + 40)
	b.goOn(0, 1, 2)
	b.asleep[1] = true
	b.run(viewTimeout + 40)
	b.goOn(0, 2)
}

// Wherever in the ballot on one drop the next machine dies, be it the one that
// proposes or the only one that holds the highest inputs, the rest go on.
func TestDeathInMidBallot(t *testing.T) {
	for at := range 40 {
		for _, second := range []int{0, 1, 2} { // 0 proposes; 1 alone has heard the last inputs of 4
			b := viewTable(t, 5, simnet.Path{Latency: 4000, Jitter: 1000})
			b.cut(true, []int{4}, []int{0, 2, 3})
			b.run(3)
			b.asleep[4] = true
			b.cut(false, []int{4}, []int{0, 2, 3})
			b.run(viewTimeout - 10 + at)
			b.asleep[second] = true
			b.run(2*viewTimeout + 40)
			var rest []int
			for m := range 4 {
				if m != second {
					rest = append(rest, m)
				}
			}
			b.goOn(rest...)
		}
	}
}

func TestPartitionOfFour(t *testing.T) {
	b := viewTable(t, 4, simnet.Path{Latency: 2000, Jitter: 1000})
	b.cut(true, []int{0, 3}, []int{1, 2})
	b.run(viewTimeout + 60)
	b.stuck(1, false)
	b.stuck(2, false)
	b.goOn(0, 3)
}

// Of two, the side with the lowest seat has the say, and ends as the survivor.
func TestPartitionOfTwo(t *testing.T) {
	b := viewTable(t, 2, simnet.Path{Latency: 2000})
	b.cut(true, []int{0}, []int{1})
	b.run(viewTimeout + 60)
	for m := range 2 {
		var left *netcode.LeftError
		if !errors.As(b.errs[m], &left) || !left.Timeout || int(left.Peer) != 1-m {
			t.Errorf("machine %d: %v", m, b.errs[m])
		}
	}
	if b.sessions[0].Confirmed() < b.sessions[1].Confirmed() {
		t.Errorf("the side with the say confirmed %d, the other %d", b.sessions[0].Confirmed(), b.sessions[1].Confirmed())
	}
	b.one()
}

func TestPartitionOfThree(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000})
	b.cut(true, []int{0}, []int{1}, []int{2})
	b.run(viewTimeout + 60)
	for m := range 3 {
		b.stuck(m, false)
	}
	b.one()
}

// A broken pair is no drop: whoever hears both passes on what they say.
func TestBrokenPair(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000, Jitter: 1000, Loss: 50})
	b.cut(true, []int{0}, []int{2})
	b.run(4 * viewTimeout)
	b.goOn(0, 1, 2)
	for m := range 3 {
		if b.count(m, netcode.Left)+b.count(m, netcode.Quiet) > 0 {
			t.Errorf("machine %d: events %v", m, b.events[m])
		}
	}
	// And if then somebody really goes, the two agree through the third.
	c := viewTable(t, 4, simnet.Path{Latency: 2000, Jitter: 1000})
	c.cut(true, []int{0}, []int{2})
	c.run(30)
	c.asleep[3] = true
	c.run(viewTimeout + 60)
	c.goOn(0, 1, 2)
	// A chain of four hears one another only step by step.
	d := viewTable(t, 4, simnet.Path{Latency: 2000})
	d.cut(true, []int{0}, []int{2, 3})
	d.cut(true, []int{1}, []int{3})
	d.run(4 * viewTimeout)
	d.goOn(0, 1, 2, 3)
}

// A machine that sleeps too long is out when it wakes, and is told so.
func TestFalseSuspicion(t *testing.T) {
	for late := range 40 {
		b := viewTable(t, 3, simnet.Path{Latency: 3000, Jitter: 1000})
		b.asleep[2] = true
		b.run(viewTimeout - 10 + late)
		b.asleep[2] = false
		b.run(60)
		if b.errs[2] == nil {
			b.goOn(0, 1, 2) // It came back in time.
			continue
		}
		b.stuck(2, true)
		b.goOn(0, 1)
	}
}

// Whoever is heard but hears nothing ends, and then the others can go on.
func TestDeafMachine(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000})
	b.net.Cut(0, 2, true)
	b.net.Cut(1, 2, true)
	b.run(3 * viewTimeout)
	b.stuck(2, false)
	b.goOn(0, 1)
}

// Receipts differ: each of the others has heard another last frame of the one
// that dies.
func TestAsymmetricReceipts(t *testing.T) {
	for seed := range 20 {
		b := viewTable(t, 4, simnet.Path{Latency: 2000, Jitter: 4000, Loss: 200})
		for m := range 3 {
			b.net.Set(3, netcode.Peer(m), simnet.Path{Latency: 1000 + 3000*((m+seed)%3), Loss: 300 * ((m + seed/3) % 3)})
		}
		b.run(10 + seed)
		b.asleep[3] = true
		b.run(viewTimeout + 60)
		b.goOn(0, 1, 2)
	}
}

// The others stand still for Timeout and three round trips at the most.
func TestStallOfADrop(t *testing.T) {
	for _, n := range []int{3, 4, 8} {
		for latency := 1; latency <= 6; latency++ {
			b := viewTable(t, n, simnet.Path{Latency: 1000 * latency})
			b.asleep[n-1] = true
			before := b.sessions[0].Stats().Waited
			b.run(viewTimeout + 100)
			for m := range n - 1 {
				stall := int(b.sessions[m].Stats().Waited - before)
				if limit := viewTimeout + 3*2*latency; stall > limit {
					t.Errorf("%d machines, latency of %d ticks: machine %d stood still for %d ticks, want at most %d", n, latency, m, stall, limit)
				}
			}
			var rest []int
			for m := range n - 1 {
				rest = append(rest, m)
			}
			b.goOn(rest...)
		}
	}
}

// When transports know that a machine has gone, nobody waits for Timeout.
func TestADropThatIsKnown(t *testing.T) {
	for _, n := range []int{2, 3, 4, 8} {
		for latency := 1; latency <= 6; latency++ {
			b := viewTable(t, n, simnet.Path{Latency: 1000 * latency})
			b.asleep[n-1] = true
			for m := range n - 1 {
				b.net.Disconnect(netcode.Peer(m), netcode.Peer(n-1), true)
			}
			before := b.sessions[0].Stats().Waited
			b.run(viewTimeout - 1)
			if n == 2 {
				var left *netcode.LeftError
				if !errors.As(b.errs[0], &left) || left.Timeout || !strings.Contains(left.Error(), "has left") {
					t.Errorf("alone: %v", b.errs[0])
				}
				continue
			}
			for m := range n - 1 {
				if e := b.events[m]; b.count(m, netcode.Quiet) > 0 || e[len(e)-1].Kind != netcode.Left || e[len(e)-1].Timeout {
					t.Errorf("%d machines: machine %d was told %+v", n, m, e)
				}
				s := b.sessions[m].Stats()
				if stall := int(s.Waited - before); stall > 10+3*2*latency || s.View != 1 {
					t.Errorf("%d machines, latency of %d ticks: machine %d stood still for %d ticks and is in view %d", n, latency, m, stall, s.View)
				}
			}
			rest := make([]int, n-1)
			for m := range rest {
				rest[m] = m
			}
			b.goOn(rest...)
		}
	}
}

// Whoever is gone for one machine and not for the others stays: they pass on what
// it says.
func TestADropThatIsKnownToOneAlone(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000})
	b.cut(true, []int{0}, []int{2})
	b.net.Disconnect(0, 2, true)
	b.run(3 * viewTimeout)
	b.goOn(0, 1, 2)
}

// Leaving costs the others nothing.
func TestLeaveStallsNobody(t *testing.T) {
	b := viewTable(t, 4, simnet.Path{Latency: 2000})
	b.sessions[3].Leave()
	before := b.sessions[0].Stats().Waited
	b.run(60)
	if !b.sessions[3].Done() || b.errs[3] != nil {
		t.Fatalf("the leaver is not done: %v, %+v", b.errs[3], b.sessions[3].Stats())
	}
	if stall := b.sessions[0].Stats().Waited - before; stall > 0 {
		t.Errorf("the others stood still for %d ticks", stall)
	}
	b.goOn(0, 1, 2)
	if e := b.sessions[3].Confirmed(); len(b.tapes[0].rows) < int(e) || b.tapes[0].rows[e-1].inputs[3].Absent || !b.tapes[0].rows[e].inputs[3].Absent {
		t.Errorf("the leaver's last frame is %d, the others have another", e)
	}
}

// One packet a tick is enough again once the others have agreed.
func TestQuietAfterAViewChange(t *testing.T) {
	b := viewTable(t, 3, simnet.Path{Latency: 2000})
	b.asleep[2] = true
	b.run(viewTimeout + 60)
	before := b.sessions[0].Stats().PacketsSent
	b.run(100)
	if n := b.sessions[0].Stats().PacketsSent - before; n != 100 {
		t.Errorf("%d packets in 100 ticks to the only one who is left", n)
	}
}
