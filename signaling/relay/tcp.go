package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
)

// idle is how long a TCP client may say nothing: an allocation lives 10
// minutes without a word.
const idle = 11 * time.Minute

// opening is how long it has until it has a relayed address, and without one.
var opening = 10 * time.Second

// stuck is how long it may take in nothing of what it is sent.
var stuck = 5 * time.Second

// listener is a bounded net.Listener that can also end what it accepted: the
// TURN server leaves open connections alone when it closes.
type listener struct {
	net.Listener
	r     *Relay
	mu    sync.Mutex
	conns map[netip.AddrPort]*tcpConn
	from  map[netip.Prefix]int
	shut  bool
}

func newListener(l net.Listener, r *Relay) *listener {
	return &listener{Listener: l, r: r, conns: map[netip.AddrPort]*tcpConn{}, from: map[netip.Prefix]int{}}
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
		t := &tcpConn{Conn: c, of: l, client: tupleAt(c.RemoteAddr()), in: bufio.NewReaderSize(c, maxFrame)}
		if why, ok := l.enter(t); !ok {
			l.r.counts[why].Add(1)
			c.Close()
			continue
		}
		c.SetReadDeadline(time.Now().Add(opening))
		return t, nil
	}
}

func (l *listener) enter(c *tcpConn) (why Cause, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut || len(l.conns) >= l.r.cfg.Limits.TCP || l.conns[c.client.at] != nil {
		return Connections, false
	}
	from := limit.Homes.Of(c.client.at.Addr())
	for _, n := range from.All() {
		if l.from[n.Prefix] >= shareOf(l.r.cfg.Limits.AddressTCP, n) {
			return NetworkConnections, false
		}
	}
	l.conns[c.client.at] = c
	for _, n := range from.All() {
		l.from[n.Prefix]++
	}
	return 0, true
}

// keep reports whether somebody has a relayed address.
func (l *listener) keep(at netip.AddrPort, has bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.conns[at]; c != nil {
		c.kept = has
		c.wait()
	}
}

// cut ends all connections.
func (l *listener) cut() {
	l.mu.Lock()
	l.shut = true
	var all []*tcpConn
	for _, c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

type tcpConn struct {
	net.Conn
	of     *listener
	client tuple
	in     *bufio.Reader
	kept   bool // guarded by of.mu: it has a relayed address
}

// wait says how long it may be silent; of.mu is held.
func (c *tcpConn) wait() {
	d := opening
	if c.kept {
		d = idle
	}
	c.Conn.SetReadDeadline(time.Now().Add(d))
}

// maxFrame is the longest frame over TCP, in bytes: more than the largest packet.
const maxFrame = 1536

var errFrame = errors.New("relay: neither a STUN message nor ChannelData of at most 1536 bytes")

// Read gives one frame at a time, whole: a STUN message, or ChannelData with its
// padding (RFC 8656 section 12.5). What reads here collects frames by itself, but
// is thrown off by lengths that are not those of a packet, and by single bytes.
func (c *tcpConn) Read(b []byte) (int, error) {
	for {
		n, err := c.frame(b)
		if err != nil || !asking(b[:n]) || c.of.r.mayAsk(c.client) {
			return n, err
		}
	}
}

func (c *tcpConn) frame(b []byte) (int, error) {
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
	if c.of.mu.Lock(); err == nil && c.kept {
		c.wait()
	}
	c.of.mu.Unlock()
	return n, err
}

// Write gives up on a client that does not read: what is relayed is stale soon.
func (c *tcpConn) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(stuck))
	n, err := c.Conn.Write(b)
	if err != nil {
		c.Close() // Half a frame would garble all that follows.
	}
	return n, err
}

func (c *tcpConn) Close() error {
	l := c.of
	l.mu.Lock()
	if l.conns[c.client.at] == c {
		delete(l.conns, c.client.at)
		from := limit.Homes.Of(c.client.at.Addr())
		for _, n := range from.All() {
			if l.from[n.Prefix]--; l.from[n.Prefix] == 0 {
				delete(l.from, n.Prefix)
			}
		}
	}
	l.mu.Unlock()
	return c.Conn.Close()
}
