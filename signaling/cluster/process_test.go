//go:build nats

package cluster

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/punchback/punchback/nat/punch"
)

// One of three is killed under load: its rooms answer again, elsewhere.
func TestOneOfThreeIsKilled(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	n := number()
	c := s.crowd(n, time.Duration(n)*time.Millisecond/2) // 2,000 signals a second in all
	for i := range 3 {
		killed := time.Now()
		s.procs[i].Process.Kill()
		s.procs[i].Wait()
		talk := c.talk(killed.Add(100 * time.Millisecond)).Round(time.Millisecond)
		back, last := c.back(killed)
		t.Logf("server %d of 3 was killed under %d clients: the rooms of all %d that it concerned answer again after %v (asked: 3 s), everybody has heard their partner after %v", i, n, back, last, talk)
		s.start(i, s.nats)
		time.Sleep(time.Second) // It is found by those who come.
	}
	c.end()
}

// A server that can't reach NATS any more lets go of its clients, who find
// another; and is a server like any other when it can.
func TestOneOfThreeIsCutOff(t *testing.T) {
	t.Run("lines break", func(t *testing.T) {
		t.Parallel() // It mostly waits.
		testCutOff(t, oldest(t), (*front).cut)
	})
	t.Run("nothing comes through", func(t *testing.T) {
		t.Parallel()
		testCutOff(t, newest(t), (*front).stop)
	})
}

func testCutOff(t *testing.T, path string, cut func(*front, bool)) {
	n := startNATS(t, path, 1)
	line := newFront(t, []string{strings.TrimPrefix(n.urls(), "nats://")})
	s := startService(t, n.urls())
	s.stop(0)
	s.start(0, "nats://"+line.Addr().String())
	c := s.crowd(60, 100*time.Millisecond)
	began := time.Now()
	cut(line, true)
	talk := c.talk(began.Add(100 * time.Millisecond)).Round(time.Millisecond)
	back, last := c.back(began)
	t.Logf("a server was cut off from NATS: the rooms of all %d that it concerned answer again after %v, everybody has heard their partner after %v", back, last, talk)
	await(t, "the server to say that it is of no use", func() bool { return !ready(s.addrs[0]) })
	cut(line, false)
	await(t, "the server to be of use again", func() bool { return ready(s.addrs[0]) })

	// Newcomers at it find those who came elsewhere.
	var wg sync.WaitGroup
	over, end := context.WithCancel(context.Background())
	a := play(t, "ws://"+s.addrs[0]+"/game1/New", 50*time.Millisecond, &wg, over)
	b := play(t, "ws://"+s.addrs[1]+"/game1/New", 50*time.Millisecond, &wg, over)
	await(t, "the newcomers to meet", func() bool { return a.heard.Load() > 0 && b.heard.Load() > 0 })
	end()
	wg.Wait()
	c.end()
}

