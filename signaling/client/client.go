// Package client is the other end of the signaling service, native and in the
// browser.
package client

import "github.com/punchback/punchback/signaling/protocol"

// Options are what is said in the first message, and how to reach the server.
type Options struct {
	Build  string // the game's name and version; members of one room have the same
	Name   string // of the player, for the others to see
	Notify func() // called from any goroutine when Recv or Err would answer anew; must not block. May be nil
}

// Conn is one client's connection: it says hello, keeps the connection alive
// and comes back by itself (with the Token of its Welcome) when it is lost.
type Conn struct{}

// Dial checks the url (ws, wss, http or https; /GAME or /GAME/CODE; players=2
// or 2-4) and starts to connect in the background. The error is only for a bad
// url or option.
func Dial(url string, o Options) (*Conn, error) { return nil, nil }

// Send queues a message; a full queue or a closed connection is an error.
func (c *Conn) Send(m protocol.Message) error { return nil }

// Recv is the next message, if there is one. It never blocks.
func (c *Conn) Recv() (m protocol.Message, ok bool) { return }

// Up tells whether the server is connected just now.
func (c *Conn) Up() bool { return false }

// Err is why the connection is over for good: refused, full, other version. Nil while it lives or tries again.
func (c *Conn) Err() error { return nil }

// Text is one sentence for the player while Up is false: what is tried and
// what stands in the way. It is empty when all is well.
func (c *Conn) Text() string { return "" }

// Close says leave, and waits for the goroutines.
func (c *Conn) Close() error { return nil }
