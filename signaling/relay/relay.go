// Package relay is the embedded STUN and TURN server. STUN tells a player its public
// address; TURN carries the packets of two players whose NATs let no direct path open. Its
// users hold credentials that the signaling service minted for one member of one room. It
// reaches the public internet and itself and, unless told to, never the network that it
// stands in. It is never in a browser.
package relay

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

// Config of a Relay. The zero value listens on every interface.
type Config struct {
	Addr    string        // to listen on, UDP and TCP; default :3478; port 0: a free one
	Public  netip.Addr    // the address of this machine as players see it; default: the one bound, or the one in the local network
	Second  netip.Addr    // another address of this machine, so that STUN can tell what a NAT does (RFC 5780), with the port after that of Addr; Addr names the first. Zero: none
	Private bool          // relay to private addresses too
	Ports   Ports         // of relayed addresses; default 61000 to 65535, which Linux doesn't hand out by itself. Two players whom it links need two
	Life    time.Duration // of a relayed address that nobody refreshes; default 10 min (RFC 8656)
	Valid   time.Duration // of credentials, to begin with; default 10 min. What has begun goes on
	Stay    time.Duration // how long what is relayed goes on after its member was last heard of, see Mint and Seen; default 15 min
	Limits  Limits
	Log     *slog.Logger // default: none
}

// Ports is a range, both ends included.
type Ports struct{ Low, High uint16 }

// Limits of a Relay. Zero means the default.
type Limits struct {
	Member  int // relayed addresses of one member at once; default 32
	Bytes   int // a second through one relayed address, each way, with 28 for each packet's header; default 256 KiB
	Packets int // a second through one relayed address, each way; default 1,000
	Total   int // bytes through all of one member's, both ways, until it was silent for an hour; default 1 GiB
	Peers   int // addresses that one relayed address may be open to at once, and channels that it may have; default 128

	// Of one network: an IPv4 address, or an IPv6 network of 56 bits. One of 48 bits
	// may have four times as much, but for Requests.
	Address        int // relayed addresses at once; default 256
	AddressTCP     int // TCP connections at once; default 256
	AddressBytes   int // a second through all its relayed addresses, as Bytes; default 4 MiB
	AddressPackets int // a second through all its relayed addresses, each way; default 30,000
	Requests       int // a second, as many of which can come at once; default 500. Whoever has a relayed address has as many for itself

	// Of everybody together.
	TCP        int // connections at once; default 2,000
	AllBytes   int // a second, as Bytes; default 64 MiB
	AllPackets int // a second, each way; default 500,000
}

func (l *Limits) fill() {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Member, 32}, {&l.Bytes, 256 << 10}, {&l.Packets, 1000}, {&l.Total, 1 << 30}, {&l.Peers, 128},
		{&l.Address, 256}, {&l.AddressTCP, 256}, {&l.AddressBytes, 4 << 20}, {&l.AddressPackets, 30_000}, {&l.Requests, 500},
		{&l.TCP, 2000}, {&l.AllBytes, 64 << 20}, {&l.AllPackets, 500_000}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// realm is a part of every TURN credential.
const realm = "punchback"

// Relay is a running STUN and TURN server.
type Relay struct {
	cfg    Config
	secret [32]byte
	bound  netip.AddrPort
	own    netip.Addr // of relayed addresses, as players see them
	inside netip.Addr // by which relayed sockets reach one another
	listen netip.Addr // to which relayed sockets are bound
	local  map[netip.Addr]bool
	server *turn.Server
	tcp    *listener
	stun   *behavior // nil: none
	asks   *asks
	flows  flows // of everybody

	mu      sync.Mutex
	ports   map[uint16]*socket // the relayed addresses that exist
	clients map[tuple]*socket  // by where those who have them are
	sources map[netip.Prefix]*source
	users   map[string]*member
	swept   time.Time     // when users were looked through
	bytes   atomic.Uint64 // relayed, both ways
	counts  [causes]atomic.Uint64
	closed  bool
	held    bool           // see Hold
	wg      sync.WaitGroup // of sockets
}

