//go:build netns && linux

package natlab

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/nat"
)

// Homes as there are: behind carriers, behind one carrier, in one home. What comes
// out is what nat.Between foretells of the reports that the doctor makes there.
func TestHomes(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	doctor := l.build("nat/cmd/natcheck") + "/natcheck"
	behind := func(kind, carrier string) *Host { return l.Internet.Carrier(carrier).Home(kind) }
	both := func(kind string, in *Network) [2]*Host { return [2]*Host{in.Home(kind), in.Home(kind)} }
	lan := func(kind string, apart bool) [2]*Host {
		n := l.Internet.Router(kind)
		n.apart = apart
		return [2]*Host{n.Host(), n.Host()}
	}
	cone, addr, port := l.Internet.Home("cone"), l.Internet.Home("addr"), l.Internet.Home("port")
	block := l.Internet.Home("block")
	type homes struct {
		name string
		ends [2]*Host
		want string
		why  string // Between can't know
		luck bool   // of so few ports one is right by luck, for a link in ten
	}
	pairs := []homes{
		{"block, cone", [2]*Host{block, cone}, "direct", "", false},
		{"block, addr", [2]*Host{block, addr}, "direct", "", false},
		{"block, port", [2]*Host{block, port}, "relay", "", true},
		{"block, block", both("block", l.Internet), "relay", "", true},
		{"cone with hairpin, port", [2]*Host{l.Internet.Home("coneh"), port}, "direct", "", false},
		{"port behind carrier's port, port", [2]*Host{behind("port", "port"), port}, "direct", "", false},
		{"port behind carrier's symm, port", [2]*Host{behind("port", "symm"), port}, "relay", "", false},
		{"port behind carrier's symm, cone", [2]*Host{behind("port", "symm"), cone}, "direct", "", false},
		{"cone behind carrier's block, port", [2]*Host{behind("cone", "block"), port}, "relay", "", true},
		{"ports behind one carrier", both("port", l.Internet.Carrier("port")), "relay", "", false},
		{"ports behind one with hairpin", both("port", l.Internet.Carrier("porth")), "direct", "", false},
		{"cones behind one with hairpin", both("cone", l.Internet.Carrier("porth")), "direct", "", false},
		{"one home", lan("port", false), "direct", "", false},
		{"one home, guests apart, hairpin", lan("coneh", true), "direct", "", false},
		{"one home, guests apart", lan("port", true), "relay", "an access point that keeps its guests apart", false},
	}
	asked := servers
	if _, err := os.Stat("/proc/sys/net/ipv6"); err == nil {
		var sixes [3]*Host
		for i := range sixes {
			n := l.Internet.Router("symm")
			sixes[i] = n.Host()
			if i < 2 {
				l.six(n, sixes[i])
			}
		}
		asked = append(slices.Clone(servers), six)
		pairs = append(pairs, homes{"symm, symm, both with IPv6", [2]*Host{sixes[0], sixes[1]}, "direct", "", false},
			homes{"symm, symm, one with IPv6", [2]*Host{sixes[1], sixes[2]}, "relay", "", false})
	}
	var times table
	var mu sync.Mutex
	said := map[string]string{}
	t.Run("pairs", func(t *testing.T) {
		for _, p := range pairs {
			t.Run(p.name+": doctor", func(t *testing.T) {
				t.Parallel()
				var plan nat.Plan
				for range 3 { // a machine that is slow may miss an answer
					_, a := l.check(t, doctor, p.ends[0], asked)
					_, b := l.check(t, doctor, p.ends[1], asked)
					plan = nat.Between(a, b)
					if (path(a, b) == p.want) == (p.why == "") {
						mu.Lock()
						defer mu.Unlock()
						said[p.name] = plan.Way.String()
						return
					}
				}
				t.Errorf("%+v, and it is %s %s", plan, p.want, p.why)
			})
			for i, offers := range []string{": first offers", ": second offers"} {
				t.Run(p.name+offers, func(t *testing.T) {
					t.Parallel()
					want := p.want
					if p.luck {
						want = ""
					}
					l.compare(t, &times, p.name+offers, p.ends[i], p.ends[1-i], want)
				})
			}
		}
	})
	var text strings.Builder
	fmt.Fprintf(&text, "open after so many ms, pion's defaults -> ours\n%-36s%10s%16s%16s", "", "foretold", "first offers", "second offers")
	for _, p := range pairs {
		fmt.Fprintf(&text, "\n%-36s%10s%16s%16s", p.name, said[p.name], times.cell(p.name+": first offers"), times.cell(p.name+": second offers"))
	}
	t.Log(text.String())
}

// Links find their way by another server than ours: directly, and by its relay.
func TestCoturn(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("turnserver"); err != nil {
		t.Skip("turnserver is not installed")
	}
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	doctor := l.build("nat/cmd/natcheck") + "/natcheck"
	port, symm, noudp := l.Internet.Home("port"), l.Internet.Home("symm"), l.Internet.Home("noudp")
	var times table
	cells := []struct {
		name string
		ends [2]*Host
		want string
	}{
		{"port, port", [2]*Host{port, l.Internet.Home("port")}, "direct"},
		{"symm, port", [2]*Host{symm, port}, "relay"},
		{"noudp, port", [2]*Host{noudp, port}, "relay"},
	}
	l.turn = l.coturn(doctor)
	for _, c := range cells {
		t.Run(c.name, func(t *testing.T) { l.compare(t, &times, c.name, c.ends[0], c.ends[1], c.want) })
		t.Logf("%s, by coturn: %s ms", c.name, times.cell(c.name))
	}
}
