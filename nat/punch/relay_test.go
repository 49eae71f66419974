//go:build !js

package punch

import (
	"cmp"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/relay"
)

// turnServer is a real STUN and TURN server on this machine, and credentials for it.
func turnServer(t testing.TB) []ICEServer { return turnServerAs(t, relay.Config{}) }

// turnServerAs listens on loopback, or on the host that is all of cfg.Addr.
func turnServerAs(t testing.TB, cfg relay.Config) []ICEServer {
	t.Helper()
	host := cmp.Or(cfg.Addr, "127.0.0.1")
	cfg.Addr = host + ":0"
	r, err := relay.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	stun, udp, tcp := r.URLs(host)
	user, credential := r.Mint("room:1")
	return []ICEServer{{URLs: []string{stun}}, {URLs: []string{udp, tcp}, Username: user, Credential: credential}}
}

// Two ends that only use relays are quick, and tell each other no address of
// their machines: not in a candidate, not in a description, not in a name.
func TestRelayOnlyTellsNoAddress(t *testing.T) {
	servers := turnServer(t)
	var said [2][][]byte
	o := Options{ICEServers: servers, RelayOnly: true}
	e := meet(t, [2]Options{o, o}, func(from int, s []byte) [][]byte {
		said[from] = append(said[from], s)
		return [][]byte{s}
	})
	e.open()
	for i, l := range e.link {
		e.until("told", func() bool { return l.Report().Path != Unknown })
		r := l.Report()
		t.Logf("%d: open in %v, %s", i, r.Connect, r.Reason)
		if r.Path != Relay {
			t.Errorf("the path is %v", r.Path)
		}
		if r.Connect > 300*time.Millisecond*slow {
			t.Errorf("open after %v, want 300 ms", r.Connect)
		}
		private(t, said[i])
	}
}

// private finds what a signal of a RelayOnly end must not hold.
func private(t *testing.T, signals [][]byte) {
	t.Helper()
	own := []string{".local", " host", "srflx", "prflx"}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() {
			own = append(own, n.IP.String())
		}
	}
	candidates := 0
	for _, b := range signals {
		for _, word := range own {
			if strings.Contains(string(b), word) {
				t.Errorf("a signal tells %q: %s", word, b)
			}
		}
		var s signal
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s.SDP, "candidate:") {
			t.Errorf("a description tells an address:\n%s", s.SDP)
		}
		for _, c := range s.Candidates {
			candidates++
			if c.kind() != "relay" || c.after("raddr") != "0.0.0.0" || c.after("rport") != "0" {
				t.Errorf("a candidate tells too much: %q", c.Text)
			}
		}
	}
	if candidates == 0 {
		t.Error("no candidate was told")
	}
}

// chat sends packets both ways until it is over, and tells the longest that an
// end heard nothing.
func (e *ends) chat(size int, over func() bool) (silence time.Duration) {
	beat := time.NewTicker(10 * time.Millisecond)
	defer beat.Stop()
	packet := make([]byte, max(size, MaxPacket))
	heard := [2]time.Time{time.Now(), time.Now()}
	for ; !over(); <-beat.C {
		for i, l := range e.link {
			l.Send(packet[:size])
			for _, ok := l.Recv(packet); ok; _, ok = l.Recv(packet) {
				silence = max(silence, time.Since(heard[i]))
				heard[i] = time.Now()
			}
			for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
				_ = e.link[1-i].Signal(s)
			}
		}
	}
	return max(silence, time.Since(heard[0]), time.Since(heard[1]))
}

// A match that is relayed outlives the credentials by which it began, and three
// lives of its relayed addresses; nobody begins with those credentials then.
func TestARelayedLinkOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	const valid, life = 5 * time.Second, 2 * time.Second
	minted := time.Now()
	o := Options{ICEServers: turnServerAs(t, relay.Config{Valid: valid, Life: life}), RelayOnly: true}
	e := meet(t, [2]Options{o, o}, nil)
	e.open()
	silence := e.chat(100, func() bool {
		return time.Since(minted) > valid+3*life || e.link[0].State() != Open || e.link[1].State() != Open
	})
	for i, l := range e.link {
		if r := l.Report(); r.State != Open || r.Path != Relay {
			t.Errorf("end %d after %v: %+v", i, time.Since(minted), r)
		}
	}
	if silence > life {
		t.Errorf("nothing was heard for %v", silence)
	}
	o.Timeout = 2 * time.Second
	late := meet(t, [2]Options{o, o}, nil)
	late.until("refusals", func() bool { return late.link[0].State() == Closed && late.link[1].State() == Closed })
	if c := late.link[0].Report().Cause; c != RelayRefused {
		t.Errorf("a newcomer with the old credentials: %v", late.link[0].Err())
	}
}

// Whoever has had its share of the relay is told so, in mid-match and when it tries again.
func TestTheRelaysQuota(t *testing.T) {
	t.Parallel()
	o := Options{ICEServers: turnServerAs(t, relay.Config{Limits: relay.Limits{Total: 200_000}}), RelayOnly: true}
	e := meet(t, [2]Options{o, o}, nil)
	e.open()
	e.chat(1000, func() bool { return e.link[0].State() == Closed && e.link[1].State() == Closed })
	o.Timeout = 2 * time.Second
	again := meet(t, [2]Options{o, o}, nil)
	again.until("refusals", func() bool { return again.link[0].State() == Closed && again.link[1].State() == Closed })
	for _, l := range []*Link{e.link[0], e.link[1], again.link[0], again.link[1]} {
		if r := l.Report(); r.Cause != RelayQuota || !strings.Contains(r.Reason, "(error 486)") {
			t.Errorf("%v: %v", r.Cause, r.Reason)
		}
	}
}

// Stacks differ in what they tell of a relay candidate's origin; none of it is passed on.
func TestPrivateCandidates(t *testing.T) {
	for text, want := range map[string]string{
		"candidate:1 1 udp 9 203.0.113.9 61000 typ relay raddr 10.1.2.3 rport 4711 generation 0": "candidate:1 1 udp 9 203.0.113.9 61000 typ relay raddr 0.0.0.0 rport 0 generation 0",
		"candidate:1 1 udp 9 10.1.2.3 4711 typ host":                                             "",
		"candidate:1 1 udp 9 203.0.113.5 4711 typ srflx raddr 10.1.2.3 rport 4711":               "",
		"candidate:1 1 udp 9 6f1e.local 4711 typ host":                                           "",
	} {
		c, ok := candidate{Text: text}.private()
		if ok != (want != "") || ok && c.Text != want {
			t.Errorf("%q is told as %q, %v; want %q", text, c.Text, ok, want)
		}
	}
}
