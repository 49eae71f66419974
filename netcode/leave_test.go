package netcode_test

import (
	"errors"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

func TestSilenceEndsTheMatch(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, func(m int, c *netcode.Config) { c.Timeout = 100 })
	b.run(120)
	b.asleep[1] = true
	b.run(99)
	b.healthy()
	b.run(5)
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 1 || !left.Timeout || left.Frame < 110 || left.Frame > 130 {
		t.Fatalf("error %v", b.errs[0])
	}
	if e := b.events[0]; b.count(0, netcode.Quiet) != 1 || b.count(0, netcode.Left) != 1 || !e[len(e)-1].Timeout {
		t.Errorf("events %+v", e)
	}
	if again := b.sessions[0].Advance(netcode.Input{}); again != b.errs[0] {
		t.Errorf("the next Advance says %v", again)
	}
}

func TestPeerThatNeverAnswers(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Timeout = 60 })
	b.asleep[1] = true
	b.run(70)
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 1 || !left.Timeout || left.Frame != 0 {
		t.Fatalf("error %v", b.errs[0])
	}
}

// Everybody plays up to the leaver's last frame and confirms it. Two end there,
// more go on.
func TestLeave(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		for seed := range uint64(30) {
			b := newTable(t, n, simnet.Path{Latency: int(seed%6) * 1000, Jitter: int(seed%3) * 1500, Loss: int(seed%4) * 80}, nil)
			b.bits = func(m int) uint64 { return uint64(b.ticks) }
			b.run(100 + int(seed))
			b.sessions[1].Leave()
			b.run(120)
			if !b.sessions[1].Done() || b.errs[1] != nil {
				t.Fatalf("n=%d seed=%d: the leaver is not done after 120 ticks: %v", n, seed, b.errs[1])
			}
			end := b.sessions[1].Confirmed()
			for m := range n {
				if m == 1 {
					continue
				}
				if n > 2 {
					rows := b.tapes[m].rows
					if b.errs[m] != nil || len(rows) < int(end)+20 || rows[end-1].inputs[1].Absent || !rows[end].inputs[1].Absent {
						t.Fatalf("n=%d seed=%d: machine %d: %v; the leaver ends at %d, %d frames are confirmed", n, seed, m, b.errs[m], end, len(rows))
					}
					continue
				}
				var left *netcode.LeftError
				if !errors.As(b.errs[m], &left) || left.Peer != 1 || left.Timeout || left.Frame != end {
					t.Fatalf("n=%d seed=%d: machine %d ends with %v, want a clean end at %d", n, seed, m, b.errs[m], end)
				}
				if b.sessions[m].Confirmed() != end || b.sessions[m].Frame() != end {
					t.Fatalf("n=%d seed=%d: machine %d confirmed %d, shows %d, want %d", n, seed, m, b.sessions[m].Confirmed(), b.sessions[m].Frame(), end)
				}
				if b.count(m, netcode.Left) != 1 {
					t.Fatalf("n=%d seed=%d: machine %d: events %v", n, seed, m, b.events[m])
				}
				// The game itself is at the end, not at a prediction beyond.
				if h, _ := b.sessions[m].Hash(end); netcode.HashState(b.games[m].Save(nil)) != h {
					t.Fatalf("n=%d seed=%d: the game of machine %d is not at frame %d", n, seed, m, end)
				}
			}
			b.same()
		}
	}
}

func TestBothLeave(t *testing.T) {
	for gap := range 12 {
		b := newTable(t, 2, simnet.Path{Latency: 3000, Loss: 100}, nil)
		b.run(100)
		b.sessions[0].Leave()
		b.run(gap)
		b.sessions[1].Leave()
		b.run(100)
		b.healthy()
		for m, s := range b.sessions {
			if !s.Done() {
				t.Errorf("gap %d: machine %d is not done: %+v", gap, m, s.Stats())
			}
		}
		if a, b := b.sessions[0].Confirmed(), b.sessions[1].Confirmed(); a != b {
			t.Errorf("gap %d: ends differ: %d and %d", gap, a, b)
		}
	}
}

func TestLeaveBeforeTheStart(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 2000}, nil)
	b.asleep[2] = true
	b.run(20)
	b.sessions[1].Leave()
	b.run(30)
	if !b.sessions[1].Done() {
		t.Error("the leaver is not done")
	}
	b.healthy() // machine 2 may still come
	b.run(60)
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 2 || !left.Timeout || left.Frame != 0 {
		t.Errorf("error %v", b.errs[0])
	}
}

func TestLeaverWhoseFriendIsGone(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Timeout = 90 })
	b.run(60)
	b.asleep[1] = true
	b.sessions[0].Leave()
	b.run(95)
	b.healthy()
	if !b.sessions[0].Done() {
		t.Errorf("not done after the timeout: %+v", b.sessions[0].Stats())
	}
}

// Whoever leaves before the start does not start when the others' hellos arrive.
func TestLeaveWhileHellosAreOnTheWay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 9000}, nil)
	b.run(12) // both have heard, neither knows that the other has
	b.sessions[0].Leave()
	b.run(80)
	var left *netcode.LeftError
	if !b.sessions[0].Done() || b.sessions[0].Frame() != 0 || !errors.As(b.errs[1], &left) || left.Timeout || left.Frame != 0 {
		t.Errorf("done %v at frame %d; the other: %v", b.sessions[0].Done(), b.sessions[0].Frame(), b.errs[1])
	}
}

// A machine that comes when the other one has left already hears so from the
// hellos that wait for it.
func TestLeaveBeforeTheOtherComes(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, nil)
	b.asleep[1] = true
	b.run(5)
	b.sessions[0].Leave()
	b.run(40)
	b.asleep[1] = false
	b.run(20)
	var left *netcode.LeftError
	if !b.sessions[0].Done() || !errors.As(b.errs[1], &left) || left.Timeout || left.Frame != 0 {
		t.Errorf("done %v; the other: %v", b.sessions[0].Done(), b.errs[1])
	}
}
