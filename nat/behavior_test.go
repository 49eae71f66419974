//go:build !js

package nat_test

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/pion/stun/v2"

	"github.com/punchback/punchback/nat"
)

// router plays a NAT in front of a STUN server with two addresses: what the
// server sees, and which of its answers get in.
type router struct {
	mapping, filtering nat.Behavior
}

// answerer is a server of RFC 5780 on two hosts and two ports of each, behind
// a router. It returns its first address.
func answerer(t *testing.T, r router) string {
	t.Helper()
	var conns [2][2]net.PacketConn // by host and port
	for host := range conns {
		for port := range conns[host] {
			at := fmt.Sprintf("127.0.0.%d:0", 1+host)
			if host == 1 { // the same two ports as on the first
				at = fmt.Sprintf("127.0.0.2:%d", conns[0][port].LocalAddr().(*net.UDPAddr).Port)
			}
			conn, err := net.ListenPacket("udp4", at)
			if err != nil {
				t.Skip(err)
			}
			conns[host][port] = conn
		}
	}
	var mu sync.Mutex
	sent := map[string]map[[2]int]bool{} // where each socket behind the router has sent to
	var wg sync.WaitGroup
	for host := range conns {
		for port, conn := range conns[host] {
			wg.Go(func() {
				buf := make([]byte, 1500)
				for {
					n, from, err := conn.ReadFrom(buf)
					if err != nil {
						return
					}
					m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
					if m.Decode() != nil {
						continue
					}
					mu.Lock()
					if sent[from.String()] == nil {
						sent[from.String()] = map[[2]int]bool{}
					}
					sent[from.String()][[2]int{host, port}] = true
					change, _ := m.Get(stun.AttrChangeRequest)
					h, p := host, port
					if len(change) == 4 && change[3]&4 != 0 {
						h = 1 - h
					}
					if len(change) == 4 && change[3]&2 != 0 {
						p = 1 - p
					}
					in := r.filtering == nat.EndpointIndependent || sent[from.String()][[2]int{h, p}]
					if r.filtering == nat.AddressDependent {
						in = in || sent[from.String()][[2]int{h, 0}] || sent[from.String()][[2]int{h, 1}]
					}
					mu.Unlock()
					if !in {
						continue
					}
					mapped := &stun.XORMappedAddress{IP: net.IPv4(127, 9, 9, 7), Port: from.(*net.UDPAddr).Port}
					switch r.mapping {
					case nat.AddressDependent:
						mapped.Port = mapped.Port/2 + 1000*host
					case nat.AddressAndPortDependent:
						mapped.Port = mapped.Port/2 + 1000*host + 100*port
					}
					other := conns[1-host][1-port].LocalAddr().(*net.UDPAddr)
					send(conns[h][p], from, stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, mapped, &stun.OtherAddress{IP: other.IP, Port: other.Port})
				}
			})
		}
	}
	t.Cleanup(func() {
		for _, host := range conns {
			for _, conn := range host {
				_ = conn.Close()
			}
		}
		wg.Wait()
	})
	return conns[0][0].LocalAddr().String()
}

func TestBehavior(t *testing.T) {
	kinds := []nat.Behavior{nat.EndpointIndependent, nat.AddressDependent, nat.AddressAndPortDependent}
	for _, mapping := range kinds {
		for _, filtering := range kinds {
			t.Run(fmt.Sprintf("mapping %v, filtering %v", mapping, filtering), func(t *testing.T) {
				t.Parallel()
				r := mustProbe(t, answerer(t, router{mapping: mapping, filtering: filtering}))
				if r.Mapping.Value != mapping || r.Filtering.Value != filtering {
					t.Errorf("mapping %v, filtering %v", r.Mapping, r.Filtering)
				}
				want := nat.Yes
				if mapping != nat.EndpointIndependent {
					want = nat.No
				}
				if r.Preserves.Value != want || r.Ports.Value.Sockets < 2 {
					t.Errorf("preserves %v, ports %+v", r.Preserves, r.Ports)
				}
				if r.Hairpin.Value != want { // on loopback, where the port is right
					t.Errorf("hairpin %v", r.Hairpin)
				}
			})
		}
	}
}

func TestNested(t *testing.T) {
	r := nat.Report{Public: nat.Finding[netip.AddrPort]{Value: netip.MustParseAddrPort("203.0.113.7:1000")}}
	for router, want := range map[string]nat.Verdict{"203.0.113.7": nat.No, "203.0.113.8": nat.Yes, "100.64.3.4": nat.Yes, "192.168.1.1": nat.Yes, "0.0.0.0": nat.Yes} {
		r.Router("PCP", netip.MustParseAddr(router))
		if r.Nested.Value != want || r.Mapper.Value != "PCP" {
			t.Errorf("%s: nested %v, mapper %v", router, r.Nested, r.Mapper)
		}
	}
}
