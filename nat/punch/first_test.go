//go:build !js

package punch

import (
	"net"
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

// Two ends meet by IPv6 alone.
func TestIPv6(t *testing.T) {
	has := false
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		has = has || ok && n.IP.To4() == nil && n.IP.IsGlobalUnicast()
	}
	if !has {
		t.Skip("this machine has no IPv6 address")
	}
	e := meet(t, [2]Options{}, func(_ int, b []byte) [][]byte {
		s, err := decodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		six := s.Candidates[:0]
		for _, c := range s.Candidates {
			if strings.Count(strings.Fields(c.Text)[4], ":") > 1 {
				six = append(six, c)
			}
		}
		s.Candidates = six
		return [][]byte{s.encode()}
	})
	e.open()
	e.until("told", func() bool { return e.link[0].Report().Path == Direct })
	r := e.link[0].Report()
	t.Log(r.Reason)
	// A check may outrun the candidate that it comes from: then the address is
	// peer reflexive (RFC 8445, section 7.3.1.3).
	for _, side := range []string{r.Local, r.Remote} {
		if kind, address, _ := strings.Cut(side, " "); kind == "relay" || !strings.HasPrefix(address, "[") {
			t.Errorf("the pair is %s to %s", r.Local, r.Remote)
		}
	}
}
