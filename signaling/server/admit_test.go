//go:build !js

package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

func TestAdmit(t *testing.T) {
	url := start(t, server.Config{Admit: func(ctx context.Context, r *http.Request, p protocol.Place) error {
		if _, limited := ctx.Deadline(); !limited || p.Game != "toy" {
			t.Errorf("%v, %+v", ctx, p)
		}
		if r.URL.Query().Get("ticket") == "good" {
			return nil
		}
		return errors.New("no ticket")
	}})
	l := raw(t, url+"/toy/ROOM", nil, protocol.Version)
	if m := l.read(); m.Code != protocol.CodeAdmit || m.Text != "no ticket" {
		t.Errorf("%+v", m)
	}
	l = raw(t, url+"/toy/ROOM?ticket=good", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	if m := l.read(); m.Kind != protocol.Welcome {
		t.Errorf("%+v", m)
	}
}

// By a proxy, each address has its own limits, and who guesses waits.
func TestWhoGuessesWaits(t *testing.T) {
	url := start(t, server.Config{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for range 2 {
		enter(t, url+"/toy/FULLROOM", "1")
	}
	try := func(from string) protocol.Message {
		l := raw(t, url+"/toy/FULLROOM", http.Header{"X-Forwarded-For": {from}}, protocol.Version)
		defer l.CloseNow()
		l.SetReadLimit(1 << 20)
		_ = l.Write(t.Context(), 1, protocol.Encode(protocol.Message{Kind: protocol.Hello, Build: "1"}))
		return l.read()
	}
	for i := range 10 {
		if m := try("203.0.113.5"); m.Kind != protocol.Error || m.Code == protocol.CodeRate {
			t.Fatalf("guess %d: %+v", i, m)
		}
	}
	await := time.Now().Add(10 * time.Second)
	for m := try("203.0.113.5"); m.Code != protocol.CodeRate; m = try("203.0.113.5") {
		if time.Now().After(await) {
			t.Fatalf("%+v", m)
		}
	}
	if m := try("203.0.113.6"); m.Code == protocol.CodeRate {
		t.Errorf("another address: %+v", m)
	}
}
