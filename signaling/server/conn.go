package server

import (
	"strconv"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/internal/limit"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

const lingering = 2 * time.Second // for the other end to hear why, before the connection is cut

var writeTimeout = 5 * time.Second // for what is queued to leave

// conn is one WebSocket. What it is to hear is framed and waits in a bounded
// queue. Whoever queues something sends it, too, after letting go of the lock,
// as far as that goes without waiting; the rest goes by a goroutine. A
// connection that is silent holds neither: there are many of those.
type conn struct {
	*socket // of the read loop alone, but for try and what net.Conn allows
	server  *Server
	id      lobby.Conn
	place   protocol.Place
	source  *source // nil: without limits
	host    string  // by which the client reached us

	// Of the read loop alone:
	entered bool
	refused bool
	excess  int          // bytes that came after that
	said    limit.Bucket // messages, lately
	half    int          // bytes of a message that has yet to come in whole
	until   time.Time    // the time it has
	heard   time.Time    // when the last message came
	calm    bool         // it came after a while

	// Guarded by server.mu:
	queue   []byte // frames
	unsent  int    // bytes of them, and of those on their way
	open    bool   // the WebSocket is there
	writing bool   // somebody sends
	ending  bool   // send what is queued, then part
	next    *conn  // of those to be sent to by whoever holds the lock
	self    protocol.ID
	code    string    // of its room
	minted  time.Time // when it was last told of the servers
	left    bool      // its member is no more in the room
	moved   bool      // it was on another connection before, perhaps of another server
	links   []linked  // that it has told of
	failed  int       // tries that it has told of
}

// push queues a message; the lock is held.
func (c *conn) push(m *protocol.Message) {
	if !c.ending {
		s := c.server
		s.metrics.said(m)
		s.text = protocol.Append(s.text[:0], m)
		c.frame(opText, s.text)
	}
}

// frame queues a frame; the lock is held. Whoever reads too slowly is dropped: its
// client comes back and is told everything again.
func (c *conn) frame(op byte, b []byte) {
	if n := c.unsent + len(b); n > c.server.cfg.Limits.Queue || n > short && c.many(len(b)) {
		c.server.log.Debug("dropped a slow client", "conn", c.id, "queued", n)
		c.server.metrics.drops.WithLabelValues(dropSlow).Inc()
		c.owe(-len(c.queue))
		c.queue, c.ending = nil, true
		c.Close() // It would not hear why.
		return
	}
	if last := len(c.server.spare) - 1; c.queue == nil && last >= 0 {
		c.queue, c.server.spare = c.server.spare[last], c.server.spare[:last]
	}
	before := len(c.queue)
	c.queue = appendFrame(c.queue, op, b)
	c.owe(len(c.queue) - before)
	c.flush()
}

// owe counts what waits for a client; the lock is held.
func (c *conn) owe(bytes int) {
	c.unsent += bytes
	c.hold(bytes)
}

// hold counts bytes that are there for a connection, also for its network and for all;
// the lock is held.
func (c *conn) hold(bytes int) {
	c.server.unsent += bytes
	for s := c.source; s != nil; s = s.up {
		s.unsent += bytes
	}
}

// short is how many bytes may wait for anybody: who takes in at once what is said is not
// to lose its connection for others of its network, who don't.
const short = 4 << 10

// many reports whether so many more bytes are too many for the network of a client, or
// for all; the lock is held.
func (c *conn) many(bytes int) bool {
	l := &c.server.cfg.Limits
	if c.server.unsent+bytes > l.Unsent {
		return true
	}
	for s := c.source; s != nil; s = s.up {
		if s.unsent+bytes > l.AddressQueue {
			return true
		}
	}
	return false
}

// begin counts bytes of a message that has yet to come in whole, and reports whether
// they are not too many.
//
//go:noinline
func (c *conn) begin(bytes int) bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if bytes > 0 && c.many(bytes) {
		c.server.metrics.drops.WithLabelValues(dropSlow).Inc()
		return false
	}
	c.half += bytes
	c.hold(bytes)
	return true
}

// release keeps a queue for another connection; the lock is held.
func (s *Server) release(q []byte) {
	if 0 < cap(q) && cap(q) <= 16<<10 && len(s.spare) < cap(s.spare) {
		s.spare = append(s.spare, q[:0])
	}
}

// end parts after what is queued is said; the lock is held.
func (c *conn) end(why status) {
	if !c.ending {
		c.frame(opClose, []byte{byte(why >> 8), byte(why)})
		c.ending = true
	}
}

// flush sees to it that the queue is sent when the lock is let go of.
func (c *conn) flush() {
	if !c.writing && c.open {
		c.writing = true
		c.next, c.server.ready = c.server.ready, c
	}
}

// unlock lets go of the lock and sends what was queued under it.
func (s *Server) unlock() {
	for s.ready != nil {
		c := s.ready
		s.ready, c.next = c.next, nil
		c.send()
	}
	s.mu.Unlock()
}

// send sends the queue; the lock is held, but not meanwhile.
func (c *conn) send() {
	s := c.server
	for len(c.queue) > 0 {
		q := c.queue
		c.queue = nil
		s.mu.Unlock()
		n, err := c.try(q)
		if err == nil && n < len(q) {
			s.wg.Go(func() { c.finish(q[n:]) })
			s.mu.Lock()
			c.owe(-n)
			return
		}
		if err != nil {
			c.Close() // What could not be said must not be followed by more.
		}
		s.mu.Lock()
		c.owe(-len(q))
		s.release(q)
	}
	c.writing = false
	if c.ending { // It is left to the other end to close: closed by us at once, what we said last could get lost.
		c.SetReadDeadline(time.Now().Add(lingering))
	}
}

