package relay

import (
	"net"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
)

// Two ends that use nothing but the relay are linked through it on loopback, over
// UDP and over TCP; by the addresses that they have there no other UDP port of
// this machine hears anything, and nothing from one is heard.
func TestLinksMeetAndReachNothingElse(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := listen(t, Config{})
			_, url, tcp := r.URLs("127.0.0.1")
			if network == "tcp" {
				url = tcp
			}
			var links [2]*punch.Link
			for i, who := range []string{"ROOM:1", "ROOM:2"} {
				user, credential := r.Mint(who)
				l, err := punch.New(punch.Options{Offer: i == 0, RelayOnly: true, ICEServers: []punch.ICEServer{{URLs: []string{url}, Username: user, Credential: credential}}})
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				links[i] = l
			}
			// play has both hear another 20 packets.
			play := func() {
				t.Helper()
				var heard [2]int
				await(t, "packets both ways", func() bool {
					b := make([]byte, punch.MaxPacket)
					for i, l := range links {
						if l.State() == punch.Closed {
							t.Fatal(l.Err())
						}
						for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
							_ = links[1-i].Signal(s)
						}
						l.Send([]byte("are you there"))
						for _, ok := l.Recv(b); ok; _, ok = l.Recv(b) {
							heard[i]++
						}
					}
					return min(heard[0], heard[1]) >= 20
				})
			}
			play()
			if p := links[0].Path(); p != punch.Relay {
				t.Errorf("the path is %v", p)
			}

			other := local(t)
			r.mu.Lock()
			var all []*socket
			for _, s := range r.ports {
				all = append(all, s)
			}
			r.mu.Unlock()
			if len(all) < 2 {
				t.Fatalf("%d are relayed", len(all))
			}
			before := r.Count(Forbidden)
			for i, s := range all {
				if _, err := s.WriteTo([]byte("out"), other.LocalAddr()); err != nil {
					t.Fatal(err)
				}
				at := &net.UDPAddr{IP: r.Own().AsSlice(), Port: int(s.port)}
				if _, err := other.WriteTo([]byte("in"), at); err != nil {
					t.Fatal(err)
				}
				await(t, "both to be dropped", func() bool { return r.Count(Forbidden) >= before+2*uint64(i+1) })
			}
			_ = other.SetReadDeadline(time.Now().Add(glance))
			if n, from, err := other.ReadFrom(make([]byte, 100)); err == nil {
				t.Errorf("%d bytes came from %v", n, from)
			}
			play()
		})
	}
}
