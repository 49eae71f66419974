package netcode_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// storm plays one seed of everything that could make hashes late, old or of
// other frames: a bad network, sleep, delays that change in the middle, and
// somebody who leaves. With wrong, the game of one machine goes wrong.
func storm(t *testing.T, seed uint64, wrong bool) *table {
	d := newDice(seed)
	n := 2 + d.below(3)
	path := simnet.Path{Latency: d.below(5000), Jitter: d.below(3000), Loss: d.below(200), Duplicate: d.below(200), Reorder: d.below(200)}
	window := []int{netcode.Lockstep, 2, 8, 30}[d.below(4)]
	b := newTableWith(t, n, path, func(m int, c *netcode.Config) {
		c.Window, c.Delay, c.Timeout = window, []int{netcode.NoDelay, 2, 5, netcode.Auto}[d.below(4)], 2000
	}, func(int) *netcode.Toy { return &netcode.Toy{} })
	b.bits = func(m int) uint64 { return uint64(b.ticks * (m + 1) / 3) }
	fault, start := d.below(n), 40+d.below(200)
	wake := make([]int, n)
	for tick := range 500 {
		for m := range n {
			if d.below(80) == 0 {
				wake[m] = tick + d.below(90)
			}
			b.asleep[m] = tick < wake[m]
			if s := b.sessions[m]; d.below(60) == 0 && b.errs[m] == nil {
				if err := s.SetDelay(netcode.Player(m), d.below(9)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if wrong && tick == start {
			b.games[fault].Corrupt(b.sessions[fault].Frame() + 1)
		}
		if !wrong && tick == 400 {
			b.sessions[fault].Leave()
		}
		b.run(1)
	}
	clear(b.asleep)
	b.run(300)
	return b
}

func stormSeeds() int {
	if slow {
		return 15
	}
	return 80
}

// A game that is right is never accused, whatever the network does.
func TestNoFalseAlarm(t *testing.T) {
	for i := range stormSeeds() {
		seed := uint64(i)*0x10001 + 1
		b := storm(t, seed, false)
		for m, err := range b.errs {
			var e *netcode.DesyncError
			if errors.As(err, &e) || b.sessions[m].Disputing() {
				t.Errorf("seed %#x: machine %d of %d: %v", seed, m, len(b.errs), err)
			}
		}
		b.same()
	}
}

// Each machine that is beside the wrong one gets one error, and both sides name
// the first frame of their confirmed histories that differs.
func TestEveryDesyncIsFound(t *testing.T) {
	named := 0
	for i := range stormSeeds() {
		seed := uint64(i)*0x10001 + 1
		b := storm(t, seed, true)
		if err := found(b, &named); err != nil {
			t.Errorf("seed %#x, %d machines: %v", seed, len(b.errs), err)
		}
	}
	if named == 0 {
		t.Error("no field was ever named")
	}
	t.Logf("%d errors named the field", named)
}

func found(b *table, named *int) error {
	errs := make([]*netcode.DesyncError, len(b.errs))
	for m, err := range b.errs {
		if !errors.As(err, &errs[m]) {
			return fmt.Errorf("machine %d: %v, %+v", m, err, b.sessions[m].Stats())
		}
	}
	for m, e := range errs {
		first := netcode.Frame(1)
		x, y := b.tapes[m].rows, b.tapes[e.Peer].rows
		for first <= netcode.Frame(min(len(x), len(y))) && x[first-1].hash == y[first-1].hash {
			first++
		}
		if e.Frame != first || e.Agreed != first-1 || e.Ours != x[first-1].hash || e.Theirs != y[first-1].hash {
			return fmt.Errorf("machine %d: %v; the histories differ first in frame %d", m, e, first)
		}
		if e.Field != "seats[0]" {
			return fmt.Errorf("machine %d: %v; it is in seats[0]", m, e)
		}
		other := errs[e.Peer]
		if other.Frame != e.Frame {
			return fmt.Errorf("machine %d names frame %d, machine %d frame %d", m, e.Frame, e.Peer, other.Frame)
		}
		if int(other.Peer) == m && (other.Ours != e.Theirs || other.Theirs != e.Ours || other.Here != e.There || other.There != e.Here) {
			return fmt.Errorf("two sides do not mirror each other: %v, %v", e, other)
		}
		if e.There != "" {
			*named++
		}
	}
	return nil
}
