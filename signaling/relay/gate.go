package relay

import (
	"errors"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"

	"github.com/punchback/punchback/signaling/internal/limit"
)

// tuple is where somebody reaches the relay from: what TURN calls a 5-tuple.
type tuple struct {
	at  netip.AddrPort
	tcp bool
}

func tupleAt(a net.Addr) tuple {
	_, tcp := a.(*net.TCPAddr)
	return tuple{addrPort(a), tcp}
}

// asks bounds how often anybody may ask. An answer is longer than what was asked,
// and goes to where the question says that it is from. What is kept does not grow
// with those who ask: some of them share, by chance.
type asks struct {
	seed    maphash.Seed
	buckets [4096]meter
}

func newAsks(rate int) *asks {
	a := &asks{seed: maphash.MakeSeed()}
	for i := range a.buckets {
		a.buckets[i].rate = rate
	}
	return a
}

// mayAsk reports whether a request is to be answered. Whoever has a relayed address has
// asks of its own: no stranger can use them up in its name.
func (r *Relay) mayAsk(c tuple) bool {
	r.mu.Lock()
	known := r.clients[c] != nil
	r.mu.Unlock()
	of := limit.Homes.Of(c.at.Addr())
	h := maphash.Comparable(r.asks.seed, of.All()[0].Prefix)
	if known {
		h = maphash.Comparable(r.asks.seed, c)
	}
	if !r.asks.buckets[h%uint64(len(r.asks.buckets))].take(1) {
		r.counts[Requests].Add(1)
		return false
	}
	return true
}

// asking reports whether a packet is a STUN request: two bits 0, and a class of 0
// (RFC 8489 section 5).
func asking(b []byte) bool { return len(b) >= 20 && b[0]&0xc1 == 0 && b[1]&0x10 == 0 }

// gate is a socket of ours with requests for TURN and STUN.
type gate struct {
	net.PacketConn
	r *Relay
}

// ReadFrom gives what may be answered. Only the socket's end ends it: there are
// systems that say here that an earlier packet did not arrive, or that one is too long.
func (g *gate) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := g.PacketConn.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return 0, nil, err
		}
		if err == nil && (!asking(b[:n]) || g.r.mayAsk(tupleAt(from))) {
			return n, from, nil
		}
	}
}

// peers are the others that a relayed address is open to: by a permission, or by
// channels, which last longer.
type peers struct {
	mu       sync.Mutex
	all      map[netip.Addr]bool
	channels int
	by       map[netip.Addr]int // how many of them are to each address
}

func (p *peers) has(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[a] || p.by[a] > 0
}

// The TURN server tells of the following. It holds locks of its own meanwhile.

// began tells who has a relayed address, after it was made.
func (r *Relay) began(src, _ net.Addr, _, _, _ string, at net.Addr, _ int) {
	c := tupleAt(src)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.ports[addrPort(at).Port()]
	if s == nil || s.client.at.IsValid() { // It has ended meanwhile.
		return
	}
	s.client = c
	r.clients[c] = s
	s.from.Store(r.enter(c.at.Addr()))
	if c.tcp {
		r.tcp.keep(c.at, true)
	}
}

// ended is the opposite of began; the lock is held.
func (r *Relay) ended(s *socket) {
	c := s.client
	if !c.at.IsValid() {
		return
	}
	r.leave(s.from.Load())
	if r.clients[c] == s { // and not another that it has had since
		delete(r.clients, c)
		if c.tcp {
			r.tcp.keep(c.at, false)
		}
	}
}

// find is the socket of a client at that relayed address; nil: it is gone.
func (r *Relay) find(src, at net.Addr) *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.ports[addrPort(at).Port()]; s != nil && s.client == tupleAt(src) {
		return s
	}
	return nil
}

func (r *Relay) opened(src, _ net.Addr, _, _, _ string, at net.Addr, peer net.IP) {
	if s, a := r.find(src, at), addrOf(peer); s != nil {
		s.peers.mu.Lock()
		s.peers.all[a] = true
		s.peers.mu.Unlock()
	}
}

func (r *Relay) shut(src, _ net.Addr, _, _, _ string, at net.Addr, peer net.IP) {
	if s, a := r.find(src, at), addrOf(peer); s != nil {
		s.peers.mu.Lock()
		delete(s.peers.all, a)
		s.peers.mu.Unlock()
	}
}

// channel tells of a new channel. Each packet looks through all channels of an
// address: whoever has more than anybody needs loses it.
func (r *Relay) channel(src, _ net.Addr, _, _, _ string, at, to net.Addr, _ uint16) {
	s := r.find(src, at)
	if s == nil {
		return
	}
	s.peers.mu.Lock()
	s.peers.channels++
	s.peers.by[addrPort(to).Addr()]++
	many := s.peers.channels > r.cfg.Limits.Peers
	s.peers.mu.Unlock()
	if many && s.Close() == nil {
		r.counts[Peers].Add(1)
		r.cfg.Log.Warn("took a relayed address back: it has too many channels", "limit", r.cfg.Limits.Peers)
	}
}

func (r *Relay) unchannel(src, _ net.Addr, _, _, _ string, at, to net.Addr, _ uint16) {
	if s, a := r.find(src, at), addrPort(to).Addr(); s != nil {
		s.peers.mu.Lock()
		s.peers.channels--
		if s.peers.by[a]--; s.peers.by[a] <= 0 {
			delete(s.peers.by, a)
		}
		s.peers.mu.Unlock()
	}
}

// permit is asked for a permission, which is for an address and all its ports:
// so it allows our own, and which ports of ours count is asked for each packet.
func (r *Relay) permit(src net.Addr, ip net.IP) bool {
	a := addrOf(ip)
	if a != r.own && !r.outside(a) {
		return false
	}
	r.mu.Lock()
	s := r.clients[tupleAt(src)]
	r.mu.Unlock()
	if s == nil {
		return false // It was taken back at this moment.
	}
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	if s.peers.all[a] || len(s.peers.all) < r.cfg.Limits.Peers {
		return true
	}
	r.counts[Peers].Add(1)
	return false
}

func addrOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
