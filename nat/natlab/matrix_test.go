//go:build netns && linux

package natlab

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var repeats = flag.Int("repeats", 1, "how often each cell of the matrix is connected")

// pair is two ends that are being linked.
type pair struct{ ends [2]*process }

const signalTrip = 30 * time.Millisecond // from one end to the other, by the server

// link begins to link two homes; the first offers. Signals are carried as long as
// the test runs.
func (l *lab) link(t testing.TB, who string, a, b int) (p *pair, opened [2]message) {
	t.Helper()
	at := *l
	at.t = t
	p = &pair{}
	p.ends[0] = at.start(l.homes[a], "player", who, "offer", l.user, l.pass)
	p.ends[1] = at.start(l.homes[b], "player", who, "answer", l.user, l.pass)
	limit := time.After(40 * time.Second)
	for opened[0].Kind == "" || opened[1].Kind == "" {
		var m message
		var i int
		select {
		case m = <-p.ends[0].out:
		case m = <-p.ends[1].out:
			i = 1
		case <-limit:
			t.Fatalf("not open in 40 s: %+v", opened)
		}
		switch m.Kind {
		case "signal":
			time.AfterFunc(signalTrip, func() { p.ends[1-i].say(m) })
		case "open", "failed":
			opened[i] = m
		}
	}
	return p, opened
}

// theory tells whether two kinds can be linked directly.
func theory(a, b string) bool {
	hard := func(k string) bool { return k == "symm" || k == "block" }
	strict := func(k string) bool { return hard(k) || k == "port" || k == "clash" }
	return a != "noudp" && b != "noudp" && !(hard(a) && strict(b)) && !(hard(b) && strict(a))
}

// Every kind of network meets every other one, whoever offers: directly where
// theory allows it, else by the relay.
func TestMatrix(t *testing.T) {
	names := []string{"open", "cone", "addr", "port", "symm", "noudp"}
	l := newLab(t, append(slices.Clone(names), names...), 60, 0)
	var mu sync.Mutex
	took := map[string]map[string][]time.Duration{"ours": {}, "pion": {}}
	path := map[string]string{}
	t.Run("pairs", func(t *testing.T) {
		for i, a := range names {
			for k, b := range names {
				t.Run(a+" offers to "+b, func(t *testing.T) {
					t.Parallel()
					for range *repeats {
						for _, who := range []string{"ours", "pion"} {
							t.Run(who, func(t *testing.T) { // its processes end with it
								p, ends := l.link(t, who, i, len(names)+k)
								opened := max(ends[0].Connect, ends[1].Connect)
								if ends[0].Kind != "open" || ends[1].Kind != "open" {
									t.Fatalf("%s; %s", ends[0].Reason, ends[1].Reason)
								}
								if who == "ours" && theory(a, b) {
									p.become("direct", &ends) // a machine that is slow may be late
								} else if who == "ours" && ends[0].Path != "relay" {
									t.Errorf("%s, where theory has a relay", ends[0].Reason)
								}
								mu.Lock()
								defer mu.Unlock()
								took[who][a+b] = append(took[who][a+b], opened)
								path[a+b] = ends[0].Path
							})
						}
					}
				})
			}
		}
	})
	var table strings.Builder
	fmt.Fprintf(&table, "open after so many ms, pion's defaults -> ours, offerer by answerer\n%-6s", "")
	for _, b := range names {
		fmt.Fprintf(&table, "%16s", b)
	}
	for _, a := range names {
		fmt.Fprintf(&table, "\n%-6s", a)
		for _, b := range names {
			fmt.Fprintf(&table, "%16s", fmt.Sprintf("%d -> %d %.1s", median(took["pion"][a+b]), median(took["ours"][a+b]), strings.ToUpper(path[a+b])))
		}
	}
	t.Logf("%s", table.String())
	if ours, pions := median(took["ours"]["portport"]), median(took["pion"]["portport"]); ours > pions/2 {
		t.Errorf("two ordinary routers: %d ms, pion's defaults %d", ours, pions)
	}
}

