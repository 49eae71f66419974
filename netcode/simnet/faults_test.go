package simnet

import (
	"slices"
	"testing"

	"github.com/punchback/punchback/netcode"
)

// Loss stays what was asked for when it comes in bursts, and the bursts are as
// long as asked for.
func TestBurst(t *testing.T) {
	for _, p := range []Path{{Loss: 100}, {Loss: 100, Burst: 5}, {Loss: 50, Burst: 20}, {Loss: 500, Burst: 3}} {
		const n = 200_000
		l, r := link{path: p}, random(3)
		lost, runs, before := 0, 0, false
		for range n {
			copies, _ := l.send(&r, 0, 10)
			gone := copies == 0
			if gone {
				lost++
				if !before {
					runs++
				}
			}
			before = gone
		}
		want := float64(p.Burst)
		if p.Burst <= 1 {
			want = 1000 / float64(1000-p.Loss) // what chance alone gives
		}
		loss, burst := float64(lost)/n*1000, float64(lost)/float64(runs)
		t.Logf("%+v: %.1f of 1000 lost, %.2f in a row", p, loss, burst)
		if loss < float64(p.Loss)*0.9 || loss > float64(p.Loss)*1.1 || burst < want*0.93 || burst > want*1.07 {
			t.Errorf("%+v: %.1f of 1000 lost, %.2f in a row, want %d and %.2f", p, loss, burst, p.Loss, want)
		}
		if c := l.counts; c.Sent != n || c.Lost != uint64(lost) {
			t.Errorf("%+v: counted %+v", p, c)
		}
	}
	if got := run(1, Path{Loss: 1000, Burst: 4}); len(got) != 0 {
		t.Errorf("%d arrived where all is lost", len(got))
	}
	p := Path{Latency: 2000, Loss: 200, Burst: 6}
	if !slices.Equal(run(7, p), run(7, p)) || slices.Equal(run(7, p), run(8, p)) {
		t.Error("the seed does not decide the bursts")
	}
}

// A narrow line sends its bytes a tick, keeps the order, holds as much as its
// queue and drops the last come.
func TestBandwidth(t *testing.T) {
	n := New(1, 2)
	n.Set(0, 1, Path{Latency: 500, Bandwidth: 100, Queue: 1000})
	packet := make([]byte, 50)
	buf := make([]byte, MaxPacket)
	for k := range 30 {
		packet[0] = byte(k)
		n.Peer(0).Send(1, packet)
	}
	if c := n.Counts(0, 1); c.Sent != 30 || c.Dropped != 10 {
		t.Errorf("a queue of 1000 bytes took 30 packets of 50: %+v", c)
	}
	next := byte(0)
	for tick := range 14 {
		n.Tick()
		got := 0
		for {
			size, _, ok := n.Peer(1).Recv(buf)
			if !ok {
				break
			}
			if buf[0] != next {
				t.Fatalf("packet %d came when %d was due", buf[0], next)
			}
			next++
			got += size
		}
		want := 100
		if tick == 0 {
			want = 50 // The other arrives half a tick later.
		} else if tick == 10 {
			want = 50
		} else if tick > 10 {
			want = 0
		}
		if got != want {
			t.Errorf("tick %d: %d bytes, want %d", tick, got, want)
		}
	}
	if next != 20 {
		t.Errorf("%d packets arrived, want 20", next)
	}
	n.Peer(0).Send(1, packet) // The line is free again.
	n.Tick()
	if got := drain(n.Peer(1)); len(got) != 1 {
		t.Errorf("%d packets on a free line", len(got))
	}
	n.Peer(1).Send(0, packet)
	if got := drain(n.Peer(0)); len(got) != 1 {
		t.Error("the other direction is narrow, too")
	}
}

func TestPartition(t *testing.T) {
	reach := func(n *Net) (got []string) {
		for from := range netcode.Peer(5) {
			row := ""
			for to := range netcode.Peer(5) {
				n.Peer(from).Send(to, []byte("x"))
				if drain(n.Peer(to)) != nil {
					row += "x"
				} else {
					row += "."
				}
			}
			got = append(got, row)
		}
		return got
	}
	n := New(1, 5)
	for _, c := range []struct {
		groups [][]netcode.Peer
		want   []string
	}{
		{[][]netcode.Peer{{0, 3}}, []string{"x..x.", ".xx.x", ".xx.x", "x..x.", ".xx.x"}},
		{[][]netcode.Peer{{0}, {1, 2}, {3}}, []string{"x....", ".xx..", ".xx..", "...x.", "....x"}},
		{nil, []string{"xxxxx", "xxxxx", "xxxxx", "xxxxx", "xxxxx"}},
	} {
		n.Partition(c.groups...)
		if got := reach(n); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.groups, got, c.want)
		}
	}
	if c := n.Counts(0, 1); c.Cut != 2 || c.Sent != 3 {
		t.Errorf("counted %+v", c)
	}
	for _, bad := range [][][]netcode.Peer{{{5}}, {{1}, {1}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was taken", bad)
				}
			}()
			n.Partition(bad...)
		}()
	}
}

// Clocks lose no tick in an hour, whatever the steps of time, and a sleeper
// loses just those of its sleep.
func TestClock(t *testing.T) {
	const hour = 216_000_000
	for _, step := range []int{1000, 250, 100} {
		for _, c := range []struct{ ppm, want int }{{0, 216_000}, {-1667, 215_639}, {200, 216_043}} {
			clock := Clock{PPM: c.ppm}
			got := 0
			for range hour / step {
				got += clock.Pass(step)
			}
			if got != c.want {
				t.Errorf("%d ppm by %d: %d ticks in an hour, want %d", c.ppm, step, got, c.want)
			}
		}
	}
	var clock Clock
	clock.Start(600)
	clock.Sleep(2500)
	var at []int
	for now := 100; now <= 5000; now += 100 {
		if clock.Pass(100) > 0 {
			at = append(at, now)
		}
	}
	if !slices.Equal(at, []int{2900, 3900, 4900}) || clock.Since() != 100 {
		t.Errorf("ticks at %v, and %d since", at, clock.Since())
	}
}

// Shape has the same faults: they are those of the same link.
func TestShapeCutsAndQueues(t *testing.T) {
	n := New(1, 3)
	s := Shape(n.Peer(0), 5, Path{Bandwidth: 100, Queue: 300})
	packet := make([]byte, 100)
	for k := range 5 { // to two machines over one line
		s.Send(netcode.Peer(1+k%2), packet)
	}
	if c := s.Counts(); c.Dropped != 2 || c.Sent != 5 {
		t.Errorf("counted %+v", c)
	}
	for tick := range 4 {
		s.Pass(500)
		half := len(drain(n.Peer(1))) + len(drain(n.Peer(2)))
		s.Pass(500)
		if got := len(drain(n.Peer(1))) + len(drain(n.Peer(2))); half != 0 || (got == 1) != (tick < 3) {
			t.Errorf("tick %d: %d and %d packets", tick, half, got)
		}
	}
	s.Set(Path{})
	s.Cut(true)
	s.Send(1, packet)
	if got := drain(n.Peer(1)); got != nil {
		t.Errorf("%d packets through a cut", len(got))
	}
	s.Cut(false)
	s.Set(Path{Loss: 1000})
	s.Send(1, packet)
	s.Set(Path{})
	s.Send(1, packet)
	if got := drain(n.Peer(1)); len(got) != 1 {
		t.Errorf("%d packets, want 1", len(got))
	}
	if c := s.Counts(); c.Cut != 1 || c.Lost != 1 {
		t.Errorf("counted %+v", c)
	}
}
