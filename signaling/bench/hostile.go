package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// fire is what hostile clients do, all at once, until it is stopped.
type fire struct {
	stop  chan struct{}
	wg    sync.WaitGroup
	held  []net.Conn   // half-open
	shots atomic.Int64 // connections of those who do not wait
}

// halfOpen is the i-th half-open socket.
func halfOpen(addr string, i int) (net.Conn, error) {
	c, err := connect(addr, hostile+i)
	if err == nil {
		_, err = io.WriteString(c, "GET /bench HTTP/1.1\r\nHost: ")
	}
	return c, err
}

func (f *fire) over() bool {
	select {
	case <-f.stop:
		return true
	default:
		return false
	}
}

// hostile addresses are not those of the honest.
const hostile = 40_000

// open fires at a server: half sockets that say their request by the letter,
// and a few who send too much, junk, or never read.
func open(addr string, half int) (*fire, error) {
	f := &fire{stop: make(chan struct{}), held: make([]net.Conn, half)}
	err := spread(32, half, func(i int) (err error) {
		f.held[i], err = halfOpen(addr, i)
		return err
	})
	if err != nil {
		f.cease()
		return nil, err
	}
	f.wg.Go(func() { // Slowloris: every second another letter, and a new socket for each that was closed
		for ; !f.over(); time.Sleep(time.Second) {
			for i, c := range f.held {
				c.SetWriteDeadline(time.Now().Add(time.Millisecond))
				if _, err := io.WriteString(c, "a"); err == nil || f.over() {
					continue
				}
				c.Close()
				if c, err := halfOpen(addr, i); err == nil {
					f.held[i] = c
				}
			}
		}
	})
	large := protocol.Encode(protocol.Message{Kind: protocol.Signal, To: 1})
	large = append(frame(nil, 1<<20), append(large, make([]byte, 1<<20-len(large))...)...)
	junk := []byte(strings.Repeat(`{"kind":{"kind":[`, 100))
	junk = append(frame(nil, len(junk)), junk...)
	deep := []byte(strings.Repeat("[", 60_000))
	deep = append(frame(nil, len(deep)), deep...)
	for i, shot := range [][]byte{large, junk, deep, large, junk, deep} {
		f.wg.Go(func() {
			for n := 0; !f.over(); n++ {
				f.shoot(addr, hostile+i+6*n, shot)
			}
		})
	}
	return f, nil
}

// shoot is one connection that says the same until it is thrown out.
func (f *fire) shoot(addr string, i int, shot []byte) {
	e, err := dial(addr, "/bench?players=2&new", i)
	if err != nil {
		return
	}
	defer e.Close()
	f.shots.Add(1)
	_ = e.say(protocol.Encode(protocol.Message{Kind: protocol.Hello, Build: build}))
	e.SetDeadline(time.Now().Add(2 * time.Second))
	for !f.over() {
		if _, err := e.Write(shot); err != nil {
			return
		}
	}
}

func (f *fire) cease() {
	close(f.stop)
	f.wg.Wait()
	for _, c := range f.held {
		if c != nil {
			c.Close()
		}
	}
}

func (b *bench) hostility() error {
	p, err := b.serve("-rate", "50")
	if err != nil {
		return err
	}
	defer p.stop()
	f, err := open(p.addr, b.half)
	if err != nil {
		return err
	}
	defer f.cease()
	var took []time.Duration
	refused := 0
	var peaks [2]int
	begin := time.Now()
	for i := 0; time.Since(begin) < b.fire; i++ {
		start := time.Now()
		m, err := join(p.addr, "", i)
		if err != nil {
			refused++
			note("%v", err)
		} else {
			m.Close()
			took = append(took, time.Since(start))
		}
		now, _, _ := p.rss()
		k := 0
		if time.Since(begin) > b.fire/2 {
			k = 1
		}
		peaks[k] = max(peaks[k], now)
		time.Sleep(10 * time.Millisecond)
	}
	note("%d half-open sockets, %d connections with junk and messages of 1 MB, %d honest joins", b.half, f.shots.Load(), len(took))
	if len(took) == 0 || refused > 0 {
		return fmt.Errorf("%d honest joins failed", refused)
	}
	say("honest join under fire, p99", ms(quantile(took, 0.99)), "≤ 500 ms")
	say("memory under fire, first and second half", mib(peaks[0])+", "+mib(peaks[1]), "bounded")
	return nil
}
