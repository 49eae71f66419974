package main

import (
	"context"
	"net"
	"net/http"
)

// signaling is the server that introduces the players, with its STUN and TURN.
func signaling(ctx context.Context, o options, addr net.Addr) (http.Handler, func() error, error) {
	return http.NotFoundHandler(), func() error { return nil }, nil
}
