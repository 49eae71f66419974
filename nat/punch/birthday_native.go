//go:build !js

package punch

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/stun/v4"

	"github.com/punchback/punchback/nat/trace"
)

// birthdayRound is one end of one round. It works beside the link, says what the other
// end has to know by the link's signals, and ends with close.
type birthdayRound struct {
	l      *Link
	number uint64
	secret secret
	heard  chan birthdayWord
	ctx    context.Context
	end    context.CancelFunc
	tasks  tasks
	done   chan struct{} // closed when it is over

	mu   sync.Mutex
	best *socket
}

func newBirthdayRound(l *Link, number uint64, s secret) *birthdayRound {
	r := &birthdayRound{l: l, number: number, secret: s, heard: make(chan birthdayWord, 4), done: make(chan struct{})}
	r.ctx, r.end = context.WithTimeout(context.Background(), oneRound)
	r.tasks.begin(r.run)
	return r
}

// hear takes what the other end says; more than a round has to say is dropped.
func (r *birthdayRound) hear(w birthdayWord) {
	select {
	case r.heard <- w:
	default:
	}
}

// over reports whether nothing more will come of it.
func (r *birthdayRound) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// met is the socket that has met one, if one has.
func (r *birthdayRound) met() *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.best
}

// won is the same; from then on it is the caller's.
func (r *birthdayRound) won() *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.best
	r.best = nil
	return s
}

// close ends the round and closes its sockets.
func (r *birthdayRound) close() {
	r.end()
	r.tasks.end()
	if s := r.won(); s != nil {
		_ = s.conn.Close()
	}
}

func (r *birthdayRound) say(w birthdayWord) {
	w.Round, w.Secret = r.number, nil
	if r.l.o.Offer {
		w.Secret = r.secret[:]
	}
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	if r.l.state == Open {
		r.l.carry(&signal{Birthday: &w})
	}
}

func (r *birthdayRound) win(conn *net.UDPConn, remote netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.best = &socket{conn, remote}
	r.l.note(trace.Event{Kind: trace.Birthday, Word: "met"})
}

// run finds out what this end's NAT does and plays the part that follows from it.
func (r *birthdayRound) run() {
	defer r.l.poke()
	defer close(r.done)
	var servers []string
	r.l.mu.Lock()
	all := r.l.o.ICEServers
	r.l.mu.Unlock()
	for _, s := range all {
		for _, u := range s.URLs {
			if address, ok := strings.CutPrefix(u, "stun:"); ok && len(servers) < mostServers {
				servers = append(servers, address)
			}
		}
	}
	if len(servers) == 0 {
		r.say(birthdayWord{None: true})
		return
	}
	switch public, low, high, err := r.l.o.Birthday(r.ctx, servers...); {
	case err != nil || !public.Is4():
		r.say(birthdayWord{None: true})
	case high != 0:
		if r.l.o.Offer {
			r.say(birthdayWord{Hard: true})
		}
		if w, ok := r.next(func(w birthdayWord) bool { return w.At != "" }); ok {
			r.write(w.At, public, low, high)
		}
	default:
		if conn, at, err := r.open(servers[0]); err != nil {
			r.say(birthdayWord{None: true})
		} else {
			r.say(birthdayWord{At: at.String()})
			if w, ok := r.next(func(w birthdayWord) bool { return w.From != "" }); ok && r.guess(conn, w) {
				return
			}
			_ = conn.Close()
		}
	}
}

// next waits until the other end says what is awaited. What tells that both ends
// are of one kind is the end of the round, and so it says.
func (r *birthdayRound) next(awaited func(birthdayWord) bool) (birthdayWord, bool) {
	for {
		select {
		case w := <-r.heard:
			if awaited(w) {
				return w, true
			}
			if w.Hard && !r.l.o.Offer {
				continue // the question that began the round
			}
			if !w.None {
				r.say(birthdayWord{None: true})
			}
			return w, false
		case <-r.ctx.Done():
			return birthdayWord{}, false
		}
	}
}

// open makes a socket and asks a server for its public address.
func (r *birthdayRound) open(server string) (*net.UDPConn, netip.AddrPort, error) {
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	conn, err := r.listen(to.AddrPort())
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	at, err := r.ask(conn, to.AddrPort())
	if err != nil {
		_ = conn.Close()
	}
	return conn, at, err
}

