package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	addr, turn   string
	noOpen, mute bool
	tabs         int
	lag, jitter  int // milliseconds
	loss         float64
	export, zip  string
	server       string
	fromLink     bool
	public       string
	pkg          string
}

const usage = `web serves a game in the browser: it builds the WASM of an Ebiten package and
serves it with signaling, STUN and TURN on one address, and builds again when
you save.

  go run ./demo/web                              the demo
  go run ./demo/web ./mygame                     your game
  go run ./demo/web -tabs 2 -lag 80 -loss 0.05   two players side by side, a bad network between them
  go run ./demo/web -addr :8080                  for everybody in the LAN
  go run ./demo/web -zip game.zip -server wss://play.example.org   a page for itch.io

Flags:
`

// parse reads the command line; flag.ErrHelp when only help was wanted.
func parse(args []string, out io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("web", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() { fmt.Fprint(out, usage); f.PrintDefaults() }
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "listen here; :8080 lets other machines in")
	f.StringVar(&o.public, "public", "", "host by which others reach the pages, such as that of a tunnel to this machine")
	f.StringVar(&o.turn, "turn", "", "address of STUN and TURN, UDP and TCP (default: a free port on the host of -addr)")
	f.BoolVar(&o.noOpen, "no-open", false, "do not open the browser")
	f.BoolVar(&o.mute, "mute", false, "pages without sound")
	f.IntVar(&o.tabs, "tabs", 1, "players side by side in one page, 1 to 4")
	f.IntVar(&o.lag, "lag", 0, "milliseconds that a page holds back what it sends, one way: 80 makes a round trip 160 longer")
	f.IntVar(&o.jitter, "jitter", 0, "milliseconds that -lag grows by at most, at random")
	f.Float64Var(&o.loss, "loss", 0, "share of its packets that a page loses, 0 to 0.9")
	f.StringVar(&o.export, "export", "", "write the static page, with its .br and .gz, into this folder and end")
	f.StringVar(&o.zip, "zip", "", "write the static page as this zip file, for itch.io, and end")
	f.StringVar(&o.server, "server", "", "signaling server that an exported page uses, such as wss://play.example.org")
	f.BoolVar(&o.fromLink, "server-from-link", false, "let ?server= of a link lead an exported page to another server than that: whoever makes a link then\nchooses where it connects to")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 1:
		return o, fmt.Errorf("one package at a time, not %q (flags come before it)", f.Args())
	case o.tabs < 1 || o.tabs > 4:
		return o, fmt.Errorf("-tabs %d: want 1 to 4", o.tabs)
	case o.lag < 0 || o.jitter < 0 || o.lag > 2000 || o.jitter > 2000:
		return o, fmt.Errorf("-lag %d -jitter %d: want milliseconds from 0 to 2000", o.lag, o.jitter)
	case !(o.loss >= 0 && o.loss <= 0.9):
		return o, fmt.Errorf("-loss %v: want a share from 0 to 0.9, such as 0.05 for one packet in twenty", o.loss)
	}
	if o.export != "" || o.zip != "" {
		u, err := url.Parse(o.server)
		if err != nil || u.Host == "" || u.Scheme != "wss" && u.Scheme != "ws" {
			return o, fmt.Errorf("-server %q: an exported page needs its signaling server, such as wss://play.example.org", o.server)
		}
	} else if o.server != "" || o.fromLink {
		return o, errors.New("-server and -server-from-link are for -export and -zip: the pages served here use this very server")
	}
	o.pkg = f.Arg(0)
	return o, nil
}

// query is what the pages are told of the flags.
func (o options) query() url.Values {
	q := url.Values{}
	if o.lag > 0 {
		q.Set("lag", strconv.Itoa(o.lag))
	}
	if o.jitter > 0 {
		q.Set("jitter", strconv.Itoa(o.jitter))
	}
	if o.loss > 0 {
		q.Set("loss", strconv.FormatFloat(o.loss, 'g', -1, 64))
	}
	if o.mute {
		q.Set("mute", "1")
	}
	return q
}

// path is the page that is opened.
func (o options) path() string {
	q, path := o.query(), "/"
	if o.tabs > 1 {
		q.Set("n", strconv.Itoa(o.tabs))
		path = "/-/tabs"
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, o, os.Stdout, os.Stderr)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// run does what the flags say, until ctx ends.
func run(ctx context.Context, o options, out, progress io.Writer) error {
	start := time.Now()
	var listener net.Listener
	if o.export == "" && o.zip == "" {
		var err error // before the build: nobody wants to wait for a port in use
		if listener, err = listen(o.addr); err != nil {
			return err
		}
		defer listener.Close()
	}

	b, err := newBuilder(ctx, o.pkg, &meter{out: progress})
	if err != nil {
		return err
	}
	defer b.close()
	prog, times, err := b.build(ctx)
	if err != nil {
		return err
	}
	if listener == nil {
		return export(ctx, o, prog, b.meter, out)
	}

	began := time.Now()
	prog.compress()
	times.compress = time.Since(began)

	s, err := newSite(o, listener.Addr(), prog, out)
	if err != nil {
		return err
	}
	defer s.Close()
	web := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	defer web.Close()

	urls := addresses(listener.Addr())
	for _, u := range urls[1:] {
		fmt.Fprintf(out, "others: %s/\n", u)
	}
	fmt.Fprintf(out, "downloaded in %s, compiled in %s, compressed in %s, %s in all\n",
		seconds(times.download), seconds(times.compile), seconds(times.compress), seconds(time.Since(start)))
	fmt.Fprintf(out, "ready %s%s\n", urls[0], o.path())
	if !o.noOpen {
		if err := open(urls[0] + o.path()); err != nil {
			fmt.Fprintln(progress, "the browser did not open:", err)
		}
	}

	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); s.watch(ctx, b) }()
	defer func() { cancel(); <-watched }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
