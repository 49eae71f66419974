package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// end is the generator's end of a WebSocket, as bare as it can be, so that
// what is measured is the server: no deadline, no pong, no check of UTF-8.
type end struct {
	net.Conn
	r   *bufio.Reader
	in  []byte // the last message heard
	out []byte // the last frame said
}

// source is the i-th loopback address to connect from, where there are many. A
// server may limit what one address does, and an address has but 28,000 ports
// to leave by.
func source(i int) net.IP {
	if runtime.GOOS != "linux" {
		return net.IPv4(127, 0, 0, 1)
	}
	return net.IPv4(127, 1, byte(i/250%250), byte(1+i%250))
}

const patience = 30 * time.Second // for anything that a server answers

// connect opens a TCP connection as the i-th source.
func connect(addr string, i int) (net.Conn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: source(i)}}
	return d.Dial("tcp4", addr)
}

// handshake is the request for a WebSocket. If from is an address it comes from there,
// as a proxy says that is believed, see besieged.
func handshake(addr, path string, from netip.Addr) string {
	forwarded := ""
	if from.IsValid() {
		forwarded = "X-Forwarded-For: " + from.String() + "\r\n"
	}
	return "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n" + forwarded + "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cHVuY2hiYWNrIHRlc3Rpbg==\r\nSec-WebSocket-Protocol: " + protocol.Version + "\r\n\r\n"
}

// dial opens a WebSocket as the i-th source. The server is given some time to
// answer everything up to ready.
func dial(addr, path string, i int) (*end, error) { return dialFrom(addr, path, i, netip.Addr{}) }

func dialFrom(addr, path string, i int, from netip.Addr) (*end, error) {
	c, err := connect(addr, i)
	if err != nil {
		return nil, err
	}
	e := &end{Conn: c, r: bufio.NewReaderSize(c, 2<<10)}
	c.SetDeadline(time.Now().Add(patience))
	if _, err = io.WriteString(c, handshake(addr, path, from)); err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(e.r, nil); err == nil && resp.StatusCode != http.StatusSwitchingProtocols {
			err = errors.New(resp.Status)
		}
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("no WebSocket at %s%s: %w", addr, path, err)
	}
	return e, nil
}

// ready ends the time limit of dial.
func (e *end) ready() { e.SetDeadline(time.Time{}) }

// frame appends a text frame of a client. Its mask is zero, which costs the
// server what any other costs.
func frame(dst []byte, length int) []byte {
	switch {
	case length < 126:
		dst = append(dst, 0x81, 0x80|byte(length))
	case length < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x81, 0x80|126), uint16(length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x81, 0x80|127), uint64(length))
	}
	return append(dst, 0, 0, 0, 0)
}

// say says b in one frame, and in one system call.
func (e *end) say(b []byte) error {
	e.out = append(frame(e.out[:0], len(b)), b...)
	_, err := e.Write(e.out)
	return err
}

// hear returns the next message; it is valid until the next call.
func (e *end) hear() ([]byte, error) {
	for {
		var h [8]byte
		if _, err := io.ReadFull(e.r, h[:2]); err != nil {
			return nil, err
		}
		op, n := h[0]&15, uint64(h[1])
		switch n {
		case 126:
			if _, err := io.ReadFull(e.r, h[:2]); err != nil {
				return nil, err
			}
			n = uint64(binary.BigEndian.Uint16(h[:]))
		case 127:
			if _, err := io.ReadFull(e.r, h[:8]); err != nil {
				return nil, err
			}
			n = binary.BigEndian.Uint64(h[:])
		}
		if n > 1<<20 {
			return nil, fmt.Errorf("a frame of %d bytes", n)
		}
		if cap(e.in) < int(n) {
			e.in = make([]byte, n)
		}
		e.in = e.in[:n]
		if _, err := io.ReadFull(e.r, e.in); err != nil {
			return nil, err
		}
		switch op {
		case 1:
			return e.in, nil
		case 8:
			return nil, io.EOF
		}
	}
}

// await hears messages until one is of this kind.
func (e *end) await(kind protocol.Kind) (protocol.Message, error) {
	for {
		b, err := e.hear()
		if err != nil {
			return protocol.Message{}, fmt.Errorf("waiting for %q: %w", kind, err)
		}
		m, err := protocol.Decode(b)
		switch {
		case err != nil:
			return m, err
		case m.Kind == kind:
			return m, nil
		case m.Kind == protocol.Error:
			return m, fmt.Errorf("waiting for %q: the server says: %s", kind, m.Text)
		}
	}
}

// member is an end that was welcomed into a room.
type member struct {
	*end
	self protocol.ID
	code string
	seq  uint64 // said
	ack  uint64 // heard
	text []byte // the last signal said
}

const build = "bench 1"

// join enters a room of two: a new one if code is empty.
func join(addr, code string, i int) (*member, error) { return joinFrom(addr, code, i, netip.Addr{}) }

func joinFrom(addr, code string, i int, from netip.Addr) (*member, error) {
	path := "/bench?players=2&new"
	if code != "" {
		path = "/bench/" + code + "?players=2"
	}
	e, err := dialFrom(addr, path, i, from)
	if err != nil {
		return nil, err
	}
	var w protocol.Message
	if err = e.say(protocol.Encode(protocol.Message{Kind: protocol.Hello, Build: build, Name: "somebody"})); err == nil {
		w, err = e.await(protocol.Welcome)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return &member{end: e, self: w.Self, code: w.Code, ack: w.Seq}, nil
}

// pair joins two into a new room and returns when both know each other.
func pair(addr string, i int) (p [2]*member, err error) {
	if p[0], err = join(addr, "", i); err != nil {
		return p, err
	}
	if p[1], err = join(addr, p[0].code, i+1); err != nil {
		p[0].Close()
		return p, err
	}
	m, err := p[0].await(protocol.Update)
	if err != nil {
		p[0].Close()
		p[1].Close()
		return p, err
	}
	p[0].ack = m.Seq
	return p, nil
}
