//go:build !js

package punch

import (
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/pion/stun/v4"
)

// relayLine is what goes to a relay and comes from it (RFC 8656), as far as it tells
// what the relay sends to whom. To whoever receives a check it is all the same who
// sent it, so that those by way of a relay are counted, too. (But for a relay by
// DTLS, whose line is not ours to read.)
type relayLine struct {
	gate   *gate
	mu     sync.Mutex
	number map[uint16]netip.AddrPort // whose channel that is
	half   []byte                    // of a frame that has not come whole
}

const (
	turnBind    = 0x0009
	turnSend    = 0x0016
	turnData    = 0x0017
	turnNumber  = 0x000c
	turnPeer    = 0x0012
	turnPayload = 0x0013
	mostNumbers = 256
)

func newLine(link *strangers) *relayLine {
	return &relayLine{gate: &gate{link: link, relay: true}, number: make(map[uint16]netip.AddrPort)}
}

// frame takes a frame apart: whom it is for or from, and what it carries. A channel
// that is being bound is noted.
func (l *relayLine) frame(b []byte) (peer netip.AddrPort, payload []byte) {
	if len(b) < 4 {
		return peer, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kind := binary.BigEndian.Uint16(b)
	if kind>>14 == 1 {
		return l.number[kind], b[4:min(len(b), 4+int(binary.BigEndian.Uint16(b[2:])))]
	}
	if len(b) < stunHead || kind != turnBind && kind != turnSend && kind != turnData {
		return peer, nil
	}
	number := uint16(0)
	for rest := b[stunHead:]; len(rest) >= 4; {
		n := int(binary.BigEndian.Uint16(rest[2:]))
		value := rest[4:min(4+n, len(rest))]
		switch binary.BigEndian.Uint16(rest) {
		case turnPeer:
			peer = unmask(value, b[4:stunHead])
		case turnPayload:
			payload = value
		case turnNumber:
			if len(value) >= 2 {
				number = binary.BigEndian.Uint16(value)
			}
		}
		rest = rest[min(4+(n+3)&^3, len(rest)):]
	}
	if kind == turnBind && number != 0 && len(l.number) < mostNumbers {
		l.number[number] = peer
	}
	return peer, payload
}

// unmask reads an address of XOR-PEER-ADDRESS (RFC 8489 section 14.2).
func unmask(v, key []byte) netip.AddrPort {
	if len(v) < 8 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(v[2:]) ^ binary.BigEndian.Uint16(key)
	host := append([]byte(nil), v[4:]...)
	for i := range host {
		host[i] ^= key[i%len(key)]
	}
	ip, _ := netip.AddrFromSlice(host)
	return netip.AddrPortFrom(ip.Unmap(), port)
}

// may reports whether a frame may leave.
func (l *relayLine) may(b []byte) bool {
	peer, payload := l.frame(b)
	return !peer.IsValid() || l.gate.link.may(l.gate, payload, peer)
}

// came hears a frame.
func (l *relayLine) came(b []byte) {
	if peer, payload := l.frame(b); peer.IsValid() {
		l.gate.link.came(l.gate, payload, peer)
	}
}

// heard takes what has come of a stream of frames. One of a channel is filled up to
// a multiple of four bytes (RFC 8656 section 12.5).
func (l *relayLine) heard(b []byte) {
	l.half = append(l.half, b...)
	for len(l.half) >= 4 {
		n := int(binary.BigEndian.Uint16(l.half[2:]))
		if n += stunHead; l.half[0]>>6 == 1 {
			n = 4 + (n-stunHead+3)&^3
		}
		if len(l.half) < n {
			return
		}
		l.came(l.half[:n])
		l.half = slices.Delete(l.half, 0, n)
	}
}

// stream is a line over TCP or TLS.
type stream struct {
	net.Conn
	line *relayLine
}

func (s stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.line.heard(b[:n])
	return n, err
}

func (s stream) Write(b []byte) (int, error) {
	if !s.line.may(b) {
		return len(b), nil
	}
	return s.Conn.Write(b)
}

// relayDialer opens the lines by TCP and TLS. It is what pion takes for a proxy, to
// which it leaves the TLS.
type relayDialer struct {
	late    *late
	link    *strangers
	servers []ICEServer
}

func (d relayDialer) Dial(network, address string) (net.Conn, error) {
	to, err := d.late.ResolveTCPAddr(network, address)
	if err != nil {
		return nil, err
	}
	c, err := d.late.DialTCP(network, nil, to)
	if err != nil {
		return nil, err
	}
	if host, ok := d.sealed(address); ok {
		ctx, cancel := until(d.late.over)
		defer cancel()
		secure := tls.Client(c, &tls.Config{ServerName: host})
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
		return stream{secure, newLine(d.link)}, nil
	}
	return stream{c, newLine(d.link)}, nil
}

// sealed reports whether a server is one that is asked by TLS, and its name.
func (d relayDialer) sealed(address string) (host string, ok bool) {
	for _, s := range d.servers {
		for _, u := range s.URLs {
			if uri, err := stun.ParseURI(u); err == nil && uri.Scheme == stun.SchemeTypeTURNS && net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port)) == address {
				return uri.Host, true
			}
		}
	}
	return "", false
}
