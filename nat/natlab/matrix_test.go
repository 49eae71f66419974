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

	"github.com/punchback/punchback/nat"
)

var (
	repeats = flag.Int("repeats", 1, "how often each pair is linked")
	figures = flag.Bool("figures", false, "hold times to the figures of the README, on a machine that does nothing else")
)

// pair is two ends that are being linked.
type pair struct {
	ends   [2]*process
	signal time.Duration
}

// link begins to link two players by links of ours, by pion as it comes, or by
// ours and a mapped port; the first offers. Signals are carried as long as the test
// runs.
func (l *lab) link(t testing.TB, who string, a, b *Host) (p *pair, opened [2]message) {
	t.Helper()
	return l.linkBy(t, who, a, b, [2]turn{l.turn, l.turn})
}

// linkBy is link with a server for each.
func (l *lab) linkBy(t testing.TB, who string, a, b *Host, by [2]turn) (p *pair, opened [2]message) {
	t.Helper()
	p = &pair{signal: l.signal}
	p.ends[0] = l.start(t, a, "player", who, "offer", by[0].host, by[0].user, by[0].pass)
	p.ends[1] = l.start(t, b, "player", who, "answer", by[1].host, by[1].user, by[1].pass)
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
			time.AfterFunc(p.signal, func() { p.ends[1-i].say(m) })
		case "open", "failed":
			opened[i] = m
		}
	}
	for i, m := range opened {
		if m.Kind != "open" {
			t.Fatalf("end %d: %s", i, m.Reason)
		}
	}
	return p, opened
}

// Every kind of network meets every other one, whoever offers: directly where
// theory allows it, else by the relay.
func TestMatrix(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	var homes [2]map[string]*Host
	for i := range homes {
		homes[i] = map[string]*Host{}
		for _, k := range nat.Kinds {
			homes[i][k.Short] = l.Internet.Home(k.Short)
		}
	}
	var times table
	t.Run("pairs", func(t *testing.T) {
		for _, a := range nat.Kinds {
			for _, b := range nat.Kinds {
				t.Run(a.Short+" offers to "+b.Short, func(t *testing.T) {
					t.Parallel()
					l.compare(t, &times, a.Short+b.Short, homes[0][a.Short], homes[1][b.Short], path(a.Report, b.Report))
				})
			}
		}
	})
	var text strings.Builder
	fmt.Fprintf(&text, "open after so many ms, pion's defaults -> ours, offerer by answerer\n%-6s", "")
	for _, b := range nat.Kinds {
		fmt.Fprintf(&text, "%16s", b.Short)
	}
	for _, a := range nat.Kinds {
		fmt.Fprintf(&text, "\n%-6s", a.Short)
		for _, b := range nat.Kinds {
			fmt.Fprintf(&text, "%16s", times.cell(a.Short+b.Short))
		}
	}
	t.Logf("%s", text.String())
	if ours, pions := times.median("ours", ""), times.median("pion", ""); ours >= pions {
		t.Errorf("all pairs: %d ms at the median, pion's defaults %d", ours, pions)
	}
	if ours, pions := times.median("ours", "portport"), times.median("pion", "portport"); *figures && (ours > 400 || ours > pions*35/100) {
		t.Errorf("two ordinary routers: %d ms, pion's defaults %d", ours, pions)
	}
}

// compare links two players, both as we do and as pion does, and tells the table.
// Ours must come to that path; none means either.
func (l *lab) compare(t *testing.T, times *table, cell string, a, b *Host, want string) {
	for range *repeats {
		for _, who := range []string{"ours", "pion"} {
			t.Run(who, func(t *testing.T) { // its processes end with it
				p, ends := l.link(t, who, a, b)
				opened := max(ends[0].Connect, ends[1].Connect)
				switch {
				case who == "ours" && want == "direct":
					p.become(want, &ends) // a machine that is slow may be late
				case who == "ours" && want != "" && ends[0].Path != want:
					t.Errorf("%s, where theory has %s", ends[0].Reason, want)
				}
				times.add(who, cell, opened, ends[0].Path)
			})
		}
	}
}

// table collects what links took, and which path they had in the end.
type table struct {
	mu   sync.Mutex
	took map[string]map[string][]time.Duration // by who and cell
	path map[string]string                     // of ours
}

func (b *table) add(who, cell string, took time.Duration, path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.took == nil {
		b.took, b.path = map[string]map[string][]time.Duration{"ours": {}, "pion": {}}, map[string]string{}
	}
	b.took[who][cell] = append(b.took[who][cell], took)
	if who == "ours" {
		b.path[cell] = path
	}
}

// cell is a cell of what is printed: pion's median, ours, and D or R.
func (b *table) cell(name string) string {
	return fmt.Sprintf("%d -> %d %.1s", b.median("pion", name), b.median("ours", name), strings.ToUpper(b.path[name]))
}

