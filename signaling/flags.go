package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/punchback/punchback/netcode/printable"
	"github.com/punchback/punchback/signaling/others"
	"github.com/punchback/punchback/signaling/relay"
	"github.com/punchback/punchback/signaling/server"
)

const usage = `Usage: signaling [flags]

Players of a peer-to-peer game meet here. A game joins ws://HOST:PORT/GAME to
be put together with whoever else plays it, or /GAME/CODE to meet in that room;
?players=3 or ?players=2-4 says how many make a match. GET /healthz answers 200
while the service can be used.

Games on https pages can reach it by wss:// alone: give it -cert and -key, or
-autocert, or put it behind a TLS proxy. What to open in the firewall is printed
at the start. On SIGTERM it tells its clients to come back and lets the relay
finish; a second signal ends it at once.

Every flag can come from the environment, as PUNCHBACK_ADDR for -addr; the flag
counts more.
`

// groups is in which order flags are told of.
var groups = []struct{ title, flags string }{
	{"Where it is", "addr public turn stun2 web"},
	{"TLS", "autocert autocert-dir autocert-from cert key"},
	{"Who may come, and how much they may do", "origin proxy sockets address-sockets rooms rate"},
	{"The relay, and those of others", "turn-server relay-ports relay-bytes relay-packets relay-address-bytes relay-address-packets relay-total relay-private"},
	{"Running it", "proofs nats drain log v version"},
}

// prefix is that of variables, PUNCHBACK_RELAY_PORTS for -relay-ports.
const prefix = "PUNCHBACK_"

// options are what the flags say.
type options struct {
	server.Config
	nats   string // servers
	proofs string // a file
}

// parse reads them from arguments and the environment. It says what is asked for
// with -h or -version to out, with flag.ErrHelp, and what is odd in the environment
// to warn.
func parse(args, environ []string, out, warn io.Writer) (cfg options, err error) {
	cfg.Out = out
	var verbose, version bool
	format := "text"
	f := flag.NewFlagSet("signaling", flag.ContinueOnError)
	f.SetOutput(io.Discard) // One line tells what is wrong; the list of flags would hide it.
	f.StringVar(&cfg.Addr, "addr", "", "TCP `address` to listen on; default: :8080, and :443 with -autocert.\n127.0.0.1:8080 is for this machine and a proxy on it")
	f.StringVar(&cfg.Public, "public", "", "`host` or IP address by which players reach this machine, where it differs from what\ntheir link says, or from the machine's own address (as behind a cloud's 1:1 NAT);\na loopback address is asked by this name, localhost and its own alone")
	f.StringVar(&cfg.Turn, "turn", "", "`address` of STUN and TURN, UDP and TCP; default: the host of -addr and port 3478,\nor a free port if that is taken; port 0 is a free port; off is none")
	f.Func("stun2", "another IP `address` of this machine, by which STUN can tell players what their NAT does\n(RFC 5780), at the port of -turn and the next; -turn must name the first", func(s string) (err error) {
		if cfg.Stun2, err = netip.ParseAddr(s); err != nil {
			return errors.New("want an IP address")
		}
		return nil
	})
	f.StringVar(&cfg.Web, "web", "", "`folder` of static files to serve on the same address: FILE.br and FILE.gz instead of FILE\nto browsers that take them, and nothing whose name begins with a dot")

	f.Func("autocert", "host `names`, with commas between, for which to get certificates from Let's Encrypt;\nplayers and Let's Encrypt must reach this machine by them at port 443", list(&cfg.Autocert))
	f.StringVar(&cfg.AutocertDir, "autocert-dir", "", "`folder` that keeps those; default: punchback in the cache folder")
	f.StringVar(&cfg.AutocertFrom, "autocert-from", "", "`URL` of the ACME directory of another authority than Let's Encrypt, or of its staging")
	f.StringVar(&cfg.Cert, "cert", "", "`file` of a certificate, PEM, with its chain; read again when it has changed")
	f.StringVar(&cfg.Key, "key", "", "`file` of its key")

	f.Func("origin", "web `pages` that may use this service beside its own, with commas between:\nhttps://example.org, *.example.org, itch for itch.io, * for all", list(&cfg.Origins))
	f.Func("proxy", "`addresses` of HTTP proxies in front of this service, or networks, with commas between: they\nare believed about where players come from, for whom there are limits, and about the name\nthat they ask by (127.0.0.1,::1)", networks(&cfg.Proxies))
	f.Var(&count{&cfg.Limits.Sockets, 10_000, 1, 1_000_000}, "sockets", "`limit` of connections at once")
	f.Var(&count{&cfg.Limits.AddressSockets, 256, 1, 1_000_000}, "address-sockets", "`limit` of connections at once from one address: an IPv4 one, or an IPv6 network of 64 bits;\nan IPv4 network of 24 bits, and an IPv6 network of 48, may have four times as many")
	f.Var(&count{&cfg.Limits.Rooms, 10_000, 1, 1_000_000}, "rooms", "`limit` of rooms at once")
	f.Var(&count{&cfg.Limits.Rate, 50, 1, 1_000_000}, "rate", "`limit` of messages a second of one connection")

	relayFlags(f, &cfg.Config)
	f.StringVar(&cfg.proofs, "proofs", "", "`file` of the key by which players prove after a restart what they were; it is made\nif it is not there; default: punchback/proofs.key in the configuration folder")
	f.StringVar(&cfg.nats, "nats", "", "`servers` of NATS with JetStream, by which several of these are one: nats://host:4222,\nwith commas between; default: this one is alone")
	cfg.Drain = 30 * time.Second
	f.Var((*duration)(&cfg.Drain), "drain", "how `long` to wait at the end for links that the relay carries")
	f.StringVar(&format, "log", format, "`format` of the log on standard error: text, json or off")
	f.BoolVar(&verbose, "v", false, "log every connection, too")
	f.BoolVar(&version, "version", false, "tell what this is, and end")

	err = environment(f, environ, warn)
	fromEnvironment := cfg.Others
	cfg.Others = nil
	defer func() {
		if cfg.Others == nil {
			cfg.Others = fromEnvironment
		}
	}()
	switch wrong := f.Parse(args); {
	case errors.Is(wrong, flag.ErrHelp):
		help(f, out)
		return cfg, wrong
	case wrong != nil:
		return cfg, fmt.Errorf("%w; -h lists the flags", wrong)
	case f.NArg() > 0:
		return cfg, fmt.Errorf("%q is no flag; -h lists them", f.Arg(0))
	case version:
		fmt.Fprintln(out, build())
		return cfg, flag.ErrHelp
	case err != nil:
		return cfg, err
	}
	cfg.Log, err = logger(format, verbose, warn)
	return cfg, err
}

