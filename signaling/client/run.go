package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/punchback/punchback/netcode/printable"
	"github.com/punchback/punchback/signaling/protocol"
)

// A socket is one WebSocket of the platform: see socket_native.go and
// socket_js.go for dial and pageScheme, which make them and tell about the page.
//
//	say(b)     queues a text frame, or writes it
//	frames()   what came; closed when the connection has ended
//	reason()   why it ended
//	close(b)   says b, if any, and ends the connection without leaving anything behind
var _ = (*socket).close

// refusal is an Error that the server said.
type refusal struct {
	code, text string
	after      time.Duration // until it is of use to come back
}

// errAnew is no loss.
var errAnew = errors.New("signaling: asking for everything anew")

func (r *refusal) Error() string { return "signaling: " + r.text }

// Refusal is the code of the server's Error (protocol.CodeFull …) that err
// holds; empty if it is no refusal.
func Refusal(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return ""
}

// run connects, again and again, until Close or a refusal.
func (c *Conn) run(ctx context.Context) {
	defer close(c.done)
	defer awake(c.rouse)()
	defer keepTime()()
	begin := time.Now()
	backoff := minBackoff
	for tried := 0; ; { // servers since the last Welcome
		welcomed, err := c.session(ctx, tried/len(c.bases))
		if ctx.Err() != nil {
			c.over(ErrClosed)
			return
		}
		c.mu.Lock()
		ever := c.token != ""
		c.up = false
		c.mu.Unlock()
		code := Refusal(err)
		if code == protocol.CodeKicked || !ever && (code != "" && code != protocol.CodeClosing || time.Since(begin) > firstTry) {
			c.over(err)
			return
		}
		if welcomed {
			backoff, tried = minBackoff, 0
		} else {
			tried++
		}
		c.mu.Lock()
		c.text = err.Error() + "; trying again"
		c.mu.Unlock()
		c.notify()
		if errors.Is(err, errAnew) || c.next(welcomed && code != protocol.CodeClosing, tried) {
			continue
		}
		// Everybody lost the server at the same time: come back one by one.
		pause := backoff/2 + rand.N(backoff/2)
		if r := new(refusal); errors.As(err, &r) && r.after > 0 {
			pause = r.after + rand.N(r.after)
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			c.over(ErrClosed)
			return
		case <-wait.C:
		case <-c.hurry:
			wait.Stop()
			backoff = minBackoff
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// next chooses the server to try: the same again after a loss, then all from the
// first on. It reports whether to do so at once.
func (c *Conn) next(same bool, tried int) (now bool) {
	n := len(c.bases)
	if n == 1 || same {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if tried == 1 && c.at != 0 { // The one that had the room is gone.
		c.at = 0
	} else {
		c.at = (c.at + 1) % n
	}
	return tried%n != 0
}

// rouse makes run look at once at what it would else wait for: this machine was
// asleep, or in another network.
func (c *Conn) rouse() {
	select {
	case c.hurry <- struct{}{}:
	default:
	}
}

// Hurry tries at once to come back where Up is false and the next try would be
// seconds away. It is for those who need the server now, about once a second: a
// link that needs another relay can't wait.
func (c *Conn) Hurry() {
	if !c.Up() {
		c.rouse()
	}
}

func (c *Conn) over(err error) {
	c.mu.Lock()
	c.err, c.up, c.text = err, false, err.Error()
	c.mu.Unlock()
	c.notify()
}

// session is one connection, from hello to its end.
func (c *Conn) session(ctx context.Context, round int) (welcomed bool, err error) {
	c.mu.Lock()
	base := c.bases[c.at]
	hello := protocol.Message{Kind: protocol.Hello, Build: c.build, Name: c.name, Who: c.who, Resume: c.token, Self: c.self, Round: c.round, Ack: c.stream.Heard, Near: c.near, Room: c.room}
	if c.token != "" && c.anybody {
		hello.Open = 1 + len(c.others)
	}
	link := base.String() + c.place.String()
	c.mu.Unlock()

	limit := dialTry
	if len(c.bases) > 1 {
		limit = min(dialTry, time.Duration(1+round)*firstDial)
	}
	dialing, cancel := context.WithTimeout(ctx, limit)
	s, err := dial(dialing, link)
	cancel()
	if err != nil {
		return false, fmt.Errorf("can't reach %s: %w", base, err)
	}
	defer s.close(nil)
	if err := s.say(protocol.Encode(hello)); err != nil {
		return false, fmt.Errorf("lost %s: %w", base, err)
	}
	looked := time.Now()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	deaf := time.NewTimer(dialTry) // for the Welcome; later it is silence
	defer deaf.Stop()
	for {
		select {
		case <-ctx.Done():
			// Before the Welcome has come, too: the server may have let us in by now.
			s.close(protocol.Encode(protocol.Message{Kind: protocol.Leave}))
			return welcomed, ErrClosed
		case <-deaf.C:
			return welcomed, fmt.Errorf("lost %s: it says nothing", base)
		case <-c.anew:
			c.mu.Lock()
			c.stream.Heard = 0
			c.mu.Unlock()
			return welcomed, errAnew
		case <-c.hurry: // A socket that was asleep may be dead and not know it.
			deaf.Reset(wakeTry)
			err = c.say(s, protocol.Message{Kind: protocol.Ping})
		case <-ping.C:
			if now := time.Now(); now.Round(0).Sub(looked.Round(0)) > now.Sub(looked)+pingEvery { // The clock of the wall has gone on without us.
				c.rouse()
			}
			looked = time.Now()
			err = c.say(s, protocol.Message{Kind: protocol.Ping})
		case <-c.wake:
			if welcomed {
				err = c.drain(s)
			}
		case b, ok := <-s.frames():
			if !ok {
				return welcomed, fmt.Errorf("lost %s: %w", base, s.reason())
			}
			deaf.Reset(silence)
			m, err := protocol.Decode(b)
			if err != nil {
				return welcomed, fmt.Errorf("%s is no Punchback server: %w", base, err)
			}
			if m.Ends() {
				return welcomed, &refusal{printable.Line(m.Code), printable.Line(m.Text), time.Duration(m.After) * time.Millisecond}
			}
			if err := c.hear(m); err != nil {
				return welcomed, err
			}
			if m.Kind == protocol.Welcome {
				welcomed = true
				if err := c.drain(s); err != nil {
					return welcomed, err
				}
			}
			c.notify()
		}
		if err != nil {
			return welcomed, fmt.Errorf("lost %s: %w", base, err)
		}
	}
}

// hear keeps a message for Recv, and remembers what is needed to come back.
func (c *Conn) hear(m protocol.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Kind == protocol.Welcome {
		c.again(&m)
	} else if !c.stream.Hear(&m) || m.Kind == protocol.Pong {
		return nil
	}
	switch m.Kind {
	case protocol.Welcome:
		c.token, c.self, c.round = m.Token, m.Self, m.Round
		c.place.Code, c.place.New = m.Code, false
		c.up, c.text = true, ""
		if c.state != nil {
			c.out = append(c.out, *c.state)
		}
	case protocol.Update:
		c.round = max(c.round, m.Round)
	case protocol.Start:
		if m.Match != nil {
			c.round = m.Match.Round + 1
		}
	}
	c.company(&m)
	if m.Room != nil {
		c.room = m.Room
	}
	if len(c.in) >= maxIn {
		// Whoever does not poll for so long is told everything anew by the next Welcome.
		c.in, c.stream.Heard = nil, 0
		return fmt.Errorf("signaling: %d messages were not received", maxIn)
	}
	c.in = append(c.in, m)
	return nil
}

// company notes who else is in the room.
func (c *Conn) company(m *protocol.Message) {
	switch {
	case m.Kind == protocol.Welcome && !m.Resumed:
		c.others = nil
	case m.Kind == protocol.Left:
		c.others = slices.DeleteFunc(c.others, func(id protocol.ID) bool { return id == m.From })
	}
	for _, o := range m.Members {
		if o.ID != c.self && !slices.Contains(c.others, o.ID) {
			c.others = append(c.others, o.ID)
		}
	}
}

// again puts what the server has not had into out, in front of nothing: all that
// waited there is among it. To another room nothing of the old one is said.
func (c *Conn) again(w *protocol.Message) {
	c.stream.Heard = w.Seq
	kept, _ := c.stream.Since(w.Ack)
	if c.self != 0 && (w.Self != c.self || !strings.EqualFold(w.Code, c.place.Code)) {
		c.stream.Fresh()
		kept = nil
	}
	waiting := c.out
	c.out = append([]protocol.Message(nil), kept...)
	for _, m := range waiting {
		if !m.Numbered() {
			c.out = append(c.out, m)
		}
	}
}

// drain says what waits to be said.
func (c *Conn) drain(s *socket) error {
	c.mu.Lock()
	out := c.out
	c.out = nil
	c.mu.Unlock()
	for _, m := range out {
		if err := c.say(s, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) say(s *socket, m protocol.Message) error {
	c.mu.Lock()
	m.Ack = c.stream.Heard
	c.mu.Unlock()
	return s.say(protocol.Encode(m))
}
