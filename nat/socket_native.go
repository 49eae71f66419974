//go:build !js

package nat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v2"
)

// A question is sent at 0, 150 and 450 ms and given up at 1,050 ms.
var waits = [...]time.Duration{150 * time.Millisecond, 300 * time.Millisecond, 600 * time.Millisecond}

const (
	maxDatagram = 1500 // an answer has some 100 bytes; more than this is none
	maxErrors   = 64   // of one socket in a row, before its reader gives up
)

// socket asks any number of destinations from one local address, for only
// then do their answers compare. stun.Client is bound to one destination.
type socket struct {
	conn   *net.UDPConn
	reader sync.WaitGroup

	mu      sync.Mutex
	open    map[[stun.TransactionIDSize]byte]*question
	echoes  map[[stun.TransactionIDSize]byte]chan answer // questions of other sockets of ours that may arrive here
	ignored int                                          // datagrams that were no answer
}

// question is one, and who may answer it.
type question struct {
	to     netip.AddrPort
	from   netip.AddrPort  // who answers
	change byte            // flags of CHANGE-REQUEST, RFC 5780 section 7.2; none: 0
	waits  []time.Duration // after each time it is sent
	answer chan answer
}

const (
	changeIP   = 0x04
	changePort = 0x02
)

// answer is what a server said; what it did not say is the zero AddrPort.
type answer struct {
	mapped, other netip.AddrPort
}

func open(network string) (*socket, error) {
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, open: map[[stun.TransactionIDSize]byte]*question{}, echoes: map[[stun.TransactionIDSize]byte]chan answer{}}
	s.reader.Go(s.read)
	return s, nil
}

func (s *socket) close() {
	_ = s.conn.Close()
	s.reader.Wait()
}

// ask asks a server in the ordinary way.
func (s *socket) ask(ctx context.Context, to netip.AddrPort) (answer, error) {
	return s.put(ctx, &question{to: to, from: to, waits: waits[:]})
}

// put asks until there is an answer, or long enough.
func (s *socket) put(ctx context.Context, q *question) (answer, error) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return answer{}, err
	}
	if q.change != 0 {
		m.Add(stun.AttrChangeRequest, []byte{0, 0, 0, q.change})
	}
	if q.answer == nil {
		q.answer = make(chan answer, 1)
	}
	s.mu.Lock()
	s.open[m.TransactionID] = q
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.open, m.TransactionID)
		s.mu.Unlock()
	}()
	return s.send(ctx, m, q)
}

func (s *socket) send(ctx context.Context, m *stun.Message, q *question) (answer, error) {
	for _, wait := range q.waits {
		if _, err := s.conn.WriteToUDPAddrPort(m.Raw, q.to); err != nil {
			return answer{}, fmt.Errorf("not sent: %w", err)
		}
		timer := time.NewTimer(wait)
		select {
		case a := <-q.answer:
			timer.Stop()
			return a, nil
		case <-ctx.Done():
			timer.Stop()
			return answer{}, errors.New("no answer")
		case <-timer.C:
		}
	}
	return answer{}, errors.New("no answer")
}

// knock sends a question from another socket of ours to this one's public address
// and reports whether it arrived.
func (s *socket) knock(ctx context.Context, from *socket, public netip.AddrPort, waits []time.Duration) bool {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return false
	}
	arrived := make(chan answer, 1)
	s.mu.Lock()
	s.echoes[m.TransactionID] = arrived
	s.mu.Unlock()
	_, err = from.send(ctx, m, &question{to: public, waits: waits, answer: arrived})
	s.mu.Lock()
	delete(s.echoes, m.TransactionID)
	s.mu.Unlock()
	return err == nil
}

// read hands answers to those who wait for them, until close. Anybody can send
// us anything: what is not an answer of the asked server to an open question is
// counted and forgotten.
func (s *socket) read() {
	buf := make([]byte, maxDatagram+1)
	for failures := 0; failures < maxErrors; {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			failures++ // Windows reports here that some destination is unreachable
			continue
		}
		failures = 0
		s.hear(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

func (s *socket) hear(packet []byte, from netip.AddrPort) {
	id, a, ok := decode(packet)
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.echoes[id]
	if q, asked := s.open[id]; ok && asked && q.from == from {
		to = q.answer
	}
	if to == nil {
		s.ignored++
		return
	}
	select {
	case to <- a:
	default: // an answer to a retransmission
	}
}

// decode reads a Binding answer. A refusal is one too: the datagram came back. Of
// a request it tells the transaction.
func decode(packet []byte) (id [stun.TransactionIDSize]byte, a answer, ok bool) {
	if len(packet) > maxDatagram || !stun.IsMessage(packet) {
		return id, a, false
	}
	m := &stun.Message{Raw: packet}
	if err := m.Decode(); err != nil || m.Type.Method != stun.MethodBinding {
		return id, a, false
	}
	switch m.Type.Class {
	case stun.ClassErrorResponse:
		return m.TransactionID, a, true
	case stun.ClassSuccessResponse:
	default:
		return m.TransactionID, a, false
	}
	var mapped stun.XORMappedAddress
	if mapped.GetFrom(m) == nil {
		a.mapped = endpoint(mapped.IP, mapped.Port)
	}
	var other stun.OtherAddress
	if other.GetFrom(m) == nil {
		a.other = endpoint(other.IP, other.Port)
	}
	return m.TransactionID, a, true
}

// endpoint is zero for what no machine can have.
func endpoint(ip net.IP, port int) netip.AddrPort {
	addr, ok := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	if !ok || port <= 0 || port > 65535 || addr.IsUnspecified() || addr.IsMulticast() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// port is the local one.
func (s *socket) port() uint16 { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// local is our end of the way to a destination. The kernel tells which of our
// addresses it would use when a second socket is connected; nothing is sent.
func (s *socket) local(to netip.AddrPort) Finding[netip.AddrPort] {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return Finding[netip.AddrPort]{Why: err.Error()}
	}
	defer func() { _ = conn.Close() }()
	ip := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	return Finding[netip.AddrPort]{netip.AddrPortFrom(ip, s.port()), fmt.Sprintf("on the way to %v", to)}
}
