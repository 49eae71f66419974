//go:build !js

package punch

import (
	"sync"
	"testing"
	"time"
)

func TestBothEndsCloseAtOnce(t *testing.T) {
	e := meet(t, [2]Options{}, nil)
	e.open()
	var wg sync.WaitGroup
	for _, l := range e.link {
		for range 2 { // and each of them twice
			wg.Go(func() { _ = l.Close() })
		}
	}
	wg.Wait()
	for i, l := range e.link {
		if err := l.Err(); l.State() != Closed || err != nil && err != ErrGone {
			t.Errorf("end %d is %v: %v", i, l.State(), err)
		}
	}
}

// A goodbye is heard of a page that is gone before it can close anything.
func TestGoodbyeAlone(t *testing.T) {
	e := meet(t, [2]Options{}, nil)
	e.link[0].Goodbye() // There is nobody yet to say it to.
	e.open()
	e.link[0].Goodbye()
	e.until("closed", func() bool { return e.link[1].State() == Closed })
	if err := e.link[1].Err(); err != ErrGone {
		t.Error(err)
	}
	for _, l := range e.link {
		_ = l.Close()
		l.Goodbye()
	}
}

// A goodbye takes a round trip, whichever end says it and however soon the other
// one closes, too: a game may close a link between two frames.
func TestCloseIsQuick(t *testing.T) {
	least := time.Hour
	for try := range 5 {
		e := meet(t, [2]Options{}, nil)
		e.open()
		begin := time.Now()
		_ = e.link[try%2].Close()
		first := time.Since(begin)
		_ = e.link[1-try%2].Close()
		took := time.Since(begin)
		t.Logf("%v, both %v", first, took)
		least = min(least, took)
	}
	if least > 300*time.Millisecond { // of all, since a machine may be busy
		t.Errorf("both ends took %v at least", least)
	}
}

// Wherever a link is on its way to be open, Close ends it at once, and nothing
// that comes later wakes it.
func TestCloseWhileConnecting(t *testing.T) {
	for step := range 8 {
		var late [][]byte
		e := meet(t, [2]Options{}, func(_ int, s []byte) [][]byte {
			late = append(late, s)
			return [][]byte{s}
		})
		e.until("so far", func() bool {
			return len(late) >= step || e.link[0].State() == Open && e.link[1].State() == Open
		})
		begin := time.Now()
		_ = e.link[step%2].Close()
		if took := time.Since(begin); took > 500*time.Millisecond*slow {
			t.Errorf("after %d signals, Close took %v", step, took)
		}
		l := e.link[step%2]
		for range 2 {
			for _, s := range late {
				if err := l.Signal(s); err != nil {
					t.Errorf("Signal after Close: %v", err)
				}
			}
		}
		l.Send([]byte{1})
		if err := l.SendMessage([]byte{1}); err == nil {
			t.Error("SendMessage after Close is no error")
		}
		if _, ok := l.NextSignal(); ok || l.State() != Closed || l.Report().Reason == "" {
			t.Errorf("after Close: %+v", l.Report())
		}
		_ = e.link[1-step%2].Close()
	}
}

// What arrives costs no allocation of ours, once the inbox has its slots.
func TestPacketsAllocateNothing(t *testing.T) {
	l, ev := bareLink(Limits{Packets: 1 << 30, Bytes: 1 << 30, Inbox: 4})
	data, dst := make([]byte, 200+numberSize), make([]byte, MaxPacket)
	if n := testing.AllocsPerRun(1000, func() {
		ev.packet(len(data), func(dst []byte) { copy(dst, data) })
		if n, ok := l.Recv(dst); !ok || n != len(data)-numberSize {
			t.Fatal("no packet")
		}
	}); n != 0 {
		t.Errorf("a packet costs %v allocations", n)
	}
}
