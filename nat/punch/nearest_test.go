//go:build !js

package punch

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"

	"github.com/punchback/punchback/signaling/relay"
)

// farther puts a relay so far away: what goes to and from it by UDP takes a while.
func farther(t *testing.T, servers []ICEServer, way func() time.Duration) []ICEServer {
	t.Helper()
	at := strings.TrimSuffix(strings.TrimPrefix(servers[1].URLs[0], "turn:"), "?transport=udp")
	host, _, _ := net.SplitHostPort(at)
	front, err := net.ListenPacket("udp4", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	behind := map[string]net.Conn{}
	wg.Go(func() {
		for b := make([]byte, 2000); ; {
			n, from, err := front.ReadFrom(b)
			if err != nil {
				return
			}
			mu.Lock()
			c := behind[from.String()]
			if c == nil {
				if c, err = net.Dial("udp4", at); err != nil {
					t.Error(err)
				}
				behind[from.String()] = c
				wg.Go(func() {
					for b := make([]byte, 2000); ; {
						n, err := c.Read(b)
						if err != nil {
							return
						}
						packet := append([]byte(nil), b[:n]...)
						time.AfterFunc(way(), func() { _, _ = front.WriteTo(packet, from) })
					}
				})
			}
			mu.Unlock()
			packet := append([]byte(nil), b[:n]...)
			time.AfterFunc(way(), func() { _, _ = c.Write(packet) })
		}
	})
	t.Cleanup(func() {
		front.Close()
		mu.Lock()
		for _, c := range behind {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return []ICEServer{{URLs: []string{"turn:" + front.LocalAddr().String() + "?transport=udp"}, Username: servers[1].Username, Credential: servers[1].Credential}}
}

// relaysAlone is this machine's network, where nothing but a relay leads out.
type relaysAlone struct{ transport.Net }

func (relaysAlone) ListenUDP(string, *net.UDPAddr) (transport.UDPConn, error) {
	return nil, errors.New("no way but a relay")
}

// Of several relays a link takes the one by which the round trip is shortest, in
// whatever order its ends are told of them.
func TestTheNearestRelay(t *testing.T) {
	near := turnServerAs(t, relay.Config{Ports: relay.Ports{Low: 62000, High: 62499}})
	far := farther(t, turnServerAs(t, relay.Config{Ports: relay.Ports{Low: 63000, High: 63499}}), func() time.Duration { return 20 * time.Millisecond })
	farFirst := append(append([]ICEServer{}, far...), near[1])
	nearFirst := append([]ICEServer{near[1]}, far...)
	// One that answers first and is slow once it carries something is taken, and left.
	var began atomic.Int64 // ns
	slower := farther(t, turnServerAs(t, relay.Config{Ports: relay.Ports{Low: 63500, High: 63999}}), func() time.Duration {
		if time.Since(time.Unix(0, began.Load())) < 550*time.Millisecond {
			return 0
		}
		return 40 * time.Millisecond
	})
	slower = append(slower, farther(t, near, func() time.Duration { return 4 * time.Millisecond })...)
	virtual = func(bool) transport.Net {
		n, err := stdnet.NewNet()
		if err != nil {
			t.Error(err)
		}
		return relaysAlone{n}
	}
	defer func() { virtual = nil }()
	for name, servers := range map[string][2][]ICEServer{"far first": {farFirst, farFirst}, "near first": {nearFirst, nearFirst}, "each another": {farFirst, nearFirst},
		"slow later": {slower, slower}} {
		for _, only := range []bool{false, true} {
			if only && name == "slow later" {
				continue // It is open before the second relay has answered.
			}
			t.Run(fmt.Sprint(name, ", relay only: ", only), func(t *testing.T) {
				began.Store(time.Now().UnixNano())
				e := meet(t, [2]Options{{ICEServers: servers[0], RelayOnly: only}, {ICEServers: servers[1], RelayOnly: only}}, nil)
				e.open()
				first, opened := "", time.Now()
				e.until("the nearest", func() bool {
					r := e.link[0].Report()
					if first == "" && r.Path != Unknown {
						first = r.Local + " to " + r.Remote
					}
					return strings.Contains(r.Local, ":62") && strings.Contains(r.Remote, ":62")
				})
				t.Logf("first %s, by the nearest after %v, %v round trip", first, time.Since(opened), e.link[0].Report().RTT)
				for _, l := range e.link {
					_ = l.Close() // before the network is itself again
				}
			})
		}
	}
}
