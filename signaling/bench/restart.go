package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// player is a real client, as a game has it. Its links are what it says of
// them: the server has no other way to know.
type player struct {
	*client.Conn
	wake chan struct{}
	self protocol.ID
	code string
}

func play(url string) (*player, error) {
	p := &player{wake: make(chan struct{}, 1)}
	var err error
	p.Conn, err = client.Dial(url, client.Options{Build: build, Name: "somebody", Notify: func() {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}})
	return p, err
}

// until hears messages until one of them is what is wanted.
func (p *player) until(end time.Time, want func(protocol.Message) bool) error {
	timeout := time.NewTimer(time.Until(end))
	defer timeout.Stop()
	for {
		for m, ok := p.Recv(); ok; m, ok = p.Recv() {
			if m.Kind == protocol.Welcome {
				p.self, p.code = m.Self, m.Code
			}
			if want(m) {
				return nil
			}
		}
		if err := p.Err(); err != nil {
			return err
		}
		select {
		case <-p.wake:
		case <-timeout.C:
			return fmt.Errorf("nothing came in %v: %s", patience, p.Text())
		}
	}
}

func kind(k protocol.Kind) func(protocol.Message) bool {
	return func(m protocol.Message) bool { return m.Kind == k }
}

// couple brings two players into a match.
func couple(addr string) (two [2]*player, err error) {
	end := time.Now().Add(patience)
	for k := range two {
		url := "ws://" + addr + "/bench?players=2&new"
		if k == 1 {
			url = "ws://" + addr + "/bench/" + two[0].code
		}
		if two[k], err = play(url); err == nil {
			err = two[k].until(end, kind(protocol.Welcome))
		}
		if err != nil {
			return two, err
		}
	}
	for k, p := range two {
		_ = p.Send(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{two[1-k].self}})
	}
	for _, p := range two {
		if err = p.until(end, kind(protocol.Start)); err != nil {
			return two, err
		}
		_ = p.Send(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{3 - p.self}})
	}
	return two, nil
}

func (b *bench) restarts() error {
	p, err := b.serve()
	if err != nil {
		return err
	}
	defer func() { p.stop() }()
	couples := make([][2]*player, b.clients/2)
	defer func() {
		for _, two := range couples {
			for _, c := range two {
				if c != nil {
					go c.Close()
				}
			}
		}
	}()
	err = spread(16, len(couples), func(i int) (err error) {
		couples[i], err = couple(p.addr)
		return err
	})
	if err != nil {
		return err
	}

	begin := time.Now()
	p.stop()
	if p, err = b.serve("-addr", p.addr); err != nil {
		return err
	}
	restarted := time.Since(begin)
	back := make([]time.Duration, 2*len(couples))
	strayed := make([]bool, len(back))
	err = spread(len(back), len(back), func(i int) error {
		c := couples[i/2][i%2]
		self, code, mate := c.self, c.code, 3-c.self
		err := c.until(begin.Add(patience), func(m protocol.Message) bool { // Back is whoever is told of its mate again.
			if m.Kind != protocol.Welcome && m.Kind != protocol.Update {
				return false
			}
			for _, o := range m.Members {
				if o.ID == mate {
					return true
				}
			}
			return false
		})
		back[i], strayed[i] = time.Since(begin), c.self != self || c.code != code
		return err
	})
	if err != nil {
		return err
	}
	lost := 0
	for _, s := range strayed {
		if s {
			lost++
		}
	}
	note("%d clients in %d rooms; the server was killed and served again after %s", len(back), len(couples), ms(restarted))
	say("all are back and know their mates again", ms(quantile(back, 1)), "≤ 5,000 ms")
	say("seats lost", fmt.Sprint(lost), "0")
	if lost > 0 {
		return fmt.Errorf("%d seats were lost", lost)
	}
	return nil
}

// cutter is a proxy that cuts connections, wherever they are just now.
type cutter struct {
	l  net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // of clients
	cuts  int
}

