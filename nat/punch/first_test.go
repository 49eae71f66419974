//go:build !js

package punch

import (
	"strings"
	"testing"
	"time"
)

// The first message is lost on its way, and costs no second: with packets
// beside it SCTP sees the gap, and alone it is said again by a timer that is
// kept short.
func TestTheFirstMessageIsLost(t *testing.T) {
	for _, c := range []struct {
		name    string
		packets bool
		most    time.Duration
	}{{"with packets", true, 400 * time.Millisecond}, {"alone", false, 800 * time.Millisecond}} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, [2]string{"port", "port"})
				defer n.close()
				n.link(Options{ICEServers: servers()})
				n.cut.Store(true)
				if err := n.links[0].SendMessage([]byte("first")); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				time.Sleep(time.Second / 60)
				n.cut.Store(false)
				var got [MaxPacket]byte
				for {
					if m, ok := n.links[1].RecvMessage(); ok {
						if string(m) != "first" {
							t.Errorf("%q came first", m)
						}
						break
					}
					if time.Since(begin) > time.Minute {
						t.Fatal("it never came")
					}
					for i, l := range n.links {
						if c.packets {
							l.Send([]byte{byte(i)})
						}
						for _, ok := l.Recv(got[:]); ok; _, ok = l.Recv(got[:]) {
						}
					}
					time.Sleep(time.Second / 60)
				}
				took := time.Since(begin)
				t.Logf("it came after %v", took)
				if took > c.most {
					t.Errorf("it came after %v, want %v", took, c.most)
				}
			})
		})
	}
}

// A link that shows no address shows none either when its path is lost and it
// looks for another one.
func TestRelayOnlyTellsNoAddressWhenItRepairs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		var said [2][][]byte
		n.carry = func(from int, s []byte) {
			said[from] = append(said[from], s)
			n.post(from, s, 2*away)
		}
		n.link(Options{ICEServers: servers(), RelayOnly: true})
		first := [2]int{len(said[0]), len(said[1])}
		c := &chatter{n: n, server: true}
		c.run(180, c.path(Relay))
		c.run(90, nil)
		n.cut.Store(true)
		c.run(150, nil)
		n.cut.Store(false)
		c.run(300, nil)
		for i := range said {
			if len(said[i]) == first[i] {
				t.Errorf("end %d did not try another path", i)
			}
			private(t, said[i])
			for _, s := range said[i] {
				for _, own := range []string{"10.1.0.", "10.2.0.", "198.51.100.101", "198.51.100.102"} {
					if strings.Contains(string(s), own) {
						t.Errorf("end %d tells %s: %s", i, own, s)
					}
				}
			}
		}
	})
}
