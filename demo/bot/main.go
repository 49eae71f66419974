// Command bot plays the demo game without a screen, over real WebRTC: somebody
// to play with for one person, and load and proof for tests. It is pure Go,
// draws nothing and never waits for a key. It does not run in the browser.
//
// -server, -room, -new, -players and -name say where and who, -seed how it plays,
// -frames and -matches for how long, and -timeout bounds all of it. -lag, -jitter and -loss spoil what it
// sends; -relay-only shows no address. -json prints a report, and -trace FILE leaves the
// black box of connecting, with addresses if -trace-addresses is set.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/netcode/simnet"
)

const usage = `Usage: bot [flags]

Joins a room of the demo game and plays. Without -room it joins whoever waits
for somebody; without -frames it plays until it is interrupted, one match after
another. With -frames it plays one match, or -matches, to that frame, sees to it
that every player has confirmed it, replays the recorded inputs alone and
compares; its exit status is 0 only if all that came true.

Between matches it tells who is in the room, and how that changes.

`

// options are the flags.
type options struct {
	server, room, players, name string
	fresh                       bool
	frames, matches             int
	seed                        uint64
	lag, jitter                 int
	loss                        float64
	relayOnly, json, unmasked   bool
	trace                       string
	timeout                     time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bot:", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done within the -timeout of %v", o.timeout))
		defer cancel()
	}
	out := stdout
	if o.json {
		out = io.Discard
	}
	room, err := rtc.Join(o.url(), &rtc.Options{Build: game.Build, Name: o.name, RelayOnly: o.relayOnly, Rate: game.Rate})
	if err != nil {
		return err
	}
	defer func() {
		room.Close()
		if traced := o.saveTrace(room); err == nil {
			err = traced
		}
	}()
	room.SetReady(true)
	for n := 1; ; n++ {
		match, err := wait(ctx, room, out)
		if o.matches == 0 && errors.Is(err, errInterrupted) {
			return nil
		} else if err != nil {
			return err
		}
		cfg := match.Config()
		fmt.Fprintf(out, "match %d: seats %d, this machine is %d\n", n, cfg.Seats, cfg.Self)
		r, err := play(ctx, match, o, out)
		match.Close()
		if err == nil && o.json {
			return json.NewEncoder(stdout).Encode(r)
		} else if err == nil && o.frames > 0 {
			fmt.Fprintf(out, "played: frame %d has hash %s for everybody\n", r.HashFrame, r.Hash)
		}
		switch {
		case n == o.matches:
			return err
		case o.matches == 0 && errors.Is(context.Cause(ctx), context.Canceled):
			return nil
		case ctx.Err() != nil:
			return interrupted(ctx)
		case err != nil:
			var left *netcode.LeftError
			if !errors.As(err, &left) {
				return err
			}
			fmt.Fprintln(out, err)
		}
	}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bot", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.server, "server", "ws://127.0.0.1:8080", "`URL` of the signaling server")
	f.StringVar(&o.room, "room", "", "`code` of the room to join; default: any room that waits")
	f.StringVar(&o.players, "players", "2", "`number` of machines in a match, or a range such as 2-4")
	f.StringVar(&o.name, "name", "bot", "`name` for the others to see")
	f.BoolVar(&o.fresh, "new", false, "make a room that strangers are not put into, with a code of its own")
	f.IntVar(&o.frames, "frames", 0, "play to frame `N` of a match; 0: play until interrupted")
	f.IntVar(&o.matches, "matches", 1, "with -frames, play `N` matches, one after another; 0: play until interrupted")
	f.Uint64Var(&o.seed, "seed", 1, "`number` that makes this bot play differently from others")
	f.IntVar(&o.lag, "lag", 0, "hold what is sent back for so many `ms`")
	f.IntVar(&o.jitter, "jitter", 0, "and for up to so many `ms` more")
	f.Float64Var(&o.loss, "loss", 0, "lose this `part` of what is sent, 0 to 1")
	f.BoolVar(&o.relayOnly, "relay-only", false, "connect through the relay, never directly")
	f.BoolVar(&o.json, "json", false, "print one JSON object when done, and nothing else")
	f.StringVar(&o.trace, "trace", "", "write what happened to the room and its links to this `file` at the end, whatever that is; natcheck trace tells it")
	f.BoolVar(&o.unmasked, "trace-addresses", false, "with addresses in it, which are masked otherwise")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this `time`; 0: never")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stderr, usage)
			f.SetOutput(stderr)
			f.PrintDefaults()
		}
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q is no flag; -h lists them", f.Arg(0))
	case o.unmasked && o.trace == "":
		return o, errors.New("-trace-addresses needs -trace")
	case o.frames < 0 || o.frames > 1<<30:
		return o, fmt.Errorf("-frames is %d, must be 0 to %d", o.frames, 1<<30)
	case o.matches < 0 || o.matches > 1<<30:
		return o, fmt.Errorf("-matches is %d, must be 0 to %d", o.matches, 1<<30)
	case o.matches != 1 && o.frames == 0:
		return o, errors.New("-matches needs -frames: without them matches go on until the bot is interrupted")
	case o.json && o.frames == 0:
		return o, errors.New("-json needs -frames: it is printed when they are played")
	case o.json && o.matches != 1:
		return o, fmt.Errorf("-json tells of one match, and -matches is %d", o.matches)
	case o.fresh && o.room != "":
		return o, errors.New("-new and -room exclude each other: a new room has a code of its own")
	case o.lag < 0 || o.lag > maxLag:
		return o, fmt.Errorf("-lag is %d ms, must be 0 to %d", o.lag, maxLag)
	case o.jitter < 0 || o.jitter > maxLag:
		return o, fmt.Errorf("-jitter is %d ms, must be 0 to %d", o.jitter, maxLag)
	case !(o.loss >= 0 && o.loss <= 1):
		return o, fmt.Errorf("-loss is %v, must be 0 to 1", o.loss)
	}
	if o.frames == 0 {
		o.matches = 0
	}
	return o, nil
}

