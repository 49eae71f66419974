package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/stun/v4"
)

// behavior answers Binding requests on two hosts and two ports of each, so that a
// player can find out what its NAT does (RFC 5780). An answer goes to nobody but
// who asked, and never to another answer, so that nothing goes round. To a bare
// question of 20 bytes it has 56 over IPv4 and 92 over IPv6. MAPPED-ADDRESS, which
// RFC 5780 section 6.1 wants beside XOR-MAPPED-ADDRESS, is left out: it says the
// same again, and would make a forged question worth more.
type behavior struct {
	conns [2][2]net.PacketConn // by host and port; the first is TURN's as well
	r     *Relay
}

// The flags of CHANGE-REQUEST, RFC 5780 section 7.2.
const (
	changeIP   = 0x04
	changePort = 0x02
)

// behave opens the three other sockets: the next port of the first address, and
// both on the second. Their goroutines end with Close.
func (r *Relay) behave(first net.PacketConn, second netip.Addr) (*behavior, error) {
	at := r.bound
	if at.Addr().IsUnspecified() || at.Addr() == second || at.Addr().Is4() != second.Is4() {
		return nil, fmt.Errorf("relay: the second address %v goes with a first one of the same kind, and Addr is %v", second, at)
	}
	if at.Port() == 65535 {
		return nil, fmt.Errorf("relay: port %d has no next one, which the second address %v needs: at most 65534", at.Port(), second)
	}
	b := &behavior{r: r}
	b.conns[0][0] = first
	for host, ip := range []netip.Addr{at.Addr(), second} {
		for port := range b.conns[host] {
			if host+port == 0 {
				continue
			}
			conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, at.Port()+uint16(port))))
			if err != nil {
				b.close()
				return nil, fmt.Errorf("relay: %w", err)
			}
			b.conns[host][port] = &gate{conn, r}
		}
	}
	for host := range b.conns {
		for port, conn := range b.conns[host] {
			if conn != first {
				r.wg.Go(func() { b.serve(conn, host, port) })
			}
		}
	}
	return b, nil
}

func (b *behavior) close() {
	for host := range b.conns {
		for port, conn := range b.conns[host] {
			if conn != nil && host+port > 0 {
				_ = conn.Close()
			}
		}
	}
}

// serve reads one of the other sockets until it is closed.
func (b *behavior) serve(conn net.PacketConn, host, port int) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			b.answer(buf[:n], from, host, port)
		}
	}
}

// answer answers what came to a host and port if it is a Binding request, or
// reports false. One that asks for what is not done here, such as RESPONSE-PORT
// and PADDING, is none of ours: an answer would say that it was done (RFC 8489
// section 6.3.1), and the TURN server refuses it on the socket that it has.
func (b *behavior) answer(packet []byte, from net.Addr, host, port int) bool {
	if !stun.IsMessage(packet) {
		return false
	}
	m := &stun.Message{Raw: packet}
	if m.Decode() != nil || m.Type != stun.BindingRequest {
		return false
	}
	for _, a := range m.Attributes {
		if a.Type.Required() && a.Type != stun.AttrChangeRequest {
			return false
		}
	}
	// OTHER-ADDRESS is opposite to what was asked, whoever answers (RFC 5780 section 6.1, table 1).
	other := addrPort(b.conns[1-host][1-port].LocalAddr())
	change, err := m.Get(stun.AttrChangeRequest)
	switch {
	case err != nil:
	case len(change) != 4:
		return true // It makes no sense, and gets no answer.
	default:
		if change[3]&changeIP != 0 {
			host = 1 - host
		}
		if change[3]&changePort != 0 {
			port = 1 - port
		}
	}
	here := addrPort(b.conns[host][port].LocalAddr())
	to := addrPort(from)
	res, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: to.Addr().AsSlice(), Port: int(to.Port())},
		&stun.ResponseOrigin{IP: here.Addr().AsSlice(), Port: int(here.Port())},
		&stun.OtherAddress{IP: other.Addr().AsSlice(), Port: int(other.Port())})
	if err == nil {
		_, _ = b.conns[host][port].WriteTo(res.Raw, from)
	}
	return true
}

// shared is the first socket: Binding requests are answered here, and the rest is
// for TURN.
type shared struct {
	net.PacketConn
	b *behavior
}

func (s *shared) ReadFrom(buf []byte) (n int, from net.Addr, err error) {
	for {
		n, from, err = s.PacketConn.ReadFrom(buf)
		if err != nil || !s.b.answer(buf[:n], from, 0, 0) {
			return n, from, err
		}
	}
}
