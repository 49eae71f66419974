package netcode_test

import (
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// orders is a match whose players hold changing Bits and give a Command of some bytes
// now and then.
type ordering struct {
	*table
	size, every int
	refused     int
}

func newOrdering(t *testing.T, n, latency, size, every int) *ordering {
	return &ordering{table: newTable(t, n, simnet.Path{Latency: latency * 1000}, func(m int, c *netcode.Config) { c.Timeout, c.Recorders = 600, nil }), size: size, every: every}
}

func (o *ordering) play(ticks int) {
	o.t.Helper()
	for range ticks {
		o.ticks++
		for m, s := range o.sessions {
			in := netcode.Input{Bits: uint64((o.ticks/7)*(m+1)) & 15}
			if o.size > 0 && (o.ticks+m)%o.every == 0 {
				in.Command = make([]byte, o.size)
			}
			err := s.Advance(in)
			if _, refused := err.(*netcode.InputError); refused {
				o.refused++
				in.Command = nil
				err = s.Advance(in)
			}
			if err != nil {
				o.t.Fatal(err)
			}
		}
		o.net.Tick()
	}
}

// sent is how many bytes a tick each machine sends to each other.
func (o *ordering) sent(ticks int) float64 {
	before := o.sessions[0].Stats().BytesSent
	o.play(ticks)
	return float64(o.sessions[0].Stats().BytesSent-before) / float64(ticks) / float64(len(o.sessions)-1)
}

// On a line that is half as wide again as the match needs, with a queue of up to a
// second, it runs at full speed, and so again three seconds after a cut of one second.
func TestNarrowLine(t *testing.T) {
	queues := []int{6, 30, 60}
	if !*netcode.Long {
		queues = []int{30}
	}
	for _, c := range []struct{ n, latency, size, every int }{
		{2, 3, 0, 1}, {2, 3, 32, 10}, {2, 3, 100, 30}, {2, 3, 256, 30}, {2, 6, 256, 15}, {2, 2, 60, 5}, {2, 3, 256, 60},
		{4, 3, 0, 1}, {4, 3, 32, 30}, {4, 3, 256, 8}, {4, 4, 100, 20}, {8, 3, 0, 1}, {8, 3, 64, 30}, {8, 3, 128, 40},
	} {
		for _, queue := range queues {
			t.Run(fmt.Sprintf("%d players %d ticks apart, %d bytes each %d ticks, queue of %d", c.n, c.latency, c.size, c.every, queue), func(t *testing.T) {
				t.Parallel()
				o := newOrdering(t, c.n, c.latency, c.size, c.every)
				o.play(300)
				need := o.sent(600)
				wide := int(need*1.5 + 0.5)
				o.net.SetAll(simnet.Path{Latency: c.latency * 1000, Bandwidth: wide, Queue: max(wide*queue, 1500)})
				o.play(300)
				frames := func(ticks int) int {
					before := o.sessions[0].Frame()
					o.play(ticks)
					return int(o.sessions[0].Frame() - before)
				}
				before := frames(600)
				o.net.CutAll(true)
				o.play(60)
				o.net.CutAll(false)
				o.play(180)
				after := frames(600)
				t.Logf("needs %.0f bytes a tick, has %d: %d of 600 frames before the cut, %d after it; %d Commands refused", need, wide, before, after, o.refused)
				if before < 570 || after < 570 {
					t.Errorf("it needs %.0f bytes a tick and has %d: %d of 600 frames before the cut, %d after it", need, wide, before, after)
				}
			})
		}
	}
}
