package relay

import (
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
		t := &tcpConn{Conn: c, of: l}
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
}

func (c *tcpConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
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