// finish sends what could not be sent at once, and then the queue.
func (c *conn) finish(q []byte) {
	if _, err := c.Write(q); err != nil {
		c.Close()
	}
	c.server.mu.Lock()
	c.owe(-len(q))
	c.send()
	c.server.unlock()
}

// Write never waits for ever.
func (c *conn) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(writeTimeout))
	defer c.SetWriteDeadline(time.Time{}) // try would fail by one that has passed
	return c.socket.Write(b)
}

// refuse ends a connection that never entered, in words.
//
//go:noinline
func (c *conn) refuse(code, why string) {
	c.refused = true
	c.server.mu.Lock()
	defer c.server.unlock()
	c.push(&protocol.Message{Kind: protocol.Error, Code: code, Text: why})
	c.end(statusNormal)
}

// patient reports whether a connection that was refused is still listened to: it may
// not have read so yet, but who goes on and on will not.
func (c *conn) patient(bytes int) bool {
	c.excess += bytes
	return c.excess <= 4*protocol.MaxMessage
}

// calmAfter is how long a connection is silent that does not say much.
const calmAfter = time.Second

// run is the read loop. A goroutine keeps the stack that its largest call took,
// so who says something now and then waits for more in a new one: that is two
// KiB less for each of those that only stay.
func (c *conn) run() {
	defer c.server.wg.Done()
	s, said := c.listen()
	if s == statusCalm {
		c.server.wg.Add(1)
		go c.run()
		return
	}
	c.part(s, said)
}

//go:noinline
func (c *conn) part(s, said status) {
	c.server.mu.Lock()
	why := "lost"
	switch {
	case said == statusAway:
		why = "left"
		if !c.ending { // else its member may be back on another
			c.left = true
			c.server.leave(c)
		}
		c.server.deliver(c.server.lobby.Hear(c.id, &protocol.Message{Kind: protocol.Leave}))
	case c.ending:
		why = "ended here"
		if c.left {
			why = "left"
		}
	case s != statusNormal || said != 0: // It is not that nothing came.
	case c.entered:
		why = dropSilent
		c.server.metrics.drops.WithLabelValues(dropSilent).Inc()
	default:
		why = dropHello
		c.server.metrics.drops.WithLabelValues(dropHello).Inc()
	}
	c.server.unlock()
	c.server.forget(c, why)
	c.farewell(s, said)
}

// wait allows the other end some time until its next message.
func (c *conn) wait(now time.Time, d time.Duration) {
	until := now.Add(d)
	if late := until.Sub(c.until); 0 <= late && late < d/8 {
		return // A timer that is set anew with every message costs more than it is worth.
	}
	c.until = until
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if !c.ending {
		c.SetReadDeadline(until)
	}
}

// messages are what is heard. A Message is large, and a connection keeps the
// stack that its largest call took.
var messages = sync.Pool{New: func() any { return new(protocol.Message) }}

func (c *conn) hear(b []byte) {
	if c.refused {
		return // It was told so, and may not have read it yet.
	}
	now := time.Now()
	c.heard, c.calm = now, now.Sub(c.heard) > calmAfter
	if !c.may(now) {
		c.refuse(protocol.CodeRate, "more than "+strconv.Itoa(c.server.cfg.Limits.Rate)+" messages a second")
		return
	}
	if !c.source.say(len(b), now) {
		c.refuse(protocol.CodeRate, "more than "+strconv.Itoa(c.server.cfg.Limits.AddressRate)+" messages a second from your address, or too many from its network")
		return
	}
	m := messages.Get().(*protocol.Message)
	defer messages.Put(m)
	if err := m.DecodeToPass(b); err != nil {
		c.refuse(protocol.CodeBad, err.Error())
		return
	}
	s := c.server
	c.wait(now, s.cfg.Limits.Silence)
	s.mu.Lock()
	defer s.unlock()
	if c.ending {
		return
	}
	switch {
	case !c.entered:
		c.enter(m)
	default:
		if m.Kind == protocol.Leave { // at once: the connection ends when the other end likes
			c.left = true
			s.leave(c)
		}
		s.deliver(s.lobby.Hear(c.id, m))
		if m.Kind == protocol.State {
			s.metrics.heard(c, m)
		}
		if m.Kind == protocol.Ping && (now.Sub(c.minted) > s.cfg.Limits.Fresh || s.others.News().After(c.minted)) {
			c.freshen()
		}
	}
}

//go:noinline
func (c *conn) enter(m *protocol.Message) {
	c.entered = true
	c.moved = m.Resume != ""
	from := lobby.From{Tired: c.place.Code != "" && c.source.tired(time.Now())}
	if c.source != nil {
		from.Network = c.source.largest().String()
	}
	if from.Tired {
		c.server.metrics.unseen.Inc()
	}
	c.server.deliver(c.server.lobby.Enter(c.id, c.place, *m, from))
}

// freshen tells anew of the servers: who waits long for company must not meet
// it with credentials that are over.
//
//go:noinline
func (c *conn) freshen() {
	if servers := c.server.servers(c); servers != nil {
		c.push(&protocol.Message{Kind: protocol.Update, Servers: servers})
	}
	c.server.announceMember(c, false)
}

func (c *conn) pong(payload []byte) {
	if now := time.Now(); c.may(now) {
		c.wait(now, c.server.cfg.Limits.Silence)
		c.server.mu.Lock()
		defer c.server.unlock()
		if !c.ending {
			c.frame(opPong, payload)
		}
	}
}

// may reports whether the client may send one more message, and counts it.
func (c *conn) may(now time.Time) bool {
	rate := float64(c.server.cfg.Limits.Rate)
	return c.said.Take(1, 4*rate, rate, now.Sub(c.server.guard.began))
}
