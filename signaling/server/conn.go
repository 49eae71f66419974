package server

import (
	"errors"
	"strconv"
	"time"

	"github.com/lxzan/gws"

	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

const (
	writeTimeout = 5 * time.Second // for one message to leave
	goingAway    = 1001            // what a browser says for a page that is closed or reloaded: nobody is left to come back
	lingering    = 2 * time.Second // for the other end to hear why, before the connection is cut
)

// conn is one WebSocket. What it says waits in a bounded queue, which a
// goroutine of its own empties while there is something in it.
type conn struct {
	gws.BuiltinEventHandler
	server *Server
	id     lobby.Conn
	place  protocol.Place
	host   string // by which the client reached us
	socket *gws.Conn

	// Of the read loop alone:
	entered bool
	bucket  bucket

	// Guarded by server.mu:
	queue   [][]byte
	queued  int // bytes
	writing bool
	ending  bool             // say what is queued, then part
	who     protocol.Message // its last Welcome
	minted  time.Time        // when it was last told of the servers
}

// push queues a message; the lock is held. Who reads too slowly is dropped:
// its client comes back and is told everything again.
func (c *conn) push(m protocol.Message) {
	if c.ending {
		return
	}
	b := protocol.Encode(m)
	if c.queued += len(b); c.queued > c.server.cfg.Limits.Queue {
		c.server.log.Info("dropped a slow client", "conn", c.id, "queued", c.queued)
		c.queue, c.ending = nil, true
		c.socket.NetConn().Close() // It would not hear why.
		return
	}
	c.queue = append(c.queue, b)
	c.flush()
}

// end parts after what is queued is said; the lock is held.
func (c *conn) end() {
	if !c.ending {
		c.ending = true
		c.flush()
	}
}

func (c *conn) flush() {
	if !c.writing && c.socket != nil {
		c.writing = true
		c.server.wg.Go(c.write)
	}
}

func (c *conn) write() {
	for {
		c.server.mu.Lock()
		batch, ending := c.queue, c.ending
		c.queue, c.queued = nil, 0
		if len(batch) == 0 {
			c.writing = false
			c.server.mu.Unlock()
			if ending {
				c.part()
			}
			return
		}
		c.server.mu.Unlock()
		for _, b := range batch {
			c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
			if c.socket.WriteMessage(gws.OpcodeText, b) != nil {
				break // The read loop ends with it.
			}
		}
	}
}

// part says the WebSocket's farewell and leaves it to the other end to close,
// for some time: closed by us at once, what we said last could get lost.
func (c *conn) part() {
	c.socket.SetReadDeadline(time.Now().Add(lingering))
	c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
	c.socket.WriteMessage(gws.OpcodeCloseConnection, []byte{1000 >> 8, 1000 & 0xff})
}

// refuse ends a connection that never entered, in words.
func (c *conn) refuse(code, why string) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.push(protocol.Message{Kind: protocol.Error, Code: code, Text: why})
	c.end()
}

// OnOpen, OnMessage and OnClose are called by the read loop.

func (c *conn) OnOpen(*gws.Conn) {
	c.bucket = bucket{rate: c.server.cfg.Limits.Rate}
	c.wait(c.server.cfg.Limits.Hello)
}

// wait allows the other end some time until its next message.
func (c *conn) wait(d time.Duration) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if !c.ending {
		c.socket.SetReadDeadline(time.Now().Add(d))
	}
}

func (c *conn) OnMessage(_ *gws.Conn, frame *gws.Message) {
	defer frame.Close()
	if !c.bucket.take(time.Now()) {
		c.refuse(protocol.CodeRate, "more than "+strconv.Itoa(c.bucket.rate)+" messages a second")
		return
	}
	m, err := protocol.Decode(frame.Bytes())
	if err != nil {
		c.refuse(protocol.CodeBad, err.Error())
		return
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ending {
		return
	}
	c.socket.SetReadDeadline(time.Now().Add(s.cfg.Limits.Silence))
	switch {
	case !c.entered:
		c.entered = true
		s.deliver(s.lobby.Enter(c.id, c.place, m))
	default:
		s.deliver(s.lobby.Hear(c.id, m))
		if m.Kind == protocol.Ping && s.relay != nil && time.Since(c.minted) > s.cfg.Limits.Fresh {
			// Who waits long for company must not meet it with credentials that are over.
			c.push(protocol.Message{Kind: protocol.Update, Servers: s.servers(c)})
		}
	}
}

func (c *conn) OnPing(_ *gws.Conn, payload []byte) {
	if c.bucket.take(time.Now()) {
		c.wait(c.server.cfg.Limits.Silence)
		c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
		c.socket.WritePong(payload)
	}
}

func (c *conn) OnClose(_ *gws.Conn, err error) {
	s := c.server
	if gone := new(gws.CloseError); errors.As(err, &gone) && gone.Code == goingAway {
		s.mu.Lock()
		s.deliver(s.lobby.Hear(c.id, protocol.Message{Kind: protocol.Leave}))
		s.mu.Unlock()
	}
	s.forget(c)
}

// bucket is a token bucket: rate a second, four seconds' worth at once.
type bucket struct {
	rate   int
	tokens float64
	last   time.Time
}

func (b *bucket) take(now time.Time) bool {
	full := float64(4 * b.rate)
	if b.last.IsZero() {
		b.tokens = full
	} else {
		b.tokens = min(full, b.tokens+now.Sub(b.last).Seconds()*float64(b.rate))
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
