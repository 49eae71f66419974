package relay

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

var udpTransport = stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}

// begin begins to be relayed, by hand.
func begin(t *testing.T, r *Relay, who string) *teller {
	t.Helper()
	conn, err := net.Dial("udp4", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &teller{t: t, conn: conn}
	c.user, c.pass = r.Mint(who)
	c.ask(stun.MethodAllocate, udpTransport) // which is told realm and nonce
	if a := c.ask(stun.MethodAllocate, udpTransport); a.Type.Class != stun.ClassSuccessResponse {
		t.Fatal(a)
	}
	return c
}

// peer is XOR-PEER-ADDRESS.
func peer(ip string, port int) stun.Setter { return xorPeer{net.ParseIP(ip), port} }

type xorPeer struct {
	ip   net.IP
	port int
}

func (p xorPeer) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.ip, Port: p.port}.AddToAs(m, stun.AttrXORPeerAddress)
}

func channel(n int) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrChannelNumber, Value: binary.BigEndian.AppendUint32(nil, uint32(0x4000+n)<<16)}
}

// await waits until something is true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("waited in vain for ", what)
		}
	}
}

// One relayed address is open to so many others; the ones that it has can be refreshed.
func TestPeers(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Peers: 3}})
	c := begin(t, r, "ROOM:1")
	ips := []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"}
	for range 2 {
		for i, ip := range ips {
			a := c.ask(stun.MethodCreatePermission, peer(ip, 1000))
			var code stun.ErrorCodeAttribute
			_ = code.GetFrom(a)
			if i < 3 && a.Type.Class != stun.ClassSuccessResponse || i == 3 && code.Code != stun.CodeForbidden {
				t.Errorf("permission %d: %v", i, a)
			}
		}
	}
	// Many at once are no way around.
	var all []stun.Setter
	for i := range 100 {
		all = append(all, peer(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String(), 1))
	}
	c.ask(stun.MethodCreatePermission, all...)
	r.mu.Lock()
	for _, s := range r.ports {
		if n := len(s.peers.all); n != 3 {
			t.Errorf("it is open to %d", n)
		}
	}
	r.mu.Unlock()
	if n := r.Count(Peers); n != 3 {
		t.Errorf("%d were refused", n)
	}
}

// Whoever binds more channels than there are players loses the address.
func TestChannels(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Peers: 3}})
	c := begin(t, r, "ROOM:1")
	for range 2 { // The second time they are refreshed.
		for i := range 3 {
			if a := c.ask(stun.MethodChannelBind, channel(i), peer("198.51.100.1", 1000+i)); a.Type.Class != stun.ClassSuccessResponse {
				t.Fatal(a)
			}
		}
	}
	if r.Relayed() != 1 {
		t.Fatal("it has lost its address")
	}
	var s *socket
	r.mu.Lock()
	for _, s = range r.ports {
	}
	r.mu.Unlock()
	at, ip := net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Own(), s.port)), netip.MustParseAddr("198.51.100.1")
	r.shut(c.conn.LocalAddr(), nil, "", "", "", at, ip.AsSlice())
	if !s.peers.has(ip) {
		t.Error("without its permission a channel is shut")
	}
	r.unchannel(c.conn.LocalAddr(), nil, "", "", "", at, &net.UDPAddr{IP: ip.AsSlice(), Port: 1002}, 0x4002)
	s.peers.mu.Lock()
	if s.peers.channels != 2 || s.peers.by[ip] != 2 {
		t.Errorf("%d channels, %d to %v", s.peers.channels, s.peers.by[ip], ip)
	}
	s.peers.channels++ // The TURN server knows better.
	s.peers.mu.Unlock()
	c.ask(stun.MethodChannelBind, channel(3), peer("198.51.100.1", 2000))
	await(t, "the address to be taken back", func() bool { return r.Relayed() == 0 })
	if n := r.Count(Peers); n != 1 {
		t.Errorf("%d were taken back", n)
	}
}

