//go:build !js

package server_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// welcomed enters a room by hand, or comes back to it with a token.
func welcomed(t *testing.T, url, token string) (*line, protocol.Message) {
	t.Helper()
	l := raw(t, url, nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1", Resume: token})
	for {
		if m := l.read(); m.Kind == protocol.Welcome {
			return l, m
		}
	}
}

// carries waits until a packet from one relayed address has come to another.
func carries(t *testing.T, from, to net.PacketConn) {
	t.Helper()
	b := make([]byte, 100)
	said := fmt.Sprint(time.Now())
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		if _, err := from.WriteTo([]byte(said), to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		to.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		for {
			n, _, err := to.ReadFrom(b)
			if err != nil {
				break
			}
			if string(b[:n]) == said {
				return
			}
		}
	}
	t.Fatal("the relay carries nothing")
}

// A member whose WebSocket has moved to another server goes on to be relayed by
// the one where it was; a member that was kicked, or was lost with that other server, does not.
func TestAMemberThatMovesIsStillRelayed(t *testing.T) {
	t.Parallel()
	const stay = 2 * time.Second
	c := (&three{t: t, turn: "127.0.0.1:0", limits: server.Limits{Fresh: 100 * time.Millisecond, Play: stay - 100*time.Millisecond}}).begin()
	left := func(n int) {
		t.Helper()
		for begin := time.Now(); c.servers[0].Relayed() != n; time.Sleep(5 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("%d are relayed, want %d", c.servers[0].Relayed(), n)
			}
		}
	}
	a, wa := welcomed(t, c.urls[0]+"/pong/A", "")
	b, wb := welcomed(t, c.urls[0]+"/pong/A", "")
	ra, rb := allocate(t, wa), allocate(t, wb)
	defer ra.Close()
	defer rb.Close()
	if _, err := ra.WriteTo([]byte("open"), rb.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	carries(t, rb, ra)
	b.CloseNow()
	b, w := welcomed(t, c.urls[1]+"/pong/A", wb.Token)
	if w.Self != wb.Self {
		t.Fatalf("%d came back as %d", wb.Self, w.Self)
	}
	slept := time.Duration(0)
	for begin, last := time.Now(), time.Now(); time.Since(begin) < stay+stay/2; time.Sleep(50 * time.Millisecond) {
		slept = max(slept, time.Since(last))
		last = time.Now()
		for _, l := range []*line{a, b} {
			l.write(protocol.Message{Kind: protocol.Ping})
		}
		carries(t, ra, rb)
		carries(t, rb, ra)
		if n := c.servers[0].Relayed(); n != 2 {
			if slept > stay/4 {
				t.Skipf("this machine has slept for %v", slept)
			}
			t.Fatalf("%d are relayed after %v", n, time.Since(begin))
		}
	}
	a.write(protocol.Message{Kind: protocol.Kick, To: wb.Self})
	left(1)

	a.CloseNow()
	welcomed(t, c.urls[1]+"/pong/A", wa.Token)
	c.servers[1].Close()
	left(0)
}

// A member that was kicked is not relayed any more, wherever it was, and though
// it has no connection at that moment.
func TestTheKickedAreNotRelayed(t *testing.T) {
	t.Parallel()
	for _, away := range []bool{false, true} {
		c := (&three{t: t, turn: "127.0.0.1:0"}).begin()
		a, _ := welcomed(t, c.urls[0]+"/pong/A", "")
		i := 2
		if away {
			i = 0
		}
		b, w := welcomed(t, c.urls[i]+"/pong/A", "")
		defer allocate(t, w).Close()
		if away {
			b.CloseNow()
			for m := a.read(); m.Kind != protocol.Update || len(m.Members) == 0 || !m.Members[0].Away; m = a.read() {
			}
		}
		a.write(protocol.Message{Kind: protocol.Kick, To: w.Self})
		for begin := time.Now(); c.servers[i].Relayed() > 0; time.Sleep(5 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("it is relayed for ever; away: %v", away)
			}
		}
	}
}
