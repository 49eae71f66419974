package relay

import (
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Whatever the limit is of, what goes through is what it says, each way, and what does
// not is counted by it: for each limit of bytes or packets that there is.
func TestEachLimitOfWhatIsRelayed(t *testing.T) {
	const second, size = 200, 100
	const bytes = second * (size + header)
	for cause, l := range map[Cause]Limits{
		Rate: {Bytes: bytes}, Packets: {Packets: second},
		NetworkRate: {AddressBytes: 2 * bytes}, NetworkPackets: {AddressPackets: 2 * second}, // two addresses, both of this machine
		AllRate: {AllBytes: 2 * bytes}, AllPackets: {AllPackets: 2 * second},
	} {
		t.Run(cause.String(), func(t *testing.T) {
			t.Parallel()
			for _, other := range []*int{&l.Bytes, &l.Packets, &l.AddressBytes, &l.AddressPackets, &l.AllBytes, &l.AllPackets} {
				if *other == 0 {
					*other = math.MaxInt32
				}
			}
			r := listen(t, Config{Limits: l})
			// Two pairs, of which each sends one way: what one pair spends the other lacks, if it is the network's.
			pairs := [2][2]net.PacketConn{}
			for i := range pairs {
				pairs[i] = [2]net.PacketConn{relayed(t, r, "udp"), relayed(t, r, "udp")}
				if _, err := pairs[i][1].WriteTo([]byte("open"), pairs[i][0].LocalAddr()); err != nil {
					t.Fatal(err)
				}
				if _, err := hears(t, pairs[i][0], pairs[i][1], pairs[i][1].LocalAddr(), patience); err != nil {
					t.Fatal(err)
				}
			}
			before, began := r.Bytes(), time.Now()
			packet := make([]byte, size)
			await(t, "some to be dropped", func() bool {
				for range second { // A machine that is slow needs some more.
					for _, p := range pairs {
						if _, err := p[0].WriteTo(packet, p[1].LocalAddr()); err != nil {
							t.Fatal(err)
						}
					}
				}
				return r.Count(cause) > second
			})
			// Two a packet, since it comes through two addresses; a second's worth at once.
			got, most := float64(r.Bytes()-before)/size, 4*second*(1+time.Since(began).Seconds())
			if got > most {
				t.Errorf("%.0f were relayed, want at most %.0f", got, most)
			}
			for c := Rate; c <= AllPackets; c++ {
				if n := r.Count(c); c != cause && n > 0 {
					t.Errorf("%d were dropped by %v", n, c)
				}
			}
		})
	}
}

// Another relayed address is not another second's worth for its network.
func TestAnotherAddressIsNoOtherSecond(t *testing.T) {
	r := listen(t, Config{Limits: Limits{AddressPackets: 20, Requests: 100_000}})
	from := netip.MustParseAddr("192.0.2.1")
	passed := 0
	for range 100 {
		r.mu.Lock()
		all := r.enter(from)
		r.leave(all)
		r.sweep()
		r.mu.Unlock()
		if _, ok := (*all)[0].flows[toPeer].take(100); ok {
			passed++
		}
	}
	if passed == 100 {
		t.Error("it never had too much")
	}
	// And what is remembered does not grow with those who were here.
	for i := range 10_000 {
		r.mu.Lock()
		all := r.enter(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}))
		r.leave(all)
		for _, s := range *all {
			s.since = time.Now().Add(-time.Minute)
		}
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.sources); n > 100 {
		t.Errorf("%d networks are remembered, and nobody is relayed", n)
	}
}

// A home has one share however many addresses it has; and who rents a network of 48
// bits has four, and not one for each of its 65,536 networks.
func TestNetworksOfIPv6(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Address: 3}})
	r.mu.Lock()
	defer r.mu.Unlock()
	had := func(subnet func(i int) uint16) (n int) {
		for i := range 200 {
			s := subnet(i)
			a := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, byte(s >> 8), byte(s), 15: byte(i)})
			if !r.crowded(a) {
				r.enter(a)
				n++
			}
		}
		return n
	}
	if n := had(func(i int) uint16 { return uint16(i % 256) }); n != 3 {
		t.Errorf("one home has %d, want 3", n)
	}
	if n := had(func(i int) uint16 { return uint16(256 * (1 + i)) }); n != 9 {
		t.Errorf("the homes beside it in 48 bits have %d, want 9 more", n)
	}
}

// The range is used to its last port, and how many pairs that are is known beforehand.
func TestEveryPortIsUsed(t *testing.T) {
	low := free(t, 8)
	r := listen(t, Config{Ports: Ports{low, low + 7}})
	if r.Pairs() != 4 {
		t.Errorf("%d pairs", r.Pairs())
	}
	for range 8 {
		relayed(t, r, "udp")
	}
	user, credential := r.Mint("ROOM:9")
	if c, err := client(t, r, "udp", user, credential).Allocate(); err == nil {
		t.Errorf("a ninth: %v", c.LocalAddr())
	}
	if r.Relayed() != 8 || r.Count(Full) == 0 {
		t.Errorf("%d relayed, %d refused", r.Relayed(), r.Count(Full))
	}
}

// free finds so many ports in a row that nobody has now.
func free(t *testing.T, n int) uint16 {
	t.Helper()
	for range 1000 {
		low, ok := 20000+rand.IntN(12000), true // not where another test looks at this moment
		for i := range n {
			c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: low + i})
			if err != nil {
				ok = false
				break
			}
			c.Close()
		}
		if ok {
			return uint16(low)
		}
	}
	t.Skip("no free ports")
	return 0
}