// relayFlags has the flags of the relay, and of those of others.
func relayFlags(f *flag.FlagSet, cfg *server.Config) {
	cfg.RelayPorts = relay.Ports{Low: 61000, High: 65535}
	f.Var((*ports)(&cfg.RelayPorts), "relay-ports", "UDP `range` of relayed addresses, of which two players need two")
	f.Var(&count{&cfg.RelayLimits.Total, 1 << 30, 1, math.MaxInt}, "relay-total", "`limit` of bytes that the relay carries for one player, until it has carried none for an hour")
	for _, l := range []struct {
		to    *int
		value int
		name  string
		text  string
	}{
		{&cfg.RelayLimits.AddressBytes, 4 << 20, "relay-address-bytes", "`limit` of bytes a second, each way, that it carries for players at one address"},
		{&cfg.RelayLimits.AddressPackets, 30_000, "relay-address-packets", "`limit` of packets a second, the same"},
		{&cfg.RelayLimits.AllBytes, 64 << 20, "relay-bytes", "`limit` of bytes a second, each way, that it carries for everybody"},
		{&cfg.RelayLimits.AllPackets, 500_000, "relay-packets", "`limit` of packets a second, the same"},
	} {
		f.Var(&count{l.to, l.value, 1, math.MaxInt}, l.name, l.text)
	}
	f.BoolVar(&cfg.RelayPrivate, "relay-private", false, "let the relay reach private addresses, such as others in this network;\nimplied when bound to loopback")

	f.Func("turn-server", "`relay` of other people's that players are told of, too, again for each:\n\"turn:HOST:PORT turns:HOST:PORT secret=FILE\", as coturn has a secret;\n\"turn:HOST:PORT user=NAME password=FILE\";\n\"mint=URL token=FILE body=TEXT\", which answers with credentials (also user= and password=);\n\"run=COMMAND ...\", which prints such an answer. FILE may be env:VARIABLE. In a variable\nthere are semicolons between relays", relays(&cfg.Others))
}

