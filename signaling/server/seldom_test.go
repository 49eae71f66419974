//go:build !js

package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/signaling/server"
)

// Strangers who break handshakes can't fill the log.
func TestBrokenHandshakesDoNotFillTheLog(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key, 1)
	var log book
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- server.Run(ctx, server.Config{Addr: "127.0.0.1:0", Turn: "off", Cert: cert, Key: key, Log: slog.New(slog.NewTextHandler(&log, nil)), Ready: func(a net.Addr) { ready <- a }})
	}()
	at := (<-ready).String()
	const tries = 200
	for range tries {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		io.Copy(io.Discard, c) // until it is told what it did
		c.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.b.String(), "HTTP request to an HTTPS"); n == 0 || n > tries/10 {
		t.Errorf("%d of %d broken handshakes are in the log:\n%s", n, tries, log.b.String())
	}
}
