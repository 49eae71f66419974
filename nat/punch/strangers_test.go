//go:build !js

package punch

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5/vnet"
)

// bystanders are machines of a virtual internet that have nothing to do with any
// link, and count what comes to them.
type bystanders struct {
	mu      sync.Mutex
	packets map[string]int // by address
	bytes   int
	last    time.Time
	begun   time.Time
}

func newBystanders(n *internet) *bystanders {
	b := &bystanders{packets: make(map[string]int), begun: time.Now()}
	n.wan.AddChunkFilter(func(c vnet.Chunk) bool {
		if to := c.DestinationAddr().(*net.UDPAddr); to.IP[len(to.IP)-2] == 100 && to.IP[len(to.IP)-1] >= 200 {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.packets[to.String()]++
			b.bytes += len(c.UserData()) + 28
			b.last = time.Now()
		}
		return true
	})
	return b
}

func (b *bystanders) count() (addresses, packets, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.packets {
		packets, most = packets+n, max(most, n)
	}
	return len(b.packets), packets, most
}

// foreign are candidates of all sorts at bystanders.
func foreign(from, n int) (all []candidate) {
	for i := range n {
		all = append(all, candidate{fmt.Sprintf("candidate:%d 1 udp %d 198.51.100.%d %d typ %s", i, 1<<30-i, 200+i%50, 4000+from+i, []string{"host", "srflx", "relay"}[i%3]), "0"})
	}
	return all
}

// Whoever names foreign addresses as its own has little sent to them: however many
// it names, in whatever part of a signal, and however often it begins anew.
func TestForeignAddressesHearLittle(t *testing.T) {
	a, _, err := newAttacker(nil)
	if err != nil {
		t.Fatal(err)
	}
	sdp := strings.Join(slices.DeleteFunc(strings.SplitAfter(a.pc.LocalDescription().SDP, "\n"), func(s string) bool { return strings.HasPrefix(s, "a=candidate") }), "")
	a.close()
	for _, c := range []struct {
		name    string
		restart time.Duration // between the offers
		sdp     bool          // the addresses are in the description
		most    int           // packets until the link gives up
	}{
		{"one signal", time.Hour, false, 80},
		{"in the description", time.Hour, true, 80},
		{"offer after offer", 150 * time.Millisecond, false, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, [2]string{"port", "port"})
				defer n.close()
				b := newBystanders(n)
				n.options = Options{ICEServers: servers()}
				n.start(1)
				l := n.links[1]
				for i := 0; l.State() == Connecting; i++ {
					s := signal{Attempt: uint64(i + 1), SDP: sdp, Candidates: foreign(i*maxCandidates, maxCandidates)}
					if c.sdp {
						for _, f := range s.Candidates {
							s.SDP += "a=" + f.Text + "\r\n"
						}
						s.Candidates = nil
					}
					_ = l.Signal(s.encode())
					for range 2 {
						l.NextSignal()
					}
					end := time.Now().Add(c.restart)
					for time.Now().Before(end) && l.State() == Connecting {
						time.Sleep(50 * time.Millisecond)
					}
				}
				addresses, packets, most := b.count()
				t.Logf("%d addresses, %d packets, %d bytes, %d to one; the last after %v", addresses, packets, b.bytes, most, b.last.Sub(b.begun))
				if packets == 0 || packets > c.most || most > mostChecks || c.restart == time.Hour && addresses > mostStrangers {
					t.Errorf("%d foreign addresses hear %d packets, one of them %d; must be at most %d, %d and %d", addresses, packets, most, mostStrangers, c.most, mostChecks)
				}
			})
		})
	}
}

