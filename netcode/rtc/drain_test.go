//go:build !js

package rtc_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/server"
)

// A server is upgraded while it relays a match: the match goes over to the relay
// of the other server, and the first is done before its time is over.
func TestARelayedMatchOutlivesItsServer(t *testing.T) {
	t.Parallel()
	var memory cluster.Memory
	var servers [2]*server.Server
	var urls [2]string
	for i := range servers {
		m := memory.Join()
		s, err := server.New(server.Config{Turn: "127.0.0.1:0", Cluster: m, Proofs: []byte("the key of these tests")})
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewServer(s)
		t.Cleanup(func() { s.Close(); h.Close(); m.Close() })
		servers[i], urls[i] = s, "ws"+strings.TrimPrefix(h.URL, "http")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var rooms [2]*rtc.Room
	var matches [2]*rtc.Match
	for i := range rooms {
		r, err := rtc.Join(urls[0]+"/toy/UPGRADE", &rtc.Options{Build: "1", RelayOnly: true, Fallbacks: urls[1:]})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		rooms[i] = r
	}
	for i, r := range rooms {
		m, err := r.WaitMatch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		matches[i] = m
	}
	other := func(i int) netcode.Player {
		for p, peer := range matches[i].Config().Seats {
			if peer != matches[i].Config().Self {
				return netcode.Player(p)
			}
		}
		panic("a match of one")
	}
	// talk sends sixty packets a second both ways until it is enough.
	talk := func(what string, enough func() bool) (quiet time.Duration) {
		t.Helper()
		tick := time.NewTicker(time.Second / 60)
		defer tick.Stop()
		last := [2]time.Time{time.Now(), time.Now()}
		b := make([]byte, punch.MaxPacket)
		for began := time.Now(); !enough(); <-tick.C {
			if time.Since(began) > patience {
				t.Fatalf("waited in vain for %s: %+v, %+v", what, matches[0].Peer(other(0)), matches[1].Peer(other(1)))
			}
			for i, m := range matches {
				m.Send(m.Config().Seats[other(i)], []byte("are you there"))
				for _, _, ok := m.Recv(b); ok; _, _, ok = m.Recv(b) {
					quiet = max(quiet, time.Since(last[i]))
					last[i] = time.Now()
				}
			}
		}
		return quiet
	}
	talk("a relayed path", func() bool {
		return matches[0].Peer(other(0)).Path == punch.Relay && matches[1].Peer(other(1)).Path == punch.Relay && servers[0].Relayed() > 0
	})
	drained := make(chan time.Duration, 1)
	began := time.Now()
	go func() {
		servers[0].Drain(ctx)
		drained <- time.Since(began)
	}()
	var took time.Duration
	quiet := talk("the drain", func() bool {
		select {
		case took = <-drained:
			return true
		default:
			return false
		}
	})
	servers[0].Close()
	closed := time.Now()
	quiet = max(quiet, talk("another second", func() bool { return time.Since(closed) > time.Second }))
	for i, m := range matches {
		if r := m.Peer(other(i)); r.State != punch.Open || r.Path != punch.Relay || r.Moves == 0 {
			t.Errorf("player %d: %+v", i, r)
		}
	}
	if servers[1].Relayed() == 0 {
		t.Error("the other server relays nothing")
	}
	t.Logf("drained in %v; the longest time without a packet was %v", took, quiet)
}
