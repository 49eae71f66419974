//go:build !js

package punch

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/relay"
)

// turnServer is a real STUN and TURN server on this machine, and credentials for it.
func turnServer(t testing.TB) []Server {
	t.Helper()
	r, err := relay.Listen(relay.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	stun, udp, tcp := r.URLs("127.0.0.1")
	user, credential := r.Mint("room:1")
	return []Server{{URLs: []string{stun}}, {URLs: []string{udp, tcp}, Username: user, Credential: credential}}
}

// Two ends that only use relays are quick, and tell each other no address of
// their machines: not in a candidate, not in a description, not in a name.
func TestRelayOnlyTellsNoAddress(t *testing.T) {
	servers := turnServer(t)
	var said [2][][]byte
	o := Options{Servers: servers, RelayOnly: true}
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