// listen opens a socket on the address by which this machine goes to another one:
// ICE has to know it.
func (r *birthdayRound) listen(to netip.AddrPort) (*net.UDPConn, error) {
	way, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to)) // which sends nothing
	if err != nil {
		return nil, err
	}
	here := way.LocalAddr().(*net.UDPAddr).IP
	_ = way.Close()
	return net.ListenUDP("udp4", &net.UDPAddr{IP: here})
}

// ask asks a STUN server how it sees a socket.
func (r *birthdayRound) ask(conn *net.UDPConn, server netip.AddrPort) (netip.AddrPort, error) {
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
		if r.ctx.Err() != nil {
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

func (r *birthdayRound) packet(t stun.MessageType) []byte {
	m := new(stun.Message)
	m.TransactionID = r.secret
	m.Type = t
	m.WriteHeader()
	return m.Raw
}

func (r *birthdayRound) is(b []byte, t stun.MessageType) bool {
	m := &stun.Message{Raw: b}
	return stun.IsMessage(b) && m.Decode() == nil && m.Type == t && m.TransactionID == r.secret
}

// far reports whether an address is one that packets of a round may go to: it is
// the other end's word alone.
func far(ip netip.Addr) bool {
	return ip.Is4() && (ip.IsGlobalUnicast() && !ip.IsPrivate() || near())
}

// near is true in tests, where everybody is.
var near = func() bool { return false }

// write lets many sockets write to the one address of the other end, until one of
// its guesses arrives at one of them. That one answers.
func (r *birthdayRound) write(at string, public netip.Addr, low, high uint16) {
	to, err := netip.ParseAddrPort(at)
	if err != nil || !far(to.Addr()) {
		r.say(birthdayWord{None: true})
		return
	}
	w := birthdayWord{From: public.String(), Low: 1024, High: 65535}
	sockets := manySockets
	if int(high)-int(low) < closeTogether/4 { // A block of ports, whose borders are not known.
		w.Low, w.High = uint16(max(1024, int(low)-closeTogether/4)), uint16(min(65535, int(high)+closeTogether/4))
		sockets = fewSockets
	}
	r.knockFrom(sockets, to, w)
}

func (r *birthdayRound) knockFrom(sockets int, to netip.AddrPort, w birthdayWord) {
	met := make(chan *socket, sockets)
	var conns []*net.UDPConn
	var readers sync.WaitGroup
	for range sockets {
		conn, err := r.listen(to)
		if err != nil {
			break // Fewer than wished, such as 1,024 descriptors allow.
		}
		conns = append(conns, conn)
		_, _ = conn.WriteToUDPAddrPort(r.packet(knock), to)
		readers.Go(func() {
			var b [64]byte
			for {
				n, from, err := conn.ReadFromUDPAddrPort(b[:])
				if err != nil {
					return
				}
				if from.Addr().Unmap() == to.Addr() && r.is(b[:n], knock) {
					met <- &socket{conn, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
					return
				}
			}
		})
	}
	r.say(w)
	var s *socket
	select {
	case s = <-met:
	case <-r.ctx.Done():
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
		_, _ = s.conn.WriteToUDPAddrPort(r.packet(reply), s.remote)
	}
	r.win(s.conn, s.remote)
}

// guess writes to ports of the other end's NAT, each once, until one answers.
func (r *birthdayRound) guess(conn *net.UDPConn, w birthdayWord) bool {
	ip, err := netip.ParseAddr(w.From)
	if err != nil || !far(ip) || w.High < w.Low {
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
			if from.Addr().Unmap() == ip && r.is(b[:n], reply) {
				met <- netip.AddrPortFrom(ip, from.Port())
				return
			}
		}
	})
	remote := r.tryPorts(conn, ip, w, met)
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
	r.win(conn, remote)
	return true
}

func (r *birthdayRound) tryPorts(conn *net.UDPConn, ip netip.Addr, w birthdayWord, met <-chan netip.AddrPort) (remote netip.AddrPort) {
	ports := rand.Perm(int(w.High-w.Low) + 1)
	tick := time.NewTicker(guessEvery)
	defer tick.Stop()
	for _, p := range ports[:min(len(ports), mostGuesses)] {
		_, _ = conn.WriteToUDPAddrPort(r.packet(knock), netip.AddrPortFrom(ip, w.Low+uint16(p)))
		select {
		case remote = <-met:
			return remote
		case <-r.ctx.Done():
			return remote
		case <-tick.C:
		}
	}
	select {
	case remote = <-met:
	case <-r.ctx.Done():
	case <-time.After(time.Second): // the last answers
	}
	return remote
}