func newCutter(to string) (*cutter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &cutter{l: l, to: to, conns: map[net.Conn]struct{}{}}
	c.wg.Go(func() {
		for i := 0; ; i++ {
			a, err := l.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.carry(a, i) })
		}
	})
	return c, nil
}

// carry passes on what one connection says, in pieces that end anywhere.
func (c *cutter) carry(a net.Conn, i int) {
	defer a.Close()
	b, err := connect(c.to, i)
	if err != nil {
		return
	}
	defer b.Close()
	c.mu.Lock()
	c.conns[a] = struct{}{}
	c.mu.Unlock()
	pass := func(to, from net.Conn) {
		defer to.Close()
		defer from.Close()
		buf := make([]byte, 256)
		for {
			n, err := from.Read(buf[:1+rand.IntN(len(buf))])
			if err != nil {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
	c.wg.Go(func() { pass(a, b) })
	pass(b, a)
	c.mu.Lock()
	delete(c.conns, a)
	c.mu.Unlock()
}

// cut cuts one connection, if there is one.
func (c *cutter) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a := range c.conns { // in no order
		delete(c.conns, a)
		a.Close()
		c.cuts++
		return true
	}
	return false
}

func (c *cutter) close() {
	c.l.Close()
	c.mu.Lock()
	for a := range c.conns {
		a.Close()
	}
	c.mu.Unlock()
	c.wg.Wait()
}

// cutting has pairs number their signals while connections are cut.
func (b *bench) cutting() error {
	p, err := b.serve()
	if err != nil {
		return err
	}
	defer p.stop()
	proxy, err := newCutter(p.addr)
	if err != nil {
		return err
	}
	defer proxy.close()
	couples := make([][2]*player, max(2, b.cuts/20))
	defer func() {
		for _, two := range couples {
			for _, c := range two {
				if c != nil {
					c.Close()
				}
			}
		}
	}()
	err = spread(16, len(couples), func(i int) (err error) {
		couples[i], err = couple(proxy.l.Addr().String())
		return err
	})
	if err != nil {
		return err
	}

	stop := make(chan struct{})
	said := make([]uint64, 2*len(couples)) // by each
	heard := make([]uint64, 2*len(couples))
	wrong := make([]int, 2*len(couples)) // lost or doubled
	var saying, hearing sync.WaitGroup
	ends := make(chan struct{})
	var end time.Time
	for i := range said {
		c, mate := couples[i/2][i%2], i^1
		saying.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(1+rand.IntN(20)) * time.Millisecond):
				}
				if c.Send(protocol.Message{Kind: protocol.Signal, To: 3 - c.self, Payload: binary.BigEndian.AppendUint64(nil, said[i]+1)}) == nil {
					said[i]++ // If not, it is told so: too much waits.
				}
			}
		})
		hearing.Go(func() {
			hear := func(m protocol.Message) {
				if m.Kind == protocol.Signal && len(m.Payload) == 8 {
					if n := binary.BigEndian.Uint64(m.Payload); n != heard[i]+1 {
						wrong[i]++
					}
					heard[i] = binary.BigEndian.Uint64(m.Payload)
				}
			}
			for {
				m, ok := c.Recv()
				switch {
				case ok:
					hear(m)
					continue
				case c.Err() != nil:
					return
				}
				select {
				case <-c.wake:
				case <-ends:
					if heard[i] >= said[mate] || time.Now().After(end) {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	for proxy.cuts < b.cuts {
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		proxy.cut()
	}
	close(stop)
	saying.Wait()
	end = time.Now().Add(patience)
	close(ends)
	hearing.Wait()
	var total, missing, doubled int
	for i := range said {
		total += int(said[i])
		missing += max(0, int(said[i])-int(heard[i^1]))
		doubled += wrong[i]
	}
	note("%d signals between %d clients through a proxy that cut %d connections anywhere", total, len(said), proxy.cuts)
	say("signals lost, doubled or out of order", fmt.Sprint(missing+doubled), "0")
	if missing+doubled > 0 {
		return fmt.Errorf("%d signals did not come, %d came twice or too early", missing, doubled)
	}
	return nil
}
