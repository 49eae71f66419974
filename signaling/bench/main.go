// Command bench puts load on the signaling service and prints each figure
// beside what is asked of it. Where a figure is a ratio, its yardstick runs in
// the same run: two bare relays that know neither rooms, limits nor heartbeats,
// one on the server's WebSocket library and one on coder/websocket. Servers are
// processes of their own; all traffic stays on loopback addresses. It fails for
// what is lost, doubled or refused, never for what is slow: machines differ.
// The last section shows what the tests of the cluster measure, and needs a nats-server.
// Memory is read from /proc, so that those figures are for Linux alone.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// size is how much of everything is done.
type size struct {
	idle    int           // connections
	watch   time.Duration // that they are watched
	pairs   int           // that relay
	runs    int           // of each server, of which the median counts
	last    time.Duration // of a run
	joins   int           // in rooms that wait
	clients int           // that lose their server
	cuts    int
	stay    int           // that stay while others attack
	half    int           // half-open sockets
	guesses int           // of codes, a second
	fire    time.Duration // that honest ones join under
	public  int           // rooms in the list
	crowd   int           // clients of a cluster of three; zero: none is made
}

var (
	long  = size{10_000, 40 * time.Second, 64, 5, 3 * time.Second, 4000, 2000, 1000, 10_000, 2500, 500, 30 * time.Second, 10_000, 2000}
	short = size{200, time.Second, 8, 1, 500 * time.Millisecond, 100, 40, 20, 200, 200, 200, 3 * time.Second, 10_000, 0}
)

// bench is one run.
type bench struct {
	size
	bin  string // the service
	self string // this program, for the bare relays
	dir  string
}

// section is some figures that are measured together.
type section struct {
	name, about string
	do          func(*bench) error
}

var sections = []section{
	{"binary", "size, start, memory of the empty service", (*bench).binary},
	{"idle", "memory of connections that only stay", (*bench).idleness},
	{"relay", "signals passed on", (*bench).relays},
	{"join", "newcomers who are introduced", (*bench).joining},
	{"restart", "the server is killed and starts again", (*bench).restarts},
	{"cut", "connections are cut at random", (*bench).cutting},
	{"list", "public rooms", (*bench).lists},
	{"hostile", "those who stay and those who join, beside all attacks at once", (*bench).hostility},
	{"nodes", "three servers on NATS, restarted and killed under load", (*bench).nodes},
}

func main() {
	child()
	b := &bench{size: long}
	var small bool
	var only string
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	flag.BoolVar(&small, "short", false, "small numbers, in a few seconds: to see that everything works")
	flag.StringVar(&only, "only", "", "`sections` to run, with commas between: "+strings.Join(names, ", "))
	flag.StringVar(&b.bin, "server", "", "`program` to measure instead of building the service")
	flag.Parse()
	if small {
		b.size = short
	}
	if flag.NArg() > 0 {
		fail(fmt.Errorf("%q is no flag; -h lists them", flag.Arg(0)))
	}
	fail(b.run(only))
}

// child serves as a yardstick, if this process was started to be one.
func child() {
	if len(os.Args) == 3 && os.Args[1] == "bare" {
		h := bareGWS()
		if os.Args[2] == "coder" {
			h = bareCoder()
		}
		fail(serveBare(h))
	}
}

func (b *bench) run(only string) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.bin == "" {
		if b.bin, err = compile(b.dir); err != nil {
			return err
		}
	}
	for _, s := range sections {
		if only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
			continue
		}
		fmt.Printf("%s: %s\n", s.name, s.about)
		if err := s.do(b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// say prints one figure beside what is asked.
func say(figure, measured, asked string) {
	fmt.Printf("  %-52s %26s   asked %s\n", figure, measured, asked)
}

// note prints what is good to know beside the figures.
func note(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }

// serve starts the service with what a load from few addresses needs.
func (b *bench) serve(args ...string) (*process, error) {
	return launch(b.bin, append([]string{"-addr", "127.0.0.1:0", "-turn", "127.0.0.1:0", "-sockets", "20000", "-rate", "1000000", "-log", "off"}, args...)...)
}

// bare starts a yardstick: gws or coder.
func (b *bench) bare(library string) (*process, error) { return launch(b.self, "bare", library) }

func kib(bytes int) string { return fmt.Sprintf("%.2f KiB", float64(bytes)/1024) }
func mib(bytes int) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
func ms(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
