// Package client is the client's end of the signaling service: one connection that keeps
// itself alive and reconnects by itself. Everything is polled; it never calls into a game.
// Natively it is a WebSocket of coder/websocket. In the browser it is the browser's own, by
// syscall/js, since net/http would weigh more than the rest of a game. A hidden page keeps
// its connection, by a Worker that wakes the program; a frozen one is away, and comes back
// when it thaws.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// Options are what is said in the first message, and how to reach the server.
type Options struct {
	Build string // the game's name and version; members of one room have the same
	Name  string // of the player, for the others to see
	Who   string // the identity of the player's profile, for the server alone: by it a new process gets back the place of one that is dead; "": none
	// Fallbacks are others of the same service, as wss://HOST: the one of the link comes
	// first, and whoever does not answer in a second and a half is passed over for the
	// next. What is lost is looked for where it was, and then from the first on, so
	// that those of one room meet again.
	Fallbacks []string
	Room      *protocol.Room // what the room is to be, if this client makes it; nil: nothing
	Near      map[string]int // milliseconds to a few places that the game names; see PROTOCOL.md
	Notify    func()         // called from any goroutine when Recv, Up, Err or Text would answer anew; must not block. May be nil
}

const (
	pingEvery  = 5 * time.Second
	silence    = 15 * time.Second        // after which the connection is taken for lost
	firstTry   = 10 * time.Second        // to be welcomed for the first time, or it is an error
	dialTry    = 5 * time.Second         // for one attempt to connect
	firstDial  = 1500 * time.Millisecond // the same, where there are others to try; each round is more patient
	wakeTry    = 4 * time.Second         // for a server to be heard, after this machine slept
	minBackoff = 200 * time.Millisecond
	maxBackoff = 5 * time.Second
	farewell   = 500 * time.Millisecond // for a Leave to reach the server
	maxIn      = 1024                   // messages that wait for Recv
	maxOut     = 256                    // messages that wait for the connection
)

// Conn is one client's connection: it says hello, keeps the connection alive
// and comes back by itself (with the Token of its Welcome) when it is lost.
// While it is away, what is sent waits, and what it misses waits at the server:
// on return each is said once, in order. After a long absence, or when the
// server has forgotten, the Welcome tells everything anew. A match goes on
// meanwhile: nothing that happens here is a reason to end one.
type Conn struct {
	bases  []*url.URL // of servers
	build  string
	name   string
	who    string
	near   map[string]int
	notify func()
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // there is something in out
	hurry  chan struct{} // the network may be another one, or back
	anew   chan struct{} // see Anew

	mu      sync.Mutex
	at      int // of bases
	place   protocol.Place
	in, out []protocol.Message
	stream  protocol.Stream
	room    *protocol.Room    // what it is to be if this client makes it, or as last heard: a server may have forgotten it
	state   *protocol.Message // the last State said, said again after each Welcome
	token   string
	self    protocol.ID
	round   int
	anybody bool          // it came to be put together with anybody
	others  []protocol.ID // in its room
	up      bool
	err     error
	text    string
}

// Dial checks the url (ws, wss, http or https; /GAME or /GAME/CODE; players=2
// or 2-4; new for a new room that strangers don't fall into) and starts to
// connect in the background. The error is only for a bad url or option.
func Dial(rawURL string, o Options) (*Conn, error) {
	base, place, err := Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if err := mixed(pageScheme(), base); err != nil {
		return nil, err
	}
	if len(o.Build) > protocol.MaxBuild {
		return nil, fmt.Errorf("signaling: Build of %d bytes, the limit is %d", len(o.Build), protocol.MaxBuild)
	}
	if len(o.Name) > protocol.MaxName {
		return nil, fmt.Errorf("signaling: Name of %d bytes, the limit is %d", len(o.Name), protocol.MaxName)
	}
	if len(o.Who) > protocol.MaxWho {
		return nil, fmt.Errorf("signaling: Who of %d bytes, the limit is %d", len(o.Who), protocol.MaxWho)
	}
	err = o.Room.Check()
	if err == nil {
		err = protocol.CheckNear(o.Near)
	}
	if err != nil {
		return nil, fmt.Errorf("signaling: %w", err)
	}
	bases := []*url.URL{base}
	for _, s := range o.Fallbacks {
		other, _, err := Parse(strings.TrimSuffix(s, "/") + base.Path + "/any")
		if err == nil {
			err = mixed(pageScheme(), other)
		}
		if err != nil {
			return nil, fmt.Errorf("signaling: server %q: %w", s, err)
		}
		bases = append(bases, other)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Conn{
		bases: bases, place: place, anybody: place.Code == "" && !place.New, build: o.Build, name: o.Name, who: o.Who, room: o.Room, near: o.Near, notify: o.Notify, cancel: cancel,
		done: make(chan struct{}), wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), anew: make(chan struct{}, 1),
		text: "connecting to " + base.String(),
	}
	if c.notify == nil {
		c.notify = func() {}
	}
	go c.run(ctx)
	return c, nil
}

// Send queues a message; a full queue or a closed connection is an error. Of
// States only the last one counts and waits.
func (c *Conn) Send(m protocol.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if m.Kind == protocol.State {
		c.state = &m
		if !c.up {
			return nil // It is said after the Welcome.
		}
	}
	if len(c.out) >= maxOut {
		return fmt.Errorf("signaling: %d messages wait to be sent, the limit is %d", len(c.out), maxOut)
	}
	c.stream.Say(&m)
	c.out = append(c.out, m)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

// Recv is the next message, if there is one. It never blocks.
func (c *Conn) Recv() (m protocol.Message, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.in) == 0 {
		return m, false
	}
	m = c.in[0]
	c.in = c.in[1:]
	return m, true
}

// Up reports whether the server is connected just now and has welcomed us.
func (c *Conn) Up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up
}

// Err is why the connection is over for good: refused, full, other version,
// not to be reached at all. Nil while it lives or tries again; once there has
// been a Welcome it tries for ever.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Text is one sentence for the player while Up is false: what is tried and
// what stands in the way. It is empty when all is well.
func (c *Conn) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// Anew has the server tell everything anew, as in a first Welcome, over a new
// connection.
func (c *Conn) Anew() {
	select {
	case c.anew <- struct{}{}:
	default:
	}
}

// ErrClosed is the Err after Close.
var ErrClosed = errors.New("signaling: closed")

// Close says leave, and waits for the goroutines.
func (c *Conn) Close() error {
	c.cancel()
	<-c.done
	return nil
}
