//go:build nats && linux

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// busy is how long a process has used a processor.
func busy(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	user, _ := strconv.Atoi(string(f[11]))
	system, _ := strconv.Atoi(string(f[12]))
	return time.Duration(user+system) * 10 * time.Millisecond // proc_pid_stat(5), at 100 ticks a second
}

// All rooms of one game are at one server. What that costs it is told in time of
// a processor, which says how large a game can be whatever else the machine does.
func TestOneBigGame(t *testing.T) {
	t.Parallel()
	s := startService(t, startNATS(t, newest(t), 1).urls())
	const n = 1000
	over, end := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer func() { end(); wg.Wait() }()
	measure := func(what string, f func() int) {
		t.Helper()
		var before [3]time.Duration
		for i, p := range s.procs {
			before[i] = busy(t, p.Process.Pid)
		}
		count := f()
		owner := s.owner("big")
		own, others := time.Duration(0), time.Duration(0)
		for i, p := range s.procs {
			if took := busy(t, p.Process.Pid) - before[i]; i == owner {
				own = took
			} else {
				others += took
			}
		}
		t.Logf("%d %s, spread over three servers: %v of a processor for each at the owner of the game, %v at the other two together: one processor of the owner's does %d a second",
			count, what, own/time.Duration(count), others/time.Duration(count), int(float64(count)/own.Seconds()))
	}
	come := func(name string, pace time.Duration) (all []*gamer) {
		for i := range n {
			all = append(all, play(t, fmt.Sprintf("ws://%s/big/%s%d", s.front.Addr(), name, i/2), pace, &wg, over))
		}
		await(t, "everybody to be welcomed", func() bool {
			for _, g := range all {
				if err := g.Err(); err != nil {
					t.Fatal(err)
				}
				if g.joined.Load() == 0 {
					return false
				}
			}
			return true
		})
		return all
	}
	first := play(t, "ws://"+s.addrs[0]+"/big/First", time.Hour, &wg, over) // So there is an owner.
	await(t, "the first", func() bool { return first.joined.Load() > 0 })
	measure("joins", func() int { come("J", time.Hour); return n })

	talkers := come("T", 100*time.Millisecond)
	heard := func() (all int) {
		for _, g := range talkers {
			all += int(g.signals.Load())
		}
		return all
	}
	await(t, "all to talk", func() bool { return heard() > n })
	measure("signals", func() int {
		began := heard()
		await(t, "signals", func() bool { return heard() > began+30*n })
		return heard() - began
	})
}
