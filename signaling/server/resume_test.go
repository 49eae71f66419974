//go:build !js

package server_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// proxy stands between a client and the server, and can cut the line.
type proxy struct {
	net.Listener
	to string
	mu sync.Mutex
	on []net.Conn
}

func newProxy(t *testing.T, url string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: strings.TrimPrefix(url, "ws://")}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			to := p.to
			p.mu.Unlock()
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			p.mu.Lock()
			p.on = append(p.on, a, b)
			p.mu.Unlock()
			wg.Go(func() { io.Copy(a, b); a.Close() })
			wg.Go(func() { io.Copy(b, a); b.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.on {
		c.Close()
	}
	p.on = nil
}

func TestALostConnectionComesBack(t *testing.T) {
	url := start(t, server.Config{})
	p := newProxy(t, url)
	a := enter(t, url+"/pong/A", "1")
	b := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1")
	a.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{1}, Data: []byte("d")})
	b.await(protocol.Start)

	p.cut()
	for m := a.await(protocol.Update); !m.Members[0].Away; m = a.await(protocol.Update) {
	}
	w := b.welcome()
	if w.Self != 2 || w.Round != 2 || !w.Resumed {
		t.Fatalf("%+v", w)
	}
	if m := a.await(protocol.Update).Members[0]; m.Away || m.ID != 2 || string(m.Data) != "d" {
		t.Fatalf("%+v", m)
	}
	a.say(protocol.Message{Kind: protocol.Signal, To: 2, Payload: []byte("still here?")})
	if s := b.await(protocol.Signal); string(s.Payload) != "still here?" {
		t.Fatalf("%+v", s)
	}
}

func TestTheServerDiesAndForgets(t *testing.T) {
	dead := start(t, server.Config{})
	p := newProxy(t, dead)
	link := "ws://" + p.Addr().String() + "/pong?players=2-3"
	a, b := enter(t, link, "1"), enter(t, link, "1")
	a.say(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{1}})
	a.await(protocol.Start)
	b.await(protocol.Start)

	fresh := start(t, server.Config{})
	p.mu.Lock()
	p.to = strings.TrimPrefix(fresh, "ws://")
	p.mu.Unlock()
	p.cut()
	code := a.code
	wa, wb := a.welcome(), b.welcome()
	if wa.Self != 1 || wb.Self != 2 || wa.Code != code || wb.Code != code || wa.Round != 2 {
		t.Fatalf("%+v, %+v", wa, wb)
	}
	// Both still play, and say so by themselves: a third has to wait. Then the rematch starts here.
	playing := func(m protocol.Message) bool {
		return slices.ContainsFunc(m.Members, func(m protocol.Member) bool { return m.ID == 2 && m.Round == 1 })
	}
	for m := wa; !playing(m); m = a.await(protocol.Update) {
	}
	c := dial(t, fresh+"/pong/"+code, "1")
	c.until("a refusal", func() bool { return c.Err() != nil })
	if r := client.Refusal(c.Err()); r != protocol.CodeRoom {
		t.Fatal(c.Err())
	}
	a.say(protocol.Message{Kind: protocol.State, Round: 2, Ready: true, Linked: []protocol.ID{2}})
	b.say(protocol.Message{Kind: protocol.State, Round: 2, Ready: true, Linked: []protocol.ID{1}})
	if m := a.await(protocol.Start).Match; m.Round != 2 || fmt.Sprint(m.Seats) != "[1 2]" {
		t.Fatalf("%+v", m)
	}
}

func TestGraceEnds(t *testing.T) {
	url := start(t, server.Config{Limits: server.Limits{Grace: 500 * time.Millisecond, Silence: time.Second}})
	a := enter(t, url+"/pong/A", "1")
	// A client that says hello and then nothing, not even a ping.
	b := raw(t, url+"/pong/A", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	if m := b.read(); m.Kind != protocol.Welcome {
		t.Fatalf("%+v", m)
	}
	begin := time.Now()
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a's own pings are too slow for this server
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				a.Send(protocol.Message{Kind: protocol.Ping})
			}
		}
	}()
	if m := a.await(protocol.Left); m.From != 2 || time.Since(begin) < 1200*time.Millisecond {
		t.Fatalf("%+v after %v", m, time.Since(begin))
	}
}

// A page that is reloaded must find its place free.
func TestAReloadedPageIsGoneAtOnce(t *testing.T) {
	url := start(t, server.Config{})
	a := enter(t, url+"/pong/A", "1")
	b := raw(t, url+"/pong/A", nil, protocol.Version)
	b.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	b.read()
	b.Close(websocket.StatusGoingAway, "")
	if m := a.await(protocol.Left); m.From != 2 {
		t.Fatalf("%+v", m)
	}
}

func TestWhoWaitsLongGetsFreshCredentials(t *testing.T) {
	url := start(t, server.Config{Turn: "127.0.0.1:0", Limits: server.Limits{Fresh: time.Millisecond}})
	a := raw(t, url+"/pong/A", nil, protocol.Version)
	a.write(protocol.Message{Kind: protocol.Hello})
	first := a.read().Servers
	for {
		a.write(protocol.Message{Kind: protocol.Ping})
		for m := a.read(); m.Kind != protocol.Pong; m = a.read() {
			if m.Kind == protocol.Update && len(m.Servers) == 3 && m.Servers[1].Username > first[1].Username {
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // The time in a username goes by seconds.
	}
}

// However often the line is cut, each signal arrives once, in order, both ways.
func TestSignalsSurviveCuts(t *testing.T) {
	url := start(t, server.Config{})
	p := newProxy(t, url)
	a := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1")
	b := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1")
	const cuts, between = 15, 20
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range cuts {
			for _, q := range []*player{a, b} { // each is welcome before the next cut
				for !q.Up() {
					time.Sleep(time.Millisecond)
				}
			}
			p.cut()
		}
	}()
	sent, heard := [2]int{}, [2]int{}
	for heard[0] < cuts*between || heard[1] < cuts*between {
		for i, q := range []*player{a, b} {
			if sent[i] < cuts*between && sent[i] < heard[1-i]+between {
				if q.Send(protocol.Message{Kind: protocol.Signal, To: 3 - q.self, Payload: fmt.Append(nil, sent[i])}) == nil {
					sent[i]++
				}
			}
			for m, ok := q.Recv(); ok; m, ok = q.Recv() {
				switch m.Kind {
				case protocol.Welcome:
					if !m.Resumed {
						t.Fatalf("%+v", m)
					}
				case protocol.Signal:
					if string(m.Payload) != fmt.Sprint(heard[i]) {
						t.Fatalf("signal %s where %d is next", m.Payload, heard[i])
					}
					heard[i]++
				}
			}
		}
		select {
		case <-a.wake:
		case <-b.wake:
		case <-time.After(time.Millisecond):
		}
	}
	<-done
}
