// Command signaling is the service that introduces players to one another: a
// WebSocket server for rooms, STUN and TURN for their links, and static files
// if wanted, in one binary. What players say to each other in a match does not
// pass through here, except where the relay is their only way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/server"
)

func main() {
	cfg, err := parse(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // The next signal ends it at once.
	if cfg.Proofs, err = server.Proofs(cfg.proofs); err != nil && cfg.Log != nil {
		cfg.Log.Warn("who is in a room has to come anew after a restart: name a file that can be kept with -proofs", "why", err)
	}
	if cfg.nats != "" {
		joining, cancel := context.WithTimeout(ctx, 30*time.Second)
		c, err := cluster.NATS(joining, cfg.nats, cluster.NATSOptions{Log: cfg.Log})
		cancel()
		if err != nil {
			fail(fmt.Errorf("-nats: %w", err))
		}
		cfg.Cluster = c
		defer c.Close()
	}
	if err := server.Run(ctx, cfg.Config); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "signaling:", strings.TrimPrefix(err.Error(), "server: "))
	os.Exit(1)
}
