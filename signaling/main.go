// Command signaling is the service that introduces players to one another: a
// WebSocket server for rooms, STUN and TURN for their links, and static files
// if wanted, in one binary. What players say to each other in a match does not
// pass through here, except where the relay is their only way.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/relay"
	"github.com/punchback/punchback/signaling/server"
)

const usage = `Usage: signaling [flags]

Players of a peer-to-peer game meet here. A game joins ws://HOST:PORT/GAME to
be put together with whoever else plays it, or /GAME/CODE to meet in that room;
?players=3 or ?players=2-4 says how many make a match. GET /healthz answers 200
while the service can be used.

Games on https pages can reach it by wss:// alone: give it -cert and -key, or
-autocert, or put it behind a TLS proxy. The relay needs its ports open in the
firewall; they are printed at the start. On SIGTERM it tells its clients to come
back and lets the relay finish; a second signal ends it at once.

Every flag can come from the environment, as PUNCHBACK_ADDR for -addr; the flag
counts more.

`

func main() {
	cfg := server.Config{Out: os.Stdout}
	ports := "61000-61999"
	verbose := false
	var origins, proxies, servers, autocert, format string
	f := flag.NewFlagSet("signaling", flag.ExitOnError)
	f.StringVar(&cfg.Addr, "addr", ":8080", "TCP `address` to listen on; 127.0.0.1:8080 is for this machine only")
	f.StringVar(&cfg.Turn, "turn", "", "`address` of STUN and TURN, UDP and TCP; default: the host of -addr and port 3478,\nor a free port if that is taken; port 0 is a free port; off is none")
	f.TextVar(&cfg.Stun2, "stun2", netip.Addr{}, "another IP `address` of this machine, by which STUN can tell players what their NAT does\n(RFC 5780), at the port of -turn and the next; -turn must name the first")
	f.StringVar(&cfg.Public, "public", "", "`host` or IP address by which players reach this machine, where it differs from what\ntheir link says, or from the machine's own address (as behind a cloud's 1:1 NAT)")
	f.StringVar(&origins, "origin", "", "web `pages` that may use this service beside its own, with commas between:\nhttps://example.org, *.example.org, itch for itch.io, * for all")
	f.StringVar(&proxies, "proxy", "", "`addresses` of proxies in front of this service, or networks, with commas between: they are\nbelieved about where players come from, for whom there are limits (127.0.0.1,::1)")
	f.IntVar(&cfg.Limits.AddressSockets, "address-sockets", 256, "`limit` of connections at once from one address")
	f.BoolVar(&cfg.RelayPrivate, "relay-private", false, "let the relay reach private addresses, such as others in this network;\nimplied when bound to loopback")
	f.StringVar(&ports, "relay-ports", ports, "UDP `range` of relayed addresses")
	f.IntVar(&cfg.RelayLimits.Total, "relay-total", 1<<30, "`limit` of bytes that the relay carries for one player, until it has carried none for an hour")
	f.StringVar(&cfg.Cert, "cert", "", "`file` of a certificate, PEM, with its chain; read again when it has changed")
	f.StringVar(&cfg.Key, "key", "", "`file` of its key")
	f.StringVar(&autocert, "autocert", "", "host `names`, with commas between, for which to get certificates from Let's Encrypt;\nplayers must reach this machine by them at port 443, so -addr is :443")
	f.StringVar(&cfg.AutocertDir, "autocert-dir", "", "`folder` that keeps those; default: punchback in the cache folder")
	f.DurationVar(&cfg.Drain, "drain", 30*time.Second, "how long to wait at the end for links that the relay carries")
	f.StringVar(&cfg.Web, "web", "", "`folder` of static files to serve on the same address")
	f.IntVar(&cfg.Limits.Sockets, "sockets", 10_000, "`limit` of connections at once")
	f.IntVar(&cfg.Limits.Rate, "rate", 50, "`limit` of messages a second of one connection")
	f.IntVar(&cfg.Limits.Rooms, "rooms", 10_000, "`limit` of rooms at once")
	f.StringVar(&servers, "nats", "", "`servers` of NATS with JetStream, by which several of these are one: nats://host:4222,\nwith commas between; default: this one is alone")
	f.StringVar(&format, "log", "text", "`format` of the log on standard error: text, json or off")
	f.BoolVar(&verbose, "v", false, "log every connection, too")
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage)
		f.PrintDefaults()
	}
	if err := environment(f); err != nil {
		fail(err)
	}
	f.Parse(os.Args[1:])
	if f.NArg() > 0 {
		fail(fmt.Errorf("%q is no flag; -h lists them", f.Arg(0)))
	}
	if _, err := fmt.Sscanf(ports, "%d-%d", &cfg.RelayPorts.Low, &cfg.RelayPorts.High); err != nil {
		fail(fmt.Errorf("-relay-ports %q: want a range such as 61000-61999", ports))
	}
	if cfg.RelayPorts == (relay.Ports{}) {
		fail(fmt.Errorf("-relay-ports %q: want a range such as 61000-61999", ports))
	}
	if origins != "" {
		cfg.Origins = strings.Split(origins, ",")
	}
	for _, p := range strings.FieldsFunc(proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(p)
		if ip, wrong := netip.ParseAddr(p); wrong == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			fail(fmt.Errorf("-proxy %q: want addresses such as 127.0.0.1,::1 or networks such as 10.0.0.0/8", p))
		}
		cfg.Proxies = append(cfg.Proxies, network)
	}
	if autocert != "" {
		cfg.Autocert = strings.Split(autocert, ",")
	}
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		options.Level = slog.LevelDebug
	}
	switch format {
	case "text":
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, options))
	case "json":
		cfg.Log = slog.New(slog.NewJSONHandler(os.Stderr, options))
	case "off":
	default:
		fail(fmt.Errorf("-log %q: want text, json or off", format))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // The next signal ends it at once.
	if servers != "" {
		joining, cancel := context.WithTimeout(ctx, 30*time.Second)
		c, err := cluster.NATS(joining, servers, cluster.NATSOptions{Log: cfg.Log})
		cancel()
		if err != nil {
			fail(err)
		}
		cfg.Cluster = c
		defer c.Close()
	}
	if err := server.Run(ctx, cfg); err != nil {
		fail(err)
	}
}

// environment sets flags from variables: PUNCHBACK_RELAY_PORTS is -relay-ports.
func environment(f *flag.FlagSet) (err error) {
	f.VisitAll(func(l *flag.Flag) {
		name := "PUNCHBACK_" + strings.ToUpper(strings.ReplaceAll(l.Name, "-", "_"))
		if value, ok := os.LookupEnv(name); ok && err == nil {
			if wrong := f.Set(l.Name, value); wrong != nil {
				err = fmt.Errorf("%s: %q: %w", name, value, wrong)
			}
		}
	})
	return err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "signaling:", strings.TrimPrefix(err.Error(), "server: "))
	os.Exit(1)
}