// Listen starts a relay; Close ends it.
func Listen(cfg Config) (*Relay, error) {
	if cfg.Addr == "" {
		cfg.Addr = ":3478"
	}
	if cfg.Ports == (Ports{}) {
		cfg.Ports = Ports{61000, 65535}
	}
	if cfg.Ports.Low == 0 || cfg.Ports.High < cfg.Ports.Low {
		return nil, fmt.Errorf("relay: ports %d-%d: want a range such as 61000-65535", cfg.Ports.Low, cfg.Ports.High)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Life == 0 {
		cfg.Life = 10 * time.Minute
	}
	if cfg.Valid == 0 {
		cfg.Valid = 10 * time.Minute
	}
	if cfg.Stay == 0 {
		cfg.Stay = 15 * time.Minute
	}
	l := &cfg.Limits
	l.fill()
	r := &Relay{cfg: cfg, asks: newAsks(l.Requests),
		ports: map[uint16]*socket{}, users: map[string]*member{}, clients: map[tuple]*socket{}, sources: map[netip.Prefix]*source{}}
	r.flows.limit(l.AllBytes, l.AllPackets, AllRate, AllPackets)
	rand.Read(r.secret[:])

	udp, tcp, err := bind(cfg.Addr)
	if err != nil {
		return nil, err
	}
	r.bound = addrPort(udp.LocalAddr())
	r.addresses()
	var first net.PacketConn = &gate{udp, r}
	if cfg.Second.IsValid() {
		if r.stun, err = r.behave(first, cfg.Second); err != nil {
			udp.Close()
			tcp.Close()
			return nil, err
		}
		first = &shared{first, r.stun}
	}
	r.tcp = newListener(tcp, r)
	r.server, err = turn.NewServer(turn.ServerConfig{
		Realm:        realm,
		AuthHandler:  r.auth,
		QuotaHandler: r.allowance,
		EventHandler: turn.EventHandler{OnAllocationCreated: r.began, OnPermissionCreated: r.opened, OnPermissionDeleted: r.shut,
			OnChannelCreated: r.channel, OnChannelDeleted: r.unchannel},
		AllocationLifetime:  r.cfg.Life,
		StrictAddressFamily: r.listen.Is4(), // What asks for no family gets the one we have.
		LoggerFactory:       &logging.DefaultLoggerFactory{Writer: nowhere{}, DefaultLogLevel: logging.LogLevelDisabled},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: first, RelayAddressGenerator: (*generator)(r), PermissionHandler: r.permit,
		}},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: r.tcp, RelayAddressGenerator: (*generator)(r), PermissionHandler: r.permit,
		}},
	})
	if err != nil {
		if r.stun != nil {
			r.stun.close()
		}
		udp.Close()
		tcp.Close()
		r.wg.Wait()
		return nil, fmt.Errorf("relay: %w", err)
	}
	return r, nil
}

// bind listens on one port number with UDP and TCP.
func bind(addr string) (net.PacketConn, net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("relay: address %q: want HOST:PORT", addr)
	}
	for try := 0; ; try++ {
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, nil, fmt.Errorf("relay: %w", err)
		}
		same := net.JoinHostPort(host, strconv.Itoa(int(addrPort(tcp.Addr()).Port())))
		udp, err := net.ListenPacket("udp", same)
		if err == nil {
			return udp, tcp, nil
		}
		tcp.Close()
		if port != "0" || try == 20 {
			return nil, nil, fmt.Errorf("relay: %w", err)
		}
	}
}