// What a stranger sends to a relayed address uses up nothing of its player's.
func TestStrangersUseUpNothing(t *testing.T) {
	r := listen(t, Config{Private: true, Limits: Limits{Bytes: 3000, Total: 100_000}})
	a, stranger := relayed(t, r, "udp"), local(t)
	packet := make([]byte, 1200)
	await(t, "200 packets to be dropped", func() bool {
		if _, err := stranger.WriteTo(packet, a.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		return r.Count(Forbidden) >= 200
	})
	if r.Bytes() != 0 || r.Relayed() != 1 {
		t.Fatalf("%d bytes were relayed, %d are", r.Bytes(), r.Relayed())
	}
	if _, err := a.WriteTo([]byte("open"), stranger.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := hears(t, stranger, a, a.LocalAddr(), patience); err != nil {
		t.Error(err)
	}
}

// Small packets cost, too.
func TestSmallPackets(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Bytes: 100 * header}})
	a, b := relayed(t, r, "udp"), relayed(t, r, "udp")
	if _, err := b.WriteTo([]byte("open"), a.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := hears(t, a, b, b.LocalAddr(), patience); err != nil {
		t.Fatal(err)
	}
	before, began := r.Bytes(), time.Now()
	const sent = 2000
	for range sent {
		if _, err := a.WriteTo([]byte{1}, b.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "some to be dropped", func() bool { return r.Count(Rate) > 0 })
	// Each that passes counts at both addresses.
	if n, most := r.Bytes()-before, 2*(100+100*time.Since(began).Seconds()); float64(n) > most {
		t.Errorf("%d bytes of %d passed, want at most %.0f", n, 2*sent, most)
	}
}

// So many relayed addresses are for the players of one address.
func TestAddressesOfOneNetwork(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Address: 2}})
	first := begin(t, r, "ROOM:1")
	begin(t, r, "ROOM:2")
	user, credential := r.Mint("ROOM:3")
	if conn, err := client(t, r, "udp", user, credential).Allocate(); err == nil {
		conn.Close()
		t.Error("there is a third")
	}
	if conn, err := client(t, r, "tcp", user, credential).Allocate(); err == nil {
		conn.Close()
		t.Error("there is a third by TCP")
	}
	if n := r.Count(NetworkAddresses); n < 2 {
		t.Errorf("%d were refused", n)
	}
	first.ask(stun.MethodRefresh, stun.RawAttribute{Type: stun.AttrLifetime, Value: make([]byte, 4)})
	await(t, "the first to be gone", func() bool { return r.Relayed() == 1 })
	conn, err := client(t, r, "tcp", user, credential).Allocate()
	if err != nil {
		t.Fatal("its place is not free:", err)
	}
	conn.Close()
	await(t, "the third to be gone", func() bool { return r.Relayed() == 1 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sources) != 1 || len(r.clients) != 1 {
		t.Errorf("%v, %v", r.sources, r.clients)
	}
}

// ended waits until the other end has closed a TCP connection.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for b := make([]byte, 500); ; {
		if _, err := c.Read(b); os.IsTimeout(err) {
			t.Fatal("it was not closed")
		} else if err != nil {
			return
		}
	}
}