func median(d []time.Duration) int64 {
	if len(d) == 0 {
		return -1
	}
	slices.Sort(d)
	return d[len(d)/2].Milliseconds()
}

// Where 5 of 100 packets are lost on each wire, links open all the same.
func TestLoss(t *testing.T) {
	l := newLab(t, []string{"port", "port"}, 60, 50)
	var all []time.Duration
	for range 5 * *repeats {
		t.Run("", func(t *testing.T) {
			_, ends := l.link(t, "ours", 0, 1)
			for e, m := range ends {
				if m.Kind != "open" {
					t.Errorf("end %d: %s", e, m.Reason)
				}
			}
			all = append(all, max(ends[0].Connect, ends[1].Connect))
		})
	}
	t.Logf("5 %% loss: median %d ms, worst %d ms", median(all), all[len(all)-1].Milliseconds())
}

// Two routers whose mappings are spoiled by what arrives too early may have to
// begin with the relay; they must not stay there.
func TestClashBecomesDirect(t *testing.T) {
	l := newLab(t, []string{"clash", "clash"}, 60, 0)
	var first []time.Duration
	relayed := 0
	for range 4 * *repeats {
		t.Run("", func(t *testing.T) {
			p, ends := l.link(t, "ours", 0, 1)
			if ends[0].Kind != "open" || ends[1].Kind != "open" {
				t.Fatalf("%+v", ends)
			}
			if ends[0].Path == "relay" {
				relayed++
			}
			first = append(first, p.become("direct", &ends))
			p.report(&ends) // and what was missed on the way
			if ends[0].Gap > time.Second || ends[1].Gap > time.Second {
				t.Errorf("nothing came for %v and %v", ends[0].Gap, ends[1].Gap)
			}
		})
	}
	t.Logf("%d of %d began with the relay; direct after %d ms at the median, %d at worst", relayed, len(first), median(first), slices.Max(first).Milliseconds())
}

// A router that opens a port when asked lets in whom it else would not: then two
// that theory gives to the relay are linked directly.
func TestMappedPort(t *testing.T) {
	l := newLab(t, []string{"symm", "port"}, 60, 0)
	l.daemon(0)
	for i, offers := range [][2]int{{0, 1}, {1, 0}} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			_, before := l.link(t, "ours", offers[0], offers[1])
			if before[0].Path != "relay" {
				t.Errorf("without a port it is %s", before[0].Reason)
			}
		})
		t.Run(fmt.Sprint(i)+" mapped", func(t *testing.T) {
			p, ends := l.link(t, "mapped", offers[0], offers[1])
			took := p.become("direct", &ends)
			t.Logf("open after %v, direct %v later: %s", ends[0].Connect, took, ends[0].Reason)
		})
	}
}

// become waits until both ends have that path, and tells how long it took.
func (p *pair) become(path string, ends *[2]message) time.Duration {
	p.ends[0].t.Helper()
	begin := time.Now()
	for ends[0].Path != path || ends[1].Path != path {
		if time.Since(begin) > 30*time.Second {
			p.ends[0].t.Fatalf("still %s", ends[0].Reason)
		}
		p.report(ends)
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

// report asks both ends how they are, and carries signals meanwhile.
func (p *pair) report(ends *[2]message) {
	for _, e := range p.ends {
		e.say(message{Kind: "report"})
	}
	missing := 2
	for missing > 0 {
		var m message
		var i int
		select {
		case m = <-p.ends[0].out:
		case m = <-p.ends[1].out:
			i = 1
		}
		switch m.Kind {
		case "signal":
			time.AfterFunc(signalTrip, func() { p.ends[1-i].say(m) })
		case "report", "failed":
			ends[i] = m
			missing--
		case "":
			missing = 0 // it has ended
		}
	}
}
