package relay

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

// generator makes relayed addresses for the TURN server: UDP only.
type generator Relay

var errTCP = errors.New("relay: only UDP is relayed")

func (g *generator) Validate() error { return nil }

func (g *generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTCP
}

func (g *generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errTCP }

// AllocatePacketConn opens a socket on a random free port of the range. A
// particular port (RESERVATION-TOKEN, EVEN-PORT) is not to be had: no player
// needs one.
func (g *generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	r := (*Relay)(g)
	if c.UserID == "" || c.RequestedPort != 0 {
		return nil, nil, errors.New("relay: no port on demand")
	}
	if (c.Network == "udp4") != r.listen.Is4() {
		return nil, nil, errors.New("relay: no address of that family")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.member(c.UserID)
	if _, spent := r.spent(m); spent || m.gone || r.closed { // since allowance was asked
		return nil, nil, errors.New("relay: no more addresses for this member")
	}
	span := int(r.cfg.Ports.High) - int(r.cfg.Ports.Low) + 1
	first := rand.IntN(span)
	for i, taken := 0, 0; i < span && taken < 100; i++ {
		port := r.cfg.Ports.Low + uint16((first+i)%span)
		if r.ports[port] != nil {
			continue
		}
		conn, err := net.ListenUDP(c.Network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.listen, port)))
		if err != nil {
			taken++ // Another program has it.
			continue
		}
		s := &socket{UDPConn: conn, relay: r, member: m, port: port}
		s.flows.limit(r.cfg.Limits.Bytes, r.cfg.Limits.Packets, Rate, Packets)
		s.peers.all, s.peers.by = map[netip.Addr]bool{}, map[netip.Addr]int{}
		r.ports[port] = s
		m.sockets++
		r.wg.Add(1)
		return s, net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.own, port)), nil
	}
	r.counts[Full].Add(1)
	return nil, nil, errors.New("relay: no free port")
}

// socket is one relayed address. Each packet is asked where it goes and where
// it comes from, since a TURN permission says nothing about ports.
type socket struct {
	*net.UDPConn
	relay  *Relay
	member *member
	port   uint16
	client tuple                   // guarded by relay.mu
	from   atomic.Pointer[sources] // nil: it is not known yet
	peers  peers
	once   sync.Once
	flows  flows
}

// WriteTo sends a packet, or drops it in silence: an error would be no news to
// the player, and UDP may lose anything.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	real, ok := s.relay.route(addrPort(to))
	if s.may(ok, toPeer, len(b)) {
		_, _ = s.UDPConn.WriteToUDPAddrPort(b, real)
	}
	return len(b), nil
}

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.UDPConn.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return 0, nil, err
			}
			continue // ICMP's word about an earlier packet.
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		as, ok := s.relay.origin(from)
		if s.may(ok && s.peers.has(as.Addr()), toClient, n) { // Nobody else can use up what this player may have.
			return n, net.UDPAddrFromAddrPort(as), nil
		}
	}
}

// header is what IPv4 and UDP add to a packet, in bytes: many small ones cost, too.
const header = 28

// may reports whether a packet of n bytes goes on: ok, from and to where packets may.
// What is too much for its own address uses up nothing of its network's, and what is
// too much for that nothing of everybody's.
func (s *socket) may(ok bool, w way, n int) bool {
	if !ok {
		s.relay.counts[Forbidden].Add(1)
		return false
	}
	bounds := [...]*flows{&s.flows, nil, nil, nil, &s.relay.flows}
	if from := s.from.Load(); from != nil {
		for i, f := range *from {
			bounds[1+i] = &f.flows
		}
	}
	for _, f := range bounds {
		if f == nil {
			continue
		}
		if why, ok := f[w].take(n + header); !ok {
			s.relay.counts[why].Add(1)
			return false
		}
	}
	return s.count(n)
}

// count counts what is relayed. Whoever has had its share loses the address, and gets
// no other: a relay is for games, and those need a few megabytes an hour.
func (s *socket) count(n int) bool {
	s.relay.bytes.Add(uint64(n))
	if s.member.used.Add(int64(n)) <= int64(s.relay.cfg.Limits.Total) {
		return true
	}
	if s.Close() == nil {
		s.relay.counts[Quota].Add(1)
		s.relay.cfg.Log.Warn("took a relayed address back: its player has had its share", "bytes", s.relay.cfg.Limits.Total)
	}
	return false
}

func (s *socket) Close() error {
	err := net.ErrClosed
	s.once.Do(func() {
		r := s.relay
		err = s.UDPConn.Close()
		r.mu.Lock()
		delete(r.ports, s.port)
		s.member.sockets--
		s.member.last = time.Now()
		r.ended(s)
		r.mu.Unlock()
		r.wg.Done()
	})
	return err
}
