//go:build !js

package punch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/punchback/punchback/nat/trace"
)

// hunt is one end of one round. It works beside the link, says what the other
// end has to know by the link's signals, and ends with close.
type hunt struct {
	l      *Link
	round  uint64
	secret secret
	offer  bool
	heard  chan luck
	ctx    context.Context
	end    context.CancelFunc
	tasks  tasks
	done   chan struct{} // closed when it is over

	mu   sync.Mutex
	best *socket
}

// socket is one of ours that has met one of theirs.
type socket struct {
	conn   *net.UDPConn
	remote netip.AddrPort
}

// candidate is the other end's, as ICE has it.
func (s *socket) candidate() candidate {
	return candidate{fmt.Sprintf("candidate:4 1 udp 2130706431 %v %d typ host", s.remote.Addr(), s.remote.Port()), "0"}
}

// mux is what pion's ICE takes instead of sockets of its own.
func (s *socket) mux(link *strangers) ice.UDPMux {
	g := newGate(s.conn, new(atomic.Bool), link)
	link.knows(s.remote, g)
	return ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: g, Logger: silent{}.NewLogger("")})
}

func newHunt(l *Link, round uint64, s secret, offer bool) *hunt {
	h := &hunt{l: l, round: round, secret: s, offer: offer, heard: make(chan luck, 4), done: make(chan struct{})}
	h.ctx, h.end = context.WithTimeout(context.Background(), oneRound)
	h.tasks.begin(h.run)
	return h
}

// hear takes what the other end says; more than a round has to say is dropped.
func (h *hunt) hear(k luck) {
	select {
	case h.heard <- k:
	default:
	}
}

// over tells that nothing more will come of it.
func (h *hunt) over() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// won is the socket that has met one, if one has; from then on it is the caller's.
func (h *hunt) won() *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.best
	h.best = nil
	return s
}

// close ends the round and closes its sockets.
func (h *hunt) close() {
	h.end()
	h.tasks.end()
	if s := h.won(); s != nil {
		_ = s.conn.Close()
	}
}

func (h *hunt) say(k luck) {
	k.Round, k.Secret = h.round, nil
	if h.offer {
		k.Secret = h.secret[:]
	}
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	if h.l.state == Open {
		h.l.carry(&signal{Luck: &k})
	}
}

func (h *hunt) win(conn *net.UDPConn, remote netip.AddrPort) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.best = &socket{conn, remote}
	h.l.note(trace.Event{Kind: trace.Luck, Word: "met"})
}

// run finds out what this end's NAT does and plays the part that follows from it.
func (h *hunt) run() {
	defer h.l.poke()
	defer close(h.done)
	var servers []string
	h.l.mu.Lock()
	all := h.l.o.Servers
	h.l.mu.Unlock()
	for _, s := range all {
		for _, u := range s.URLs {
			if address, ok := strings.CutPrefix(u, "stun:"); ok && len(servers) < mostServers {
				servers = append(servers, address)
			}
		}
	}
	if len(servers) == 0 {
		h.say(luck{None: true})
		return
	}
	switch public, low, high, err := h.l.o.Birthday(h.ctx, servers...); {
	case err != nil || !public.Is4():
		h.say(luck{None: true})
	case high != 0:
		if h.offer {
			h.say(luck{Hard: true})
		}
		if k, ok := h.next(func(k luck) bool { return k.At != "" }); ok {
			h.write(k.At, public, low, high)
		}
	default:
		if conn, at, err := h.open(servers[0]); err != nil {
			h.say(luck{None: true})
		} else {
			h.say(luck{At: at.String()})
			if k, ok := h.next(func(k luck) bool { return k.From != "" }); ok && h.guess(conn, k) {
				return
			}
			_ = conn.Close()
		}
	}
}

// next waits until the other end says what is awaited. What tells that both ends
// are of one kind is the end of the round, and so it says.
func (h *hunt) next(awaited func(luck) bool) (luck, bool) {
	for {
		select {
		case k := <-h.heard:
			if awaited(k) {
				return k, true
			}
			if k.Hard && !h.offer {
				continue // the question that began the round
			}
			if !k.None {
				h.say(luck{None: true})
			}
			return k, false
		case <-h.ctx.Done():
			return luck{}, false
		}
	}
}

// open makes a socket and asks a server for its public address.
func (h *hunt) open(server string) (*net.UDPConn, netip.AddrPort, error) {
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	conn, err := h.listen(to.AddrPort())
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	at, err := h.ask(conn, to.AddrPort())
	if err != nil {
		_ = conn.Close()
	}
	return conn, at, err
}

// listen opens a socket on the address by which this machine goes to another one:
// ICE has to know it.
func (h *hunt) listen(to netip.AddrPort) (*net.UDPConn, error) {
	way, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to)) // which sends nothing
	if err != nil {
		return nil, err
	}
	here := way.LocalAddr().(*net.UDPAddr).IP
	_ = way.Close()
	return net.ListenUDP("udp4", &net.UDPAddr{IP: here})
}

