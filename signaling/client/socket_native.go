//go:build !js

package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/protocol"
)

// socket is one WebSocket and the goroutine that reads it.
type socket struct {
	conn   *websocket.Conn
	cancel context.CancelFunc // ends reading
	in     chan []byte
	err    error // why reading ended; to be read when in is closed
	once   sync.Once
}

// pageScheme is that of the page we are in: there is none.
func pageScheme() string { return "" }

func dial(ctx context.Context, link string) (*socket, error) {
	conn, response, err := websocket.Dial(ctx, link, &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}},
		Subprotocols:    []string{protocol.Version},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, plainly(err, response)
	}
	conn.SetReadLimit(protocol.MaxMessage)
	reading, cancel := context.WithCancel(context.Background())
	s := &socket{conn: conn, cancel: cancel, in: make(chan []byte)}
	go s.read(reading)
	return s, nil
}

// plainly says why in words that a player can act on.
func plainly(err error, response *http.Response) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return errors.New("there is no host " + dns.Name)
	case errors.As(err, &dns):
		return errors.New("the host " + dns.Name + " can't be looked up; is there a network?")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused; is the server running?")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return errors.New("no way leads there; is there a network?")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer")
	case response != nil:
		return answered(response)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the server closed the connection")
	}
	return err
}

// answered says what an answer means that is no WebSocket. What stands in front
// of a server answers for it while it restarts, some by numbers of their own; the
// server itself does so while it stops.
func answered(r *http.Response) error {
	switch code := r.StatusCode; {
	case code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout, code >= 520 && code <= 530:
		return errors.New("the server is away (" + r.Status + ")")
	case code == http.StatusTooManyRequests:
		return errors.New("the server is asked too often (" + r.Status + ")")
	case code == http.StatusMisdirectedRequest: // It listens on a loopback address; its log has the flag.
		return errors.New("the server does not know the host " + r.Request.URL.Hostname())
	}
	return errors.New("it is a web server, but not a Punchback server: " + r.Status)
}

func (s *socket) read(ctx context.Context) {
	defer close(s.in)
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			s.err = err
			if errors.Is(err, io.EOF) || websocket.CloseStatus(err) != -1 {
				s.err = errors.New("the server closed the connection")
			}
			return
		}
		select {
		case s.in <- b:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
	}
}

func (s *socket) frames() <-chan []byte { return s.in }
func (s *socket) reason() error         { return s.err }

func (s *socket) say(b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTry)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, b)
}

func (s *socket) close(last []byte) {
	s.once.Do(func() {
		if last != nil && s.say(last) == nil {
			// Closed at once, the last words could get lost: the server answers them by closing.
			heard := time.NewTimer(farewell)
			defer heard.Stop()
			for open := true; open; {
				select {
				case _, open = <-s.in:
				case <-heard.C:
					open = false
				}
			}
		}
		s.cancel()
		s.conn.CloseNow()
		for range s.in {
		}
	})
}