func dialTCP(t *testing.T, r *Relay) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TCP connections are bounded, for all and for one address, and who closes one may open another.
func TestTCPConnections(t *testing.T) {
	for name, l := range map[Cause]Limits{Connections: {TCP: 2}, NetworkConnections: {AddressTCP: 2}} {
		t.Run(name.String(), func(t *testing.T) {
			r := listen(t, Config{Limits: l})
			held := func() int {
				r.tcp.mu.Lock()
				defer r.tcp.mu.Unlock()
				return len(r.tcp.conns)
			}
			a := dialTCP(t, r)
			dialTCP(t, r)
			await(t, "two", func() bool { return held() == 2 })
			ended(t, dialTCP(t, r))
			if n := r.Count(name); n != 1 {
				t.Errorf("%d were refused", n)
			}
			a.Close()
			await(t, "one", func() bool { return held() == 1 })
			c := dialTCP(t, r)
			if _, err := c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
				t.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(patience))
			if _, err := c.Read(make([]byte, 100)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A TCP connection that gets no relayed address ends, whether it says something or
// not, and one that has none any more; one that has one may be silent.
func TestSilentTCP(t *testing.T) {
	t.Parallel()
	r := listen(t, Config{})
	silent, talks := dialTCP(t, r), dialTCP(t, r)
	user, credential := r.Mint("ROOM:1")
	relayed, err := client(t, r, "tcp", user, credential).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for ask := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw; ; time.Sleep(50 * time.Millisecond) {
			if _, err := talks.Write(ask); err != nil {
				return
			}
		}
	}()
	ended(t, silent)
	ended(t, talks)
	<-over
	if r.Relayed() != 1 {
		t.Error("who has an address was cut off")
	}
	held := func() int {
		r.tcp.mu.Lock()
		defer r.tcp.mu.Unlock()
		return len(r.tcp.conns)
	}
	if err := relayed.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the last to end", func() bool { return held() == 0 })
	if len(r.tcp.from) != 0 {
		t.Error(r.tcp.from)
	}
}

// Whoever is relayed over TCP and takes in nothing is cut off, and has no address then;
// who sends to it does not wait.
func TestTCPThatDoesNotRead(t *testing.T) {
	t.Parallel()
	r := listen(t, Config{Limits: Limits{Bytes: math.MaxInt32, Total: math.MaxInt}})
	c := &teller{t: t, conn: dialTCP(t, r)}
	c.user, c.pass = r.Mint("ROOM:1")
	c.ask(stun.MethodAllocate, udpTransport)
	if a := c.ask(stun.MethodAllocate, udpTransport); a.Type.Class != stun.ClassSuccessResponse {
		t.Fatal(a)
	}
	r.mu.Lock()
	var at *socket
	for _, at = range r.ports {
	}
	r.mu.Unlock()
	other := relayed(t, r, "udp")
	if a := c.ask(stun.MethodCreatePermission, peer("127.0.0.1", 1)); a.Type.Class != stun.ClassSuccessResponse {
		t.Fatal(a)
	}
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Own(), at.port))
	packet := make([]byte, 1200)
	await(t, "it to be cut off", func() bool {
		for range 100 {
			if _, err := other.WriteTo(packet, to); err != nil {
				t.Fatal(err)
			}
		}
		return r.Relayed() == 1
	})
}

// Requests from one address are answered so many times a second, and an answer is
// not much longer than a request: the relay is no amplifier. Whoever has a relayed
// address is answered meanwhile.
func TestRequests(t *testing.T) {
	t.Parallel()
	const rate = 50
	r := listen(t, Config{Limits: Limits{Requests: rate}})
	c := begin(t, r, "ROOM:1")
	began, answers := time.Now(), 0
	for name, ask := range map[string][]byte{
		"Binding":  stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw,
		"Allocate": stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw,
	} {
		for _, network := range []string{"udp4", "tcp4"} {
			conn, err := net.Dial(network, r.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			before := r.Count(Requests)
			for range 5 * rate {
				if _, err := conn.Write(ask); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "some to be dropped", func() bool { return r.Count(Requests) > before })
			longest := 0
			for b := make([]byte, 100_000); ; {
				_ = conn.SetReadDeadline(time.Now().Add(glance))
				n, err := conn.Read(b)
				if err != nil {
					break
				}
				longest = max(longest, n)
				answers += bytes.Count(b[:n], ask[8:20])
			}
			if network == "udp4" && longest > 5*len(ask) {
				t.Errorf("an answer to %s has %d bytes, the request has %d", name, longest, len(ask))
			}
		}
	}
	if most := rate + rate*time.Since(began).Seconds(); answers == 0 || float64(answers) > most {
		t.Errorf("%d answers, want at most %.0f", answers, most)
	}
	if a := c.ask(stun.MethodRefresh); a.Type.Class != stun.ClassSuccessResponse {
		t.Errorf("who has an address: %v", a)
	}
}

// Whoever asks in the name of a player uses up nothing of what the player may ask.
func TestRequestsInAnothersName(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Requests: 4}})
	conn := begin(t, r, "ROOM:1").conn
	for r.mayAsk(tuple{at: netip.AddrPortFrom(addrPort(conn.LocalAddr()).Addr(), 9)}) {
	}
	for i := range 4 {
		if !r.mayAsk(tupleAt(conn.LocalAddr())) {
			t.Errorf("%d of 4 were answered", i)
		}
	}
}

// Whoever pretends to be everybody makes the relay keep nothing, and is bounded as well.
func TestRequestsOfEverybody(t *testing.T) {
	r := listen(t, Config{Limits: Limits{Requests: 1}})
	rng := rand.New(rand.NewPCG(1, 2))
	began, answered := time.Now(), 0
	for range 200_000 {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], rng.Uint32())
		if r.mayAsk(tuple{at: netip.AddrPortFrom(netip.AddrFrom4(ip), 9)}) {
			answered++
		}
	}
	n := float64(len(r.asks.buckets))
	if most := n + n*time.Since(began).Seconds(); float64(answered) > most || answered < len(r.asks.buckets)/2 {
		t.Errorf("%d were answered, want at most %.0f", answered, most)
	}
}
