// Command natcheck is the doctor for connections: it asks STUN servers what
// stands between this machine and the internet, draws it, and tells with whom
// a direct link will work. It asks the router, too, whether it would open a port. It changes
// nothing and is not for the browser. With "trace FILE" it tells what a player's
// trace of a room holds.
//
// -json is for programs. -router ADDRESS names the router to ask (auto, or none), and
// -timeout bounds it all.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/nat"
	"github.com/punchback/punchback/nat/portmap"
)

const usage = `Usage: natcheck [flags] [HOST:PORT ...]
       natcheck trace FILE

Tells what stands between this machine and the internet, and with whom it can
play directly. HOST:PORT are STUN servers to ask, such as your own signaling
server at port 3478; two on different hosts tell more than one, and one that has
two addresses of its own (RFC 5780: signaling -stun2) tells the most.

The exit status is 0 if a direct link to a player behind an ordinary home router
will work, 1 if most links will need a relay, 2 if nothing was reached at all,
and 3 if the flags make no sense.

natcheck trace FILE tells in words what a trace of a player holds, and why it did
not connect; natcheck trace -h says more.

`

// defaults are public servers, of two different operators.
var defaults = []string{"stun.cloudflare.com:3478", "stun.l.google.com:19302"}

// What the exit status says.
const (
	capable = iota
	relayOnly
	blocked
	misused
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "trace" {
		return runTrace(args[1:], os.Stdin, stdout, stderr)
	}
	f := flag.NewFlagSet("natcheck", flag.ContinueOnError)
	f.SetOutput(stderr)
	asJSON := f.Bool("json", false, "print the report as JSON, for programs")
	router := f.String("router", "auto", "`address` of the router to ask whether it opens ports; auto is that of the default route, none asks nobody")
	timeout := f.Duration("timeout", 5*time.Second, "how `long` it may take, names included")
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return capable
	} else if err != nil {
		return misused
	}
	servers := f.Args()
	if len(servers) == 0 {
		servers = defaults
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	var found portmap.Report
	var silent error
	var asking sync.WaitGroup
	if *router != "none" {
		gateway, err := address(*router)
		if err != nil {
			fmt.Fprintln(stderr, "natcheck:", err)
			return misused
		}
		asking.Go(func() { found, silent = portmap.Find(ctx, gateway) })
	}
	r, err := nat.Probe(ctx, servers...)
	asking.Wait()
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "natcheck:", strings.TrimPrefix(err.Error(), "nat: "))
		return misused
	}
	switch {
	case *router == "none":
		r.Mapper.Why = "nobody asked"
	case silent != nil:
		r.Mapper.Why = strings.TrimPrefix(silent.Error(), "portmap: ")
	default:
		var names []string
		for _, p := range found.Protocols() {
			names = append(names, p.String())
		}
		r.Router(strings.Join(names, ", "), found.External)
	}
	c := check{Report: r}
	if r.UDP.Value != nat.Yes {
		c.TCP = reach(ctx, servers)
	}
	c.judge()
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		_ = e.Encode(&c)
	} else {
		fmt.Fprint(stdout, c.String())
	}
	return c.Status
}

// address is a router's, at the port of PCP and NAT-PMP; auto is zero.
func address(s string) (netip.AddrPort, error) {
	if s == "auto" {
		return netip.AddrPort{}, nil
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("-router %q: want an IP address, auto or none", s)
	}
	return netip.AddrPortFrom(ip, 5351), nil
}

// check is what -json prints.
type check struct {
	Status int               // the exit status
	Text   string            // and what it means
	TCP    bool              // whether a server was reached by TCP, where UDP is blocked
	Links  map[string]string // with whom, and how
	Report nat.Report
	plans  []nat.Plan
}

// reach reports whether any server can be reached by TCP, as a relay could.
func reach(ctx context.Context, servers []string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	reached := false
	for _, s := range servers {
		wg.Go(func() {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(s, "stun:"))
			if err != nil {
				return
			}
			_ = conn.Close()
			mu.Lock()
			defer mu.Unlock()
			reached = true
			cancel() // one is enough
		})
	}
	wg.Wait()
	return reached
}

// home is the kind of network that decides the status.
const home = 3

func (c *check) judge() {
	c.Links = map[string]string{}
	for _, k := range nat.Kinds {
		p := nat.Between(c.Report, k.Report)
		c.plans = append(c.plans, p)
		c.Links[k.Name] = p.Way.String()
	}
	switch way := c.plans[home].Way; {
	case c.Report.UDP.Value != nat.Yes && !c.TCP:
		c.Status, c.Text = blocked, "nothing was reached: this machine is offline, or a firewall blocks UDP and these servers"
	case c.Report.UDP.Value != nat.Yes:
		c.Status, c.Text = relayOnly, "UDP is blocked: every link needs a relay by TCP"
	case way == nat.Direct || way == nat.Mapped:
		c.Status, c.Text = capable, "direct links will work with most players"
	case way == nat.WayUnknown:
		c.Status, c.Text = capable, "UDP works; too little is known for more: ask two servers on different hosts"
	default:
		c.Status, c.Text = relayOnly, "this NAT gives each destination another address: most links need a relay"
	}
}