// Of an honest machine's many addresses eight are tried at once, and each class is
// among them, whichever comes first.
func TestPlacesGoToEachSort(t *testing.T) {
	laptop := func(kind string, ips ...string) (all []candidate) {
		for i, ip := range ips {
			all = append(all, candidate{fmt.Sprintf("candidate:%d 1 udp 1 %s 4711 typ %s", i, ip, kind), "0"})
		}
		return all
	}
	all := laptop("host", "10.8.0.2", "172.17.0.1", "172.18.0.1", "172.19.0.1", "192.168.122.1", "192.168.1.7", "192.168.56.1", "10.0.3.1")
	all = append(all, laptop("host", "2001:db8::1", "2001:db8::2", "fd00::1", "fd00::2")...)
	early := append(all, laptop("host", "224.0.0.1", "0.0.0.0", "255.255.255.255", "example.org")...)
	late := append(laptop("srflx", "203.0.113.5", "203.0.113.6"), laptop("relay", "198.51.100.1", "198.51.100.2")...)
	early = append(early, candidate{"candidate:9 1 tcp 1 192.168.1.7 9 typ host tcptype active", "0"})
	for name, signals := range map[string][][]candidate{"hosts first": {early, late}, "all at once": {append(slices.Clone(early), late...)}, "hosts last": {late, early}} {
		s := newStrangers()
		var a admission
		now := time.Now()
		for _, c := range slices.Concat(signals...) {
			if _, _, ok := c.class(); !ok && slices.Contains(all, c) {
				t.Fatalf("%v is no address", c)
			}
		}
		var held []candidate
		for _, told := range signals {
			for _, c := range likeliest(append(held, told...), a.count) {
				if of, at, ok := c.class(); ok && !s.place(&a, of, at, true, now) {
					held = append(held, c)
				}
			}
		}
		if len(a.at) != mostStrangers || slices.Contains(a.count[:], 0) {
			t.Errorf("%s: of reflexive, IPv4, IPv6 and relayed %v are tried: %v", name, a.count, a.at)
		}
		t.Logf("%s: %v %v", name, a.count, a.at)
		// What time gives back is for the next attempt.
		if s.place(&a, reflexive, "203.0.113.9:1", false, now.Add(time.Minute)) {
			t.Errorf("%s: one attempt has more than %d addresses that have not answered", name, mostStrangers)
		}
		if !s.place(new(admission), reflexive, "203.0.113.9:1", false, now.Add(2*time.Minute)) {
			t.Errorf("%s: a later attempt has no place", name)
		}
	}
	near := networks{netip.MustParsePrefix("192.168.1.9/24"), netip.MustParsePrefix("172.17.0.1/16")}
	hosts := laptop("host", "172.17.0.1", "10.8.0.2", "192.168.1.7")
	slices.SortStableFunc(hosts, func(a, b candidate) int { return near.distance(a) - near.distance(b) })
	if hosts[0].after("4711") == "" || !strings.Contains(hosts[0].Text, "192.168.1.7") || !strings.Contains(hosts[2].Text, "172.17.0.1") {
		t.Errorf("a machine of the same network is tried after others: %v", hosts)
	}
}

// What a relay is asked to send counts as what a socket sends, in each of TURN's
// ways, and what comes by it is heard.
func TestRelayedChecksAreCounted(t *testing.T) {
	peer := netip.MustParseAddrPort("203.0.113.5:4711")
	check := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"), stun.NewShortTermIntegrity("p"))
	at := stun.XORMappedAddress{IP: peer.Addr().AsSlice(), Port: int(peer.Port())}
	frame := func(method stun.Method, class stun.MessageClass, more ...stun.RawAttribute) []byte {
		m := stun.MustBuild(stun.TransactionID, stun.NewType(method, class))
		if err := at.AddToAs(m, stun.AttrXORPeerAddress); err != nil {
			t.Fatal(err)
		}
		for _, a := range more {
			m.Add(a.Type, a.Value)
		}
		return m.Raw
	}
	for _, channel := range []bool{false, true} {
		s := newStrangers()
		l := newLine(s)
		send := frame(stun.MethodSend, stun.ClassIndication, stun.RawAttribute{Type: stun.AttrData, Value: check.Raw})
		if channel {
			if !l.may(frame(stun.MethodChannelBind, stun.ClassRequest, stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 1, 0, 0}})) {
				t.Fatal("a channel may not be bound")
			}
			send = append([]byte{0x40, 1, byte(len(check.Raw) >> 8), byte(len(check.Raw))}, check.Raw...)
		}
		if !l.may(send) || l.may(send) {
			t.Errorf("channel %v: the first check may not leave, or a second at once may", channel)
		}
		// The answer comes in two pieces of a stream.
		answer := stun.MustBuild(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess, stun.NewShortTermIntegrity("p"))
		came := frame(stun.MethodData, stun.ClassIndication, stun.RawAttribute{Type: stun.AttrData, Value: answer.Raw})
		if channel {
			came = append([]byte{0x40, 1, byte(len(answer.Raw) >> 8), byte(len(answer.Raw))}, answer.Raw...)
		}
		l.heard(came[:7])
		l.heard(came[7:])
		for range 3 * mostChecks {
			if !l.may(send) {
				t.Fatalf("channel %v: who has answered is a stranger", channel)
			}
		}
	}
}