// environment sets flags from variables, and points out those that are none.
func environment(f *flag.FlagSet, environ []string, warn io.Writer) (err error) {
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		l, ours := strings.CutPrefix(name, prefix)
		if !ours {
			continue
		}
		l = strings.ToLower(strings.ReplaceAll(l, "_", "-"))
		if f.Lookup(l) == nil || l == "version" { // That is what an image may be told of itself.
			fmt.Fprintf(warn, "signaling: %s sets no flag, and is ignored; there is no -%s\n", name, l)
		} else if wrong := f.Set(l, value); wrong != nil && err == nil {
			err = fmt.Errorf("%s: %q: %w", name, value, wrong)
		}
	}
	return err
}

// help tells of all flags, by groups.
func help(f *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, usage)
	for _, g := range groups {
		fmt.Fprintf(out, "\n%s:\n", g.title)
		for _, name := range strings.Fields(g.flags) {
			l := f.Lookup(name)
			value, text := flag.UnquoteUsage(l)
			if l.DefValue != "" && l.DefValue != "false" {
				text += " (" + l.DefValue + ")"
			}
			fmt.Fprintf(out, "  %s\n\t%s\n", strings.TrimSpace("-"+name+" "+value), strings.ReplaceAll(text, "\n", "\n\t"))
		}
	}
}

// shown is what a log says as a terminal can show it: a request that is no good, for
// one, is quoted in it.
func shown(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(printable.Line(v))
	case error:
		a.Value = slog.StringValue(printable.Line(v.Error()))
	}
	return a
}

func logger(format string, verbose bool, w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: shown}
	if verbose {
		options.Level = slog.LevelDebug
	}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "off":
		return nil, nil
	}
	return nil, fmt.Errorf("-log %q: want text, json or off", format)
}

// build tells which version this is.
func build() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "punchback signaling"
	}
	text := "punchback signaling " + b.Main.Version
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" {
			text += " " + s.Value
		}
	}
	return text + " " + b.GoVersion
}

// list takes words with commas between.
func list(to *[]string) func(string) error {
	return func(s string) error {
		*to = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	}
}

// relays takes one more, or several with semicolons between.
func relays(to *[]others.Relay) func(string) error {
	return func(s string) error {
		for one := range strings.SplitSeq(s, ";") {
			if strings.TrimSpace(one) == "" {
				continue
			}
			r, err := others.Parse(one)
			if err != nil {
				return err
			}
			*to = append(*to, r)
		}
		return nil
	}
}

// networks takes networks and addresses with commas between.
func networks(to *[]netip.Prefix) func(string) error {
	return func(s string) error {
		var words []string
		_ = list(&words)(s)
		*to = nil
		for _, w := range words {
			network, err := netip.ParsePrefix(w)
			if ip, wrong := netip.ParseAddr(w); wrong == nil {
				network, err = ip.Prefix(ip.BitLen())
			}
			if err != nil {
				return errors.New("want addresses such as 127.0.0.1,::1 or networks such as 10.0.0.0/8")
			}
			*to = append(*to, network)
		}
		return nil
	}
}

// count is a number with limits.
type count struct {
	to             *int
	value          int // unless said otherwise
	least, highest int
}

func (c *count) String() string {
	if c.to == nil {
		return ""
	}
	if *c.to == 0 {
		*c.to = c.value
	}
	return strconv.Itoa(*c.to)
}

func (c *count) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < c.least || n > c.highest {
		return fmt.Errorf("want a number from %d to %d", c.least, c.highest)
	}
	*c.to = n
	return nil
}

// duration is a time to wait.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || v > 24*time.Hour {
		return errors.New("want a time such as 30s or 2m, up to 24h")
	}
	*d = duration(v)
	return nil
}

// ports is a range of them.
type ports relay.Ports

func (p *ports) String() string {
	if *p == (ports{}) {
		return ""
	}
	return fmt.Sprintf("%d-%d", p.Low, p.High)
}

func (p *ports) Set(s string) error {
	first, last, ok := strings.Cut(s, "-")
	low, err := strconv.ParseUint(first, 10, 16)
	high, wrong := strconv.ParseUint(last, 10, 16)
	if !ok || err != nil || wrong != nil || low == 0 || high < low {
		return errors.New("want a range of ports such as 61000-65535")
	}
	*p = ports{uint16(low), uint16(high)}
	return nil
}