// saveTrace writes what -trace asks for.
func (o options) saveTrace(room *rtc.Room) error {
	switch {
	case o.trace == "":
		return nil
	case o.unmasked:
		return os.WriteFile(o.trace, room.TraceUnmasked(), 0o600)
	}
	return os.WriteFile(o.trace, room.Trace(), 0o600)
}

// maxLag is as much as netcode.Terms.Timeout allows for with room to spare.
const maxLag = 2000

func (o options) url() string {
	link := strings.TrimSuffix(o.server, "/") + "/punchback"
	if o.room != "" {
		link += "/" + url.PathEscape(o.room)
	}
	link += "?players=" + url.QueryEscape(o.players)
	if o.fresh {
		link += "&new"
	}
	return link
}

// path is the network that -lag, -jitter and -loss make.
func (o options) path() simnet.Path {
	return simnet.Path{
		Latency: simnet.Millis(o.lag, game.Rate),
		Jitter:  simnet.Millis(o.jitter, game.Rate),
		Loss:    int(o.loss*1000 + 0.5),
	}
}

// wait waits for a match and tells what for.
func wait(ctx context.Context, room *rtc.Room, out io.Writer) (*rtc.Match, error) {
	said, were := "", ""
	for {
		if all := roster(room); all != were {
			were = all
			fmt.Fprintln(out, all)
		}
		if s := room.Status(); s.Text != said {
			said = s.Text
			fmt.Fprintln(out, said)
		}
		soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		match, err := room.WaitMatch(soon)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%w (%s)", interrupted(ctx), room.Status().Text)
		case err == nil:
			return match, nil
		case !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		}
	}
}

// roster is the members of a room, and how this machine is linked to each; empty before
// it is in the room itself.
func roster(room *rtc.Room) string {
	var all []string
	for m := range room.Members() {
		s := fmt.Sprintf("%d %q ", m.Peer, m.Name)
		switch {
		case m.Self:
			s += "is this machine"
		case m.Banned != "":
			s += "is banned"
		case m.Report.State == punch.Open:
			s += "is linked"
		case m.Unreachable != "":
			s += "can't be reached"
		default:
			s += "is not linked"
		}
		if m.Away {
			s += " and away"
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("room %s: %s", room.Code(), strings.Join(all, ", "))
}

var errInterrupted = errors.New("interrupted")

// interrupted is why ctx is over.
func interrupted(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return errInterrupted
}