// Only what bears the link's seal is an answer: a public STUN server that is named
// as an address answers everybody.
func TestOnlySealedAnswersCount(t *testing.T) {
	s := newStrangers()
	g := &gate{link: s}
	at := netip.MustParseAddrPort("203.0.113.5:3478")
	check := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"))
	if !s.may(g, check.Raw, at) {
		t.Fatal("the first check may not leave")
	}
	s.came(g, stun.MustBuild(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: net.IPv4(1, 2, 3, 4), Port: 1}).Raw, at)
	if s.asked.has(at) {
		t.Error("an answer without a seal counts")
	}
	s.came(g, stun.MustBuild(stun.TransactionID, stun.BindingSuccess, stun.NewShortTermIntegrity("p")).Raw, at)
	if s.asked.has(at) {
		t.Error("an answer to nothing counts")
	}
	s.came(g, check.Raw, at) // It asks: one check is an answer to that, and not two.
	if !s.may(g, check.Raw, at) || s.may(g, check.Raw, at) {
		t.Error("who asks is not answered one for one")
	}
	for i := range 10_000 {
		s.came(g, check.Raw, netip.AddrPortFrom(at.Addr(), uint16(i)))
	}
	if len(s.asked.known) > mostAsked {
		t.Errorf("%d addresses are remembered", len(s.asked.known))
	}
}

// Whatever comes on a line to a relay, nothing panics and little is kept.
func FuzzRelayLine(f *testing.F) {
	f.Add([]byte{0x40, 1, 0, 4, 1, 2, 3, 4})
	f.Add([]byte{0, 0x16, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x12, 0, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLine(newStrangers())
		l.may(b)
		l.came(b)
		for len(b) > 0 {
			n := min(3, len(b))
			l.heard(b[:n])
			b = b[n:]
		}
		if len(l.half) > 1<<16+stunHead || len(l.number) > mostNumbers {
			t.Errorf("%d bytes and %d channels are kept", len(l.half), len(l.number))
		}
	})
}

// Where a path is well its own way is checked once a second and another each 15 s; a way
// that becomes that of the packets does not wait for what it had to as another. What is
// known of the sockets of a path ends with it.
func TestChecksOfAPathThatIsWell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, socket, other := newStrangers(), &gate{}, &gate{}
		to, check := netip.MustParseAddrPort("192.0.2.1:4000"), append([]byte{0, 1}, make([]byte, stunHead)...)
		s.knows(to, socket)
		s.may(socket, []byte{20}, to) // DTLS
		may := func(by *gate, want ...bool) {
			t.Helper()
			for i, w := range want {
				if got := s.may(by, check, to); got != w {
					t.Errorf("check %d: %t, want %t", i, got, w)
				}
			}
		}
		may(socket, true, true, true)
		s.rest(to.String())
		may(socket, true, false)
		may(other, true, false)
		time.Sleep(calmOwn)
		may(socket, true, false)
		may(other, false)
		s.may(other, []byte{20}, to)
		may(other, true, false)
		may(socket, false)
		s.rest("")
		may(socket, true, true)
		may(other, true, true)
		for range 1000 {
			s.rest(to.String())
			may(&gate{}, true, false)
			s.rest("")
		}
		if n := len(s.asked.known[to].ways); n > 2 {
			t.Errorf("%d sockets are remembered", n)
		}
	})
}
