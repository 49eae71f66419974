package simnet

import (
	"fmt"
	"slices"
	"testing"

	"github.com/punchback/punchback/netcode"
)

func drain(t netcode.Transport) (got []string) {
	buf := make([]byte, MaxPacket)
	for {
		n, from, ok := t.Recv(buf)
		if !ok {
			return got
		}
		got = append(got, fmt.Sprintf("%d:%s", from, buf[:n]))
	}
}

func TestPerfect(t *testing.T) {
	n := New(1, 3)
	n.Peer(0).Send(2, []byte("a"))
	n.Peer(1).Send(2, []byte("b"))
	n.Peer(1).Send(9, []byte("nobody"))
	if got := drain(n.Peer(2)); !slices.Equal(got, []string{"0:a", "1:b"}) {
		t.Errorf("got %v", got)
	}
	if got := drain(n.Peer(1)); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestLatency(t *testing.T) {
	n := New(1, 2)
	n.Set(0, 1, Path{Latency: 2500})
	n.Peer(0).Send(1, []byte("x"))
	for tick := range 4 {
		got := drain(n.Peer(1))
		if (len(got) == 1) != (tick == 3) {
			t.Errorf("tick %d: %v", tick, got)
		}
		n.Tick()
	}
	n.Peer(1).Send(0, []byte("y")) // the other direction is still perfect
	if got := drain(n.Peer(0)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestCut(t *testing.T) {
	n := New(1, 2)
	n.Cut(0, 1, true)
	n.Peer(0).Send(1, []byte("x"))
	n.Peer(1).Send(0, []byte("y"))
	if got := drain(n.Peer(1)); got != nil {
		t.Errorf("got %v through a cut", got)
	}
	if got := drain(n.Peer(0)); len(got) != 1 {
		t.Errorf("the other direction was cut, too")
	}
	n.Cut(0, 1, false)
	n.Peer(0).Send(1, []byte("x"))
	if got := drain(n.Peer(1)); len(got) != 1 {
		t.Errorf("still cut")
	}
}

// run sends 10,000 packets and returns what arrived, in order.
func run(seed uint64, p Path) (got []string) {
	n := New(seed, 2)
	n.SetAll(p)
	for k := range 10_000 {
		n.Peer(0).Send(1, fmt.Appendf(nil, "%d", k))
		got = append(got, drain(n.Peer(1))...)
		n.Tick()
	}
	for range 50 {
		got = append(got, drain(n.Peer(1))...)
		n.Tick()
	}
	return got
}

func TestFaultsComeAsOftenAsAsked(t *testing.T) {
	near := func(what string, got, want int) {
		if got < want*85/100 || got > want*115/100 {
			t.Errorf("%s: %d of 10,000, want about %d", what, got, want)
		}
	}
	near("lost", 10_000-len(run(1, Path{Loss: 200})), 2000)
	near("twice", len(run(2, Path{Duplicate: 100}))-10_000, 1000)
	late := 0
	last := -1
	for _, s := range run(3, Path{Reorder: 300}) {
		var k int
		fmt.Sscanf(s, "0:%d", &k)
		if k < last {
			late++
		}
		last = max(last, k)
	}
	if late < 1000 || late > 3000 {
		t.Errorf("%d of 10,000 were overtaken", late)
	}
	if got := run(4, Path{Latency: 3000, Jitter: 5000}); len(got) != 10_000 {
		t.Errorf("%d of 10,000 arrived without loss", len(got))
	}
}

func TestSeedDecidesEverything(t *testing.T) {
	p := Path{Latency: 1000, Jitter: 4000, Loss: 100, Duplicate: 100, Reorder: 100}
	if !slices.Equal(run(7, p), run(7, p)) {
		t.Error("the same seed gave other faults")
	}
	if slices.Equal(run(7, p), run(8, p)) {
		t.Error("another seed gave the same faults")
	}
}

func TestQueueIsBounded(t *testing.T) {
	n := New(1, 2)
	for range 2 * MaxQueue {
		n.Peer(0).Send(1, []byte("x"))
	}
	n.Peer(0).Send(1, make([]byte, MaxPacket+1))
	if got := n.Waiting(1); got != MaxQueue {
		t.Errorf("%d packets wait, want %d", got, MaxQueue)
	}
	n.Forget(1)
	if got := drain(n.Peer(1)); got != nil || n.Waiting(1) != 0 {
		t.Errorf("%d packets after Forget", len(got))
	}
}

func TestShape(t *testing.T) {
	n := New(1, 2)
	s := Shape(n.Peer(0), 5, Path{Latency: 2000})
	s.Send(1, []byte("late"))
	for tick := range 3 {
		got := drain(n.Peer(1))
		if (len(got) == 1) != (tick == 2) {
			t.Errorf("tick %d: %v", tick, got)
		}
		s.Tick()
	}
	s.Set(Path{})
	s.Send(1, []byte("at once"))
	if got := drain(n.Peer(1)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	n.Peer(1).Send(0, []byte("in"))
	if got := drain(s); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestNoAllocation(t *testing.T) {
	n := New(1, 2)
	p := Path{Latency: 3000, Jitter: 3000, Loss: 100, Burst: 3, Duplicate: 100, Reorder: 100, Bandwidth: 70}
	s := Shape(n.Peer(0), 5, p)
	n.SetAll(p)
	buf, packet := make([]byte, MaxPacket), make([]byte, 60)
	play := func() {
		s.Send(1, packet)
		s.Tick()
		n.Tick()
		for {
			if _, _, ok := n.Peer(1).Recv(buf); !ok {
				break
			}
		}
	}
	for range 2000 {
		play()
	}
	if a := testing.AllocsPerRun(500, play); a != 0 {
		t.Errorf("%v allocations per tick", a)
	}
}

func TestMillis(t *testing.T) {
	if got := Millis(50, 60); got != 3000 {
		t.Errorf("50 ms at 60 ticks a second are %d thousandths of a tick, want 3000", got)
	}
}