// median is that of a cell, or of all.
func (b *table) median(who, cell string) int64 {
	var all []time.Duration
	for name, took := range b.took[who] {
		if cell == "" || cell == name {
			all = append(all, took...)
		}
	}
	return median(all)
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
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond, Loss: 50})
	a, b := l.Internet.Home("port"), l.Internet.Home("port")
	var all []time.Duration
	for range 5 * *repeats {
		t.Run("", func(t *testing.T) {
			_, ends := l.link(t, "ours", a, b)
			all = append(all, max(ends[0].Connect, ends[1].Connect))
		})
	}
	t.Logf("5 %% loss: open after %d ms at the median, %d at worst of %d", median(all), slices.Max(all).Milliseconds(), len(all))
	if *figures && median(all) > 700 {
		t.Errorf("open after %d ms at the median, must be at most 700", median(all))
	}
}

// Two continents, and a network where packets overtake one another.
func TestFar(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 240 * time.Millisecond, Jitter: 10 * time.Millisecond})
	a, b := l.Internet.Home("port"), l.Internet.Home("port")
	var times table
	l.compare(t, &times, "", a, b, "direct")
	t.Logf("240 ms and up to 20 more each way: open after %s ms", times.cell(""))
}

// Two routers whose mappings are spoiled by what arrives too early must not stay
// with the relay. The answer is slow, so that it arrives behind the first packet to
// the offerer, and they have to begin with it.
func TestClashBecomesDirect(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	l.signal = 120 * time.Millisecond
	a, b := l.Internet.Home("clash"), l.Internet.Home("clash")
	var mu sync.Mutex
	var first, gaps []time.Duration
	relayed := 0
	t.Run("links", func(t *testing.T) {
		for range 4 * *repeats {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				p, ends := l.link(t, "ours", a, b)
				began := ends[0].Path
				took := p.become("direct", &ends)
				p.report(&ends) // and what was missed on the way
				mu.Lock()
				defer mu.Unlock()
				if began == "relay" {
					relayed++
					first = append(first, took)
				}
				gaps = append(gaps, ends[0].Gap, ends[1].Gap)
			})
		}
	})
	if relayed == 0 {
		t.Fatal("none began with the relay, so nothing is proved")
	}
	t.Logf("%d of %d began with the relay; direct after %d ms at the median, %d at worst; no packet for %d ms at worst",
		relayed, len(gaps)/2, median(first), slices.Max(first).Milliseconds(), slices.Max(gaps).Milliseconds())
	smooth(t, slices.Max(gaps))
	if *figures && slices.Max(first) > 5*time.Second {
		t.Errorf("direct after %v, must be within 5 s", slices.Max(first))
	}
}

// smooth reports whether packets came all the time. A player does not notice when they
// are missing for the eight frames that are predicted.
func smooth(t testing.TB, gap time.Duration) {
	t.Helper()
	if gap > 3*time.Second || *figures && gap > 8*time.Second/60 {
		t.Errorf("nothing came for %v", gap)
	}
}

// A router that opens a port when asked lets in whom it else would not: then two
// that theory gives to the relay are linked directly. Behind a carrier that is no
// port of the internet, so the relay it stays.
func TestMappedPort(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	doctor := l.build("nat/cmd/natcheck") + "/natcheck"
	symm, inner := l.Internet.Router("symm"), l.Internet.Carrier("symm").Router("port")
	mapped, nested, port := symm.Host(), inner.Host(), l.Internet.Home("port")
	l.opener(symm)
	l.opener(inner)
	for _, c := range []struct {
		home   *Host
		way    nat.Way
		nested nat.Verdict
	}{{mapped, nat.Mapped, nat.No}, {nested, nat.Birthday, nat.Yes}} {
		for until := time.Now().Add(30 * time.Second); ; { // The daemon has no other sign of being there.
			_, r := l.check(t, doctor, c.home, servers, "-router", "auto")
			plan := nat.Between(r, theory("port"))
			if plan.Way == c.way && r.Nested.Value == c.nested && r.Mapper.Value != "" {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%+v, want %v:\n%v", plan, c.way, r)
			}
		}
	}
	for _, c := range []struct {
		name      string
		a, b      *Host
		who, path string
	}{
		{"no port", mapped, port, "ours", "relay"}, {"port", mapped, port, "mapped", "direct"},
		{"no port, other offers", port, mapped, "ours", "relay"}, {"port, other offers", port, mapped, "mapped", "direct"},
		{"port behind a carrier", nested, port, "mapped", "relay"}, {"port behind a carrier, other offers", port, nested, "mapped", "relay"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, ends := l.link(t, c.who, c.a, c.b)
			if began := ends[0].Path; c.path == "relay" && began != c.path {
				t.Errorf("%s, where theory has %s", ends[0].Reason, c.path)
			}
			t.Logf("open after %v, %s later: %s", ends[0].Connect, p.become(c.path, &ends), ends[0].Reason)
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
			time.AfterFunc(p.signal, func() { p.ends[1-i].say(m) })
		case "report", "failed":
			ends[i] = m
			missing--
		case "":
			missing = 0 // it has ended
		}
	}
}