func ready(addr string) bool {
	r, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// NATS loses one of three while a crowd talks: its rooms wait at most until
// NATS has a leader again, and nothing of them is lost.
func TestNATSLosesAServerUnderLoad(t *testing.T) {
	t.Parallel() // It mostly waits.
	n := startNATS(t, newest(t), 3)
	s := startService(t, n.urls())
	c := s.crowd(60, 100*time.Millisecond)
	js, err := jetstream.New(connect(t, n.urls()).conn)
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.Stream(t.Context(), "KV_punchback")
	if err != nil {
		t.Fatal(err)
	}
	leader, _ := strconv.Atoi(strings.TrimPrefix(info.CachedInfo().Cluster.Leader, "n"))
	killed := time.Now()
	n.servers[leader].Process.Kill()
	// Everybody was heard in what follows the kill once more than rooms can answer from what is held.
	time.Sleep(2 * time.Second)
	talk := c.talk(time.Now())
	back, _ := c.back(killed)
	for _, g := range c.all {
		if g.left+g.renamed > 0 {
			t.Error("somebody has lost their place")
		}
	}
	t.Logf("the leader of the leases was killed: everybody hears their partner again after %v, %d of %d had to come back", (2*time.Second + talk).Round(time.Millisecond), back, len(c.all))
	c.end()
}

// What it costs that a socket ends elsewhere: the time of a signal between two
// who are where their room is, and between two of whom one is not.
func TestAcrossServers(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	const pairs, each = 40, 100
	var wg sync.WaitGroup
	over, end := context.WithCancel(context.Background())
	var here, there []*gamer
	for i := range pairs { // The first server to be asked for a game is its owner.
		here = append(here, play(t, fmt.Sprintf("ws://%s/here/R%d", s.addrs[0], i), time.Hour, &wg, over))
		there = append(there, play(t, fmt.Sprintf("ws://%s/there/R%d", s.addrs[0], i), time.Hour, &wg, over))
	}
	all := slices.Concat(here, there)
	await(t, "members", func() bool { return !slices.ContainsFunc(all, func(g *gamer) bool { return g.joined.Load() == 0 }) })
	for i := range pairs { // Both at the same time, so that what else the machine does is the same to both.
		play(t, fmt.Sprintf("ws://%s/here/R%d", s.addrs[0], i), 50*time.Millisecond, &wg, over)
		play(t, fmt.Sprintf("ws://%s/there/R%d", s.addrs[1], i), 50*time.Millisecond, &wg, over)
	}
	await(t, "signals", func() bool { return !slices.ContainsFunc(all, func(g *gamer) bool { return len(g.took) < each }) })
	end()
	wg.Wait()
	measure := func(who []*gamer) (p50, p99 time.Duration) {
		var took []time.Duration
		for _, g := range who {
			for range each {
				took = append(took, <-g.took)
			}
		}
		slices.Sort(took)
		return took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond)
	}
	p50, p99 := measure(here)
	far50, far99 := measure(there)
	t.Logf("a signal takes %v (p99 %v) where the room is, %v (p99 %v) from another server: p99 %.1f times as long (asked: 3)", p50, p99, far50, far99, float64(far99)/float64(p99))
}

// All three are restarted one after another while people come: nobody's number
// changes, nobody is told that somebody left, and everybody who comes gets in.
func TestRollingRestart(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	n := number()
	c := s.crowd(n, time.Second)
	end := s.matches(4)
	coming, stop := context.WithCancel(context.Background())
	var late []*gamer
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; coming.Err() == nil; i++ {
			late = append(late, play(t, fmt.Sprintf("ws://%s/game%d/L%d", s.front.Addr(), i/2%12, i/2), time.Second, &c.wg, coming))
			select {
			case <-coming.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	for i := range 3 {
		began := time.Now()
		s.stop(i)
		s.start(i, s.nats)
		t.Logf("server %d was restarted in %v, everybody talks after %v", i, time.Since(began).Round(time.Millisecond), c.talk(began.Add(50*time.Millisecond)).Round(time.Millisecond))
	}
	joins := 0
	await(t, "those who came", func() bool {
		joins = 0
		for _, g := range late[:len(late)-2] {
			if err := g.Err(); err != nil {
				t.Fatalf("a join was lost: %v", err)
			}
			if g.joined.Load() > 0 {
				joins++
			}
		}
		return joins >= len(late)-2 && joins > 0
	})
	c.talk(time.Now())
	for _, g := range c.all {
		if g.left > 0 {
			t.Error("somebody was told that their partner has left")
		}
	}
	stop()
	wg.Wait()
	c.end()
	var quiet time.Duration
	for i, m := range end() {
		r := m.link()
		if r.State != punch.Open || r.Connect != m.opened || m.packets == 0 {
			t.Errorf("player %d of the real matches: %d packets, opened in %v; then %+v", i, m.packets, m.opened, r)
		}
		quiet = max(quiet, m.quiet)
	}
	t.Logf("a rolling restart of three with %d clients and 4 real matches: 0 links and 0 of %d joins lost; in a match the longest time without a packet was %v", n, joins, quiet.Round(time.Millisecond))
}
