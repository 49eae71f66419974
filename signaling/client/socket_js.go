package client

import (
	"context"
	"errors"
	"syscall/js"

	"github.com/punchback/punchback/signaling/protocol"
)

// socket is one WebSocket of the browser. Its callbacks only put what came
// into a bounded queue, so that they never block the page.
type socket struct {
	ws     js.Value
	funcs  []js.Func
	opened chan struct{}
	ended  chan struct{}
	in     chan []byte
	err    error
	closed bool
	asleep func() // its stop
}

// pageScheme is that of the page we are in, such as "https:".
func pageScheme() string {
	location := js.Global().Get("location")
	if location.Type() != js.TypeObject {
		return ""
	}
	return location.Get("protocol").String()
}

func dial(ctx context.Context, link string) (s *socket, err error) {
	constructor := js.Global().Get("WebSocket")
	if constructor.Type() != js.TypeFunction {
		return nil, errors.New("this browser has no WebSocket")
	}
	defer func() {
		if e := recover(); e != nil {
			s, err = nil, errors.New("the browser refused")
			if e, ok := e.(js.Error); ok {
				err = errors.New("the browser refused: " + e.Get("message").String())
			}
		}
	}()
	s = &socket{
		ws:     constructor.New(link, protocol.Version),
		opened: make(chan struct{}),
		ended:  make(chan struct{}),
		in:     make(chan []byte, maxIn),
	}
	s.asleep = freezes(func() { s.ws.Call("close") })
	s.on("onopen", func(js.Value) { close(s.opened) })
	s.on("onmessage", func(event js.Value) {
		data := event.Get("data")
		if data.Type() != js.TypeString {
			return
		}
		select {
		case s.in <- []byte(data.String()):
		default:
			s.end(errors.New("more messages came than were received"))
		}
	})
	s.on("onerror", func(js.Value) { s.end(errors.New("the connection broke")) }) // Why, a browser does not say.
	s.on("onclose", func(js.Value) { s.end(errors.New("the server closed the connection")) })
	select {
	case <-s.opened:
		return s, nil
	case <-s.ended:
		s.close(nil)
		return nil, errors.New("no connection; is the server running?")
	case <-ctx.Done():
		s.close(nil)
		return nil, errors.New("no answer")
	}
}

func (s *socket) on(name string, f func(event js.Value)) {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	s.funcs = append(s.funcs, fn)
	s.ws.Set(name, fn)
}

// end closes in, once; the browser runs one callback at a time.
func (s *socket) end(err error) {
	if s.err == nil {
		s.err = err
		close(s.in)
		close(s.ended)
	}
}

func (s *socket) frames() <-chan []byte { return s.in }
func (s *socket) reason() error         { return s.err }

func (s *socket) say(b []byte) error {
	if s.ws.Get("readyState").Int() != 1 {
		return errors.New("the connection is closed")
	}
	s.ws.Call("send", string(b))
	return nil
}

// close never waits: the browser sends what was said before it closes, and a
// game may call us from a callback, in which waiting for the page is forbidden.
func (s *socket) close(last []byte) {
	if s.closed {
		return
	}
	s.closed = true
	if last != nil {
		_ = s.say(last)
	}
	for _, name := range []string{"onopen", "onmessage", "onerror", "onclose"} {
		s.ws.Set(name, js.Null())
	}
	s.asleep()
	s.ws.Call("close")
	s.end(errors.New("closed"))
	for _, f := range s.funcs {
		f.Release()
	}
}
