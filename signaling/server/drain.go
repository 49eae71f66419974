package server

import (
	"context"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// Drain parts from everybody in peace, before Close: no more sockets are taken,
// /readyz says so, clients are told to come back to another server, or to the
// next one here, each after a time of its own; and what the relay carries goes on
// until it ends by itself, or ctx is done. Games that are being played go on:
// their links do not pass through here.
func (s *Server) Drain(ctx context.Context) {
	s.mu.Lock()
	first := !s.draining
	s.draining = true
	if first {
		s.log.Info("draining", "connections", len(s.conns))
		s.dismiss()
		s.hand()
		if s.relay != nil && s.route == nil {
			s.relay.Hold() // Others would tell who is still there.
		}
	}
	s.unlock()
	defer func() { s.log.Info("drained", "relayed", s.Relayed()) }()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for s.Relayed() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// Relayed is how many addresses the relay has for players now.
func (s *Server) Relayed() int {
	if s.relay == nil {
		return 0
	}
	return s.relay.Relayed()
}

// dismiss tells everybody that the server stops, and when to try again: not all
// at once. The lock is held.
func (s *Server) dismiss() {
	after := max(500, len(s.conns)/5)
	if s.route != nil {
		after /= 5 // There are others already.
	}
	for _, c := range s.conns {
		if s.route == nil || c.self != 0 { // Whoever was not welcomed yet finds another server, in silence.
			c.push(&protocol.Message{Kind: protocol.Error, Code: protocol.CodeClosing, Text: "the server stops", After: after})
		}
		c.end(statusNormal)
	}
}