// addresses finds out which address relayed sockets have. It is never 0.0.0.0:
// nobody could send there.
func (r *Relay) addresses() {
	r.local = map[netip.Addr]bool{}
	lan := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if all, err := net.InterfaceAddrs(); err == nil {
		for _, a := range all {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			ip := p.Addr().Unmap()
			r.local[ip] = true
			if lan.IsLoopback() && ip.Is4() && ip.IsGlobalUnicast() {
				lan = ip
			}
		}
	}
	r.listen = r.bound.Addr()
	r.inside, r.own = r.listen, r.listen
	if r.listen.IsUnspecified() {
		// The route to the world tells which of several addresses is ours; nothing is sent.
		if c, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
			lan = addrPort(c.LocalAddr()).Addr()
			c.Close()
		}
		r.own = lan
		r.listen = netip.IPv4Unspecified()
		r.inside = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if r.cfg.Public.IsValid() && r.cfg.Public.Is4() == r.listen.Is4() {
		r.own = r.cfg.Public
	}
	r.local[r.own] = true
}

// Addr is what the relay listens on, UDP and TCP.
func (r *Relay) Addr() netip.AddrPort { return r.bound }

// Own is the address that relayed packets come from, as players see it.
func (r *Relay) Own() netip.Addr { return r.own }

// Ports is the range of relayed addresses.
func (r *Relay) Ports() Ports { return r.cfg.Ports }

// Pairs is how many pairs of players can be relayed at once: each of the two has a
// relayed address, though they meet at one.
func (r *Relay) Pairs() int { return (int(r.cfg.Ports.High) - int(r.cfg.Ports.Low) + 1) / 2 }

// Relayed is how many relayed addresses there are.
func (r *Relay) Relayed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ports)
}

// Bytes is how many were relayed so far, both ways.
func (r *Relay) Bytes() uint64 { return r.bytes.Load() }

// A Cause is why the relay did not do what it was asked for.
type Cause int

// Causes.
const (
	Quota              Cause = iota // the member has had its share of bytes: an address was taken back, or not given
	Addresses                       // it has as many addresses as it may
	NetworkAddresses                // its network has
	Full                            // no port is free
	Peers                           // its address is open to as many others as it may be
	Connections                     // a TCP connection was refused: there are as many as there may be
	NetworkConnections              // of its network
	Rate                            // a packet was dropped: its address carries too many bytes,
	Packets                         // or too many packets
	NetworkRate                     // the same of its network
	NetworkPackets
	AllRate // the same of everybody together
	AllPackets
	Forbidden // a packet was dropped: it was from or for somewhere that is not for players, or nobody's whom its player waits for
	Requests  // a request was dropped: its address asks too often
	causes
)

func (c Cause) String() string {
	return [...]string{"quota", "addresses", "network_addresses", "full", "peers", "connections", "network_connections",
		"rate", "packets", "network_rate", "network_packets", "all_rate", "all_packets", "forbidden", "requests"}[c]
}

// Count is how often something was not done since the start.
func (r *Relay) Count(c Cause) uint64 { return r.counts[c].Load() }

// URLs are those of STUN, TURN over UDP and TURN over TCP for a client that
// knows this machine as host.
func (r *Relay) URLs(host string) (stun, udp, tcp string) {
	at := net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(int(r.bound.Port())))
	return "stun:" + at, "turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"
}

// Close ends the relay and all that goes through it, and waits.
func (r *Relay) Close() error {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	r.mu.Unlock()
	if again {
		r.wg.Wait()
		return nil
	}
	err := r.server.Close()
	if r.stun != nil {
		r.stun.close()
	}
	r.tcp.cut()
	r.mu.Lock()
	var all []*socket
	for _, s := range r.ports {
		all = append(all, s)
	}
	for _, m := range r.users {
		m.timer.Stop()
	}
	r.mu.Unlock()
	for _, s := range all {
		s.Close()
	}
	r.wg.Wait()
	return err
}

func addrPort(a net.Addr) netip.AddrPort {
	var p netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		p = a.AddrPort()
	case *net.TCPAddr:
		p = a.AddrPort()
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// nowhere is where the TURN library logs to.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