// ask asks a STUN server how it sees a socket.
func (h *hunt) ask(conn *net.UDPConn, server netip.AddrPort) (netip.AddrPort, error) {
	question, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return netip.AddrPort{}, err
	}
	var b [1500]byte
	for try := range 4 {
		if _, err := conn.WriteToUDPAddrPort(question.Raw, server); err != nil {
			return netip.AddrPort{}, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(150 * time.Millisecond << try))
		for {
			n, _, err := conn.ReadFromUDPAddrPort(b[:])
			if err != nil {
				break
			}
			answer := &stun.Message{Raw: b[:n]}
			var at stun.XORMappedAddress
			if answer.Decode() == nil && answer.TransactionID == question.TransactionID && at.GetFrom(answer) == nil {
				if ip, ok := netip.AddrFromSlice(at.IP); ok {
					return netip.AddrPortFrom(ip.Unmap(), uint16(at.Port)), nil
				}
			}
		}
		if h.ctx.Err() != nil {
			break
		}
	}
	return netip.AddrPort{}, errors.New("punch: no answer")
}

// The packets of a round are STUN messages without attributes (RFC 8489 section
// 5), whose transaction is the round's secret, so that whatever ICE runs on the
// same socket later passes them over.
var (
	knock = stun.NewType(stun.MethodBinding, stun.ClassIndication)
	reply = stun.NewType(stun.MethodBinding, stun.ClassSuccessResponse)
)

func (h *hunt) packet(t stun.MessageType) []byte {
	m := new(stun.Message)
	m.TransactionID = h.secret
	m.Type = t
	m.WriteHeader()
	return m.Raw
}

func (h *hunt) is(b []byte, t stun.MessageType) bool {
	m := &stun.Message{Raw: b}
	return stun.IsMessage(b) && m.Decode() == nil && m.Type == t && m.TransactionID == h.secret
}

// far tells whether an address is one that packets of a round may go to: it is
// the other end's word alone.
func far(ip netip.Addr) bool {
	return ip.Is4() && (ip.IsGlobalUnicast() && !ip.IsPrivate() || near())
}

// near is true in tests, where everybody is.
var near = func() bool { return false }

// write lets many sockets write to the one address of the other end, until one of
// its guesses arrives at one of them. That one answers.
func (h *hunt) write(at string, public netip.Addr, low, high uint16) {
	to, err := netip.ParseAddrPort(at)
	if err != nil || !far(to.Addr()) {
		h.say(luck{None: true})
		return
	}
	k := luck{From: public.String(), Low: 1024, High: 65535}
	sockets := manySockets
	if int(high)-int(low) < closeTogether/4 { // A block of ports, whose borders are not known.
		k.Low, k.High = uint16(max(1024, int(low)-closeTogether/4)), uint16(min(65535, int(high)+closeTogether/4))
		sockets = fewSockets
	}
	h.knockFrom(sockets, to, k)
}

func (h *hunt) knockFrom(sockets int, to netip.AddrPort, k luck) {
	met := make(chan *socket, sockets)
	var conns []*net.UDPConn
	var readers sync.WaitGroup
	for range sockets {
		conn, err := h.listen(to)
		if err != nil {
			break // Fewer than wished, such as 1,024 descriptors allow.
		}
		conns = append(conns, conn)
		_, _ = conn.WriteToUDPAddrPort(h.packet(knock), to)
		readers.Go(func() {
			var b [64]byte
			for {
				n, from, err := conn.ReadFromUDPAddrPort(b[:])
				if err != nil {
					return
				}
				if from.Addr().Unmap() == to.Addr() && h.is(b[:n], knock) {
					met <- &socket{conn, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
					return
				}
			}
		})
	}
	h.say(k)
	var s *socket
	select {
	case s = <-met:
	case <-h.ctx.Done():
	}
	for _, conn := range conns {
		if s == nil || conn != s.conn {
			_ = conn.Close()
		}
	}
	readers.Wait()
	if s == nil {
		return
	}
	for range 3 { // one could be lost
		_, _ = s.conn.WriteToUDPAddrPort(h.packet(reply), s.remote)
	}
	h.win(s.conn, s.remote)
}

// guess writes to ports of the other end's NAT, each once, until one answers.
func (h *hunt) guess(conn *net.UDPConn, k luck) bool {
	ip, err := netip.ParseAddr(k.From)
	if err != nil || !far(ip) || k.High < k.Low {
		return false
	}
	met := make(chan netip.AddrPort, 1)
	_ = conn.SetReadDeadline(time.Time{})
	var reader sync.WaitGroup
	reader.Go(func() {
		var b [64]byte
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b[:])
			if err != nil {
				return
			}
			if from.Addr().Unmap() == ip && h.is(b[:n], reply) {
				met <- netip.AddrPortFrom(ip, from.Port())
				return
			}
		}
	})
	remote := h.tryPorts(conn, ip, k, met)
	_ = conn.SetReadDeadline(time.Now())
	reader.Wait()
	_ = conn.SetReadDeadline(time.Time{})
	if !remote.IsValid() {
		select {
		case remote = <-met:
		default:
			return false
		}
	}
	h.win(conn, remote)
	return true
}

func (h *hunt) tryPorts(conn *net.UDPConn, ip netip.Addr, k luck, met <-chan netip.AddrPort) (remote netip.AddrPort) {
	ports := rand.Perm(int(k.High-k.Low) + 1)
	tick := time.NewTicker(guessEvery)
	defer tick.Stop()
	for _, p := range ports[:min(len(ports), mostGuesses)] {
		_, _ = conn.WriteToUDPAddrPort(h.packet(knock), netip.AddrPortFrom(ip, k.Low+uint16(p)))
		select {
		case remote = <-met:
			return remote
		case <-h.ctx.Done():
			return remote
		case <-tick.C:
		}
	}
	select {
	case remote = <-met:
	case <-h.ctx.Done():
	case <-time.After(time.Second): // the last answers
	}
	return remote
}
