package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// idle is how long a TCP client may say nothing: an allocation lives 10
// minutes without a word.
const idle = 11 * time.Minute

// opening is how long it has for its first bytes.
const opening = 10 * time.Second

// listener is a bounded net.Listener that can also end what it accepted: the
// TURN server leaves open connections alone when it closes.
type listener struct {
	net.Listener
	limit int
	mu    sync.Mutex
	conns map[*tcpConn]bool
	shut  bool
}

func newListener(l net.Listener, limit int) *listener {
	return &listener{Listener: l, limit: limit, conns: map[*tcpConn]bool{}}
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				continue
			}
			return nil, err
		}
		t := &tcpConn{Conn: c, of: l, in: bufio.NewReaderSize(c, maxFrame)}
		l.mu.Lock()
		ok := !l.shut && len(l.conns) < l.limit
		if ok {
			l.conns[t] = true
		}
		l.mu.Unlock()
		if !ok {
			c.Close()
			continue
		}
		c.SetReadDeadline(time.Now().Add(opening))
		return t, nil
	}
}

// cut ends all connections.
func (l *listener) cut() {
	l.mu.Lock()
	l.shut = true
	var all []*tcpConn
	for c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

type tcpConn struct {
	net.Conn
	of *listener
	in *bufio.Reader
}

// maxFrame is the longest frame over TCP, in bytes: more than the largest packet.
const maxFrame = 1536

var errFrame = errors.New("relay: neither a STUN message nor ChannelData of at most 1536 bytes")

// Read gives one frame at a time, whole: a STUN message, or ChannelData with its
// padding (RFC 8656 section 12.5). What reads here collects frames by itself, but
// is thrown off by lengths that are not those of a packet, and by single bytes.
func (c *tcpConn) Read(b []byte) (int, error) {
	head, err := c.in.Peek(4)
	if err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0:
		n += 20
	case 1:
		n = 4 + (n+3)&^3
	default:
		n = maxFrame + 1
	}
	if n > min(len(b), maxFrame) {
		return 0, errFrame
	}
	n, err = io.ReadFull(c.in, b[:n])
	if err == nil {
		c.Conn.SetReadDeadline(time.Now().Add(idle))
	}
	return n, err
}

// Write gives up on a client that does not read: what is relayed is stale soon.
func (c *tcpConn) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	n, err := c.Conn.Write(b)
	if err != nil {
		c.Close() // Half a frame would garble all that follows.
	}
	return n, err
}

func (c *tcpConn) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
