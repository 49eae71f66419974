package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"
	"github.com/lxzan/gws"

	"github.com/punchback/punchback/signaling/protocol"
)

// The yardsticks: what two connections with the same path say goes to the
// other one as it is. They know no room, limit, heartbeat or lost connection.

// entered is what a bare relay says when a connection can be reached.
const entered = "entered"

// couples are the connections of a bare relay by path.
type couples[C comparable] struct {
	mu sync.Mutex
	by map[string]*[2]C
}

func (s *couples[C]) enter(path string, c C) *[2]C {
	s.mu.Lock()
	defer s.mu.Unlock()
	two := s.by[path]
	if two == nil {
		two = &[2]C{c}
		s.by[path] = two
	} else {
		two[1] = c
	}
	return two
}

func (s *couples[C]) other(two *[2]C, c C) (o C) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if two[0] == c {
		return two[1]
	}
	return two[0]
}

type gwsRelay struct {
	gws.BuiltinEventHandler
	couples[*gws.Conn]
}

func (s *gwsRelay) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	two, _ := c.Session().Load("")
	if o := s.other(two.(*[2]*gws.Conn), c); o != nil {
		_ = o.WriteMessage(m.Opcode, m.Bytes())
	}
}

func bareGWS() http.Handler {
	s := &gwsRelay{couples: couples[*gws.Conn]{by: map[string]*[2]*gws.Conn{}}}
	up := gws.NewUpgrader(s, &gws.ServerOption{
		ReadMaxPayloadSize: protocol.MaxMessage, ReadBufferSize: 2 << 10, SubProtocols: []string{protocol.Version},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r); err == nil {
			c.Session().Store("", s.enter(r.URL.Path, c))
			_ = c.WriteString(entered)
			go c.ReadLoop() // The goroutine of net/http has too large a stack to stay.
		}
	})
}

func bareCoder() http.Handler {
	s := &couples[*websocket.Conn]{by: map[string]*[2]*websocket.Conn{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, Subprotocols: []string{protocol.Version}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(protocol.MaxMessage)
		two := s.enter(r.URL.Path, c)
		_ = c.Write(context.Background(), websocket.MessageText, []byte(entered))
		for {
			kind, b, err := c.Read(context.Background())
			if err != nil {
				return
			}
			if o := s.other(two, c); o != nil {
				_ = o.Write(context.Background(), kind, b)
			}
		}
	})
}

// serveBare is the whole of a child process: it says where it is, and serves.
func serveBare(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("%s%s\n", announced, l.Addr())
	return http.Serve(l, h)
}
