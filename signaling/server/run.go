package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	gauges "runtime/metrics"
	"strings"
	"time"
)

// maxHeader is how many bytes of a request's header are read; net/http's own is 1 MiB.
const maxHeader = 16 << 10

// Run serves until ctx is done, then parts in peace. It returns an error if it
// can't listen.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.fill(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return plain(err, "-addr")
	}
	secure, err := cfg.secure(l)
	if err != nil {
		l.Close()
		return err
	}
	s, err := New(cfg)
	if err != nil {
		l.Close()
		return err
	}
	h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: maxHeader, IdleTimeout: time.Minute, ErrorLog: log.New(&seldom{log: s.log, level: slog.LevelInfo}, "", 0)}
	s.arrivals.of(h)
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(secure) }()
	s.wg.Go(s.tidy)
	s.announce(cfg.Out, l.Addr())
	s.log.Info("serving", "at", l.Addr().String())
	s.files()
	if cfg.Ready != nil {
		cfg.Ready(l.Addr())
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	draining, cancel := context.WithTimeout(context.Background(), cfg.Drain)
	if err == nil {
		s.Drain(draining)
	}
	cancel()
	stopping, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.Close()
	if h.Shutdown(stopping) != nil {
		h.Close()
	}
	if err == nil {
		err = <-failed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// tidy gives back to the system what a wave of newcomers took: the collector
// alone would keep as much again as all connections need, for the next wave.
func (s *Server) tidy() {
	// What is collected often leaves few holes: ten thousand connections need
	// a tenth less. With few of them the heap is so small that it would be
	// collected dozens of times a second, so that something counts as heap
	// that is never touched, and takes no memory. With many of them, or under
	// attack, as much garbage may gather as with few.
	percent := 100 * garbage / (64 << 20)
	defer debug.SetGCPercent(debug.SetGCPercent(percent))
	ballast := make([]byte, 64<<20)
	defer runtime.KeepAlive(ballast)
	live := []gauges.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	t := time.NewTicker(tidyEvery / 10)
	defer t.Stop()
	for i := 1; ; i++ {
		select {
		case <-s.done:
			return
		case <-t.C:
			gauges.Read(live)
			now := max(64<<20, live[0].Value.Uint64()+live[1].Value.Uint64())
			if p := max(8, int(100*garbage/now)); p != percent {
				percent = p
				debug.SetGCPercent(percent)
			}
			if i%10 == 0 {
				debug.FreeOSMemory()
			}
		}
	}
}

const (
	garbage   = 16 << 20         // that gathers until it is collected
	tidyEvery = 10 * time.Second // costs 10,000 connections a few thousandths of a core
)

// announce says where the service is, and what a firewall must let through.
func (s *Server) announce(w io.Writer, at net.Addr) {
	port := at.(*net.TCPAddr).Port
	ip := at.(*net.TCPAddr).IP
	scheme := "ws"
	if s.cfg.encrypted() {
		scheme = "wss"
	}
	hosts, open := s.cfg.Autocert, fmt.Sprint("TCP ", port)
	switch {
	case len(hosts) > 0:
	case ip.IsLoopback():
		hosts, open = []string{ip.String()}, "TCP 443 of the proxy"
	case s.cfg.Public != "":
		hosts = []string{s.cfg.Public}
	case ip.IsUnspecified():
		hosts = addresses()
	default:
		hosts = []string{ip.String()}
	}
	for _, host := range hosts {
		fmt.Fprintf(w, "signaling at %s://%s\n", scheme, net.JoinHostPort(host, fmt.Sprint(port)))
	}
	if ip.IsLoopback() && s.cfg.Public != "" {
		fmt.Fprintf(w, "others reach it as wss://%s, by a proxy on this machine\n", s.cfg.Public)
		if len(s.cfg.Proxies) == 0 {
			fmt.Fprintf(w, "without -proxy %s everybody seems to be the proxy, and nobody has the limits of an address\n", ip)
		}
	}
	names := strings.Join(s.others.Names(), ", ")
	if names != "" {
		fmt.Fprintf(w, "players are told of the relays of %s\n", names)
	}
	if s.relay == nil {
		if names == "" {
			fmt.Fprintln(w, "STUN and TURN are off: only players who can reach each other meet")
		}
		fmt.Fprintf(w, "open %s\n", open)
		return
	}
	turn, ports := s.relay.Addr(), s.relay.Ports()
	fmt.Fprintf(w, "STUN and TURN at %s, relayed addresses at %s for %d pairs of players\n", turn, s.relay.Own(), s.relay.Pairs())
	if turn.Addr().IsLoopback() {
		fmt.Fprintln(w, "this machine only: to serve others start with -addr :PORT, or -turn :PORT behind a proxy")
		return
	}
	also := ""
	if second := s.cfg.Stun2; second.IsValid() {
		fmt.Fprintf(w, "STUN at %s, too, and at the next port of both\n", netip.AddrPortFrom(second, turn.Port()))
		also = fmt.Sprintf("-%d", turn.Port()+1)
	}
	fmt.Fprintf(w, "open %s, TCP %d, and UDP %d%s and %d-%d\n", open, turn.Port(), turn.Port(), also, ports.Low, ports.High)
}

// addresses are those of this machine, loopback last.
func addresses() (list []string) {
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			list = append(list, n.IP.String())
		}
	}
	return append(list, "127.0.0.1")
}
