package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"
)

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
	h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelInfo)}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(secure) }()
	s.wg.Go(s.tidy)
	s.announce(cfg.Out, l.Addr())
	s.log.Info("serving", "at", l.Addr().String())
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
	// that is never touched, and takes no memory.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	ballast := make([]byte, 64<<20)
	defer runtime.KeepAlive(ballast)
	t := time.NewTicker(tidyEvery)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
			debug.FreeOSMemory()
		}
	}
}

// tidyEvery costs 10,000 connections a few thousandths of a core.
const tidyEvery = 10 * time.Second

// announce says where the service is, and what a firewall must let through.
func (s *Server) announce(w io.Writer, at net.Addr) {
	port := at.(*net.TCPAddr).Port
	ip := at.(*net.TCPAddr).IP
	scheme := "ws"
	if s.cfg.encrypted() {
		scheme = "wss"
	}
	switch {
	case len(s.cfg.Autocert) > 0:
		for _, host := range s.cfg.Autocert {
			fmt.Fprintf(w, "signaling at %s://%s\n", scheme, net.JoinHostPort(host, fmt.Sprint(port)))
		}
	case s.cfg.Public != "":
		fmt.Fprintf(w, "signaling at %s://%s\n", scheme, net.JoinHostPort(s.cfg.Public, fmt.Sprint(port)))
	case ip.IsUnspecified():
		for _, a := range addresses() {
			fmt.Fprintf(w, "signaling at %s://%s\n", scheme, net.JoinHostPort(a, fmt.Sprint(port)))
		}
	default:
		fmt.Fprintf(w, "signaling at %s://%s\n", scheme, at)
	}
	if s.relay == nil {
		fmt.Fprintf(w, "STUN and TURN are off: only players who can reach each other meet\nopen TCP %d\n", port)
		return
	}
	turn, ports := s.relay.Addr(), s.relay.Ports()
	fmt.Fprintf(w, "STUN and TURN at %s, relayed addresses at %s\n", turn, s.relay.Own())
	if turn.Addr().IsLoopback() {
		fmt.Fprintln(w, "this machine only: to serve others start with -addr :PORT")
		return
	}
	also := ""
	if second := s.cfg.Stun2; second.IsValid() {
		fmt.Fprintf(w, "STUN at %s, too, and at the next port of both\n", netip.AddrPortFrom(second, turn.Port()))
		also = fmt.Sprintf("-%d", turn.Port()+1)
	}
	fmt.Fprintf(w, "open TCP %d and %d, and UDP %d%s and %d-%d\n", port, turn.Port(), turn.Port(), also, ports.Low, ports.High)
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
