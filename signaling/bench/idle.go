package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

const heartbeat = 5 * time.Second // what signaling/client does

// crowd is many members, two a room, that play and do nothing but stay.
type crowd struct {
	members []*member
	stop    chan struct{}
	wg      sync.WaitGroup
	beats   atomic.Int64 // answers to heartbeats
	lost    atomic.Int64 // connections that ended
}

// gather connects n members, who link, start their match and then play.
func gather(addr string, n int) (*crowd, error) {
	c := &crowd{stop: make(chan struct{})}
	pairs := make([][2]*member, n/2)
	err := spread(16, len(pairs), func(i int) (err error) {
		if pairs[i], err = pair(addr, 2*i); err != nil {
			return err
		}
		for k, m := range pairs[i] {
			for range 3 { // an offer or answer and a few candidates
				if err = m.signal(0); err != nil {
					return err
				}
			}
			if err = m.say(protocol.Encode(protocol.Message{Kind: protocol.State, Round: 1, Ready: true, Linked: []protocol.ID{protocol.ID(2 - k)}})); err != nil {
				return err
			}
		}
		for _, m := range pairs[i] {
			s, err := m.await(protocol.Start)
			if err != nil {
				return err
			}
			m.ack = s.Seq
			m.ready()
		}
		return nil
	})
	for _, p := range pairs {
		for _, m := range p {
			if m != nil {
				c.members = append(c.members, m)
			}
		}
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	for _, m := range c.members {
		c.wg.Go(func() {
			for {
				if _, err := m.await(protocol.Pong); err != nil {
					c.lost.Add(1)
					return
				}
				c.beats.Add(1)
			}
		})
	}
	c.wg.Go(c.beat)
	return c, nil
}

// beat is everybody's heartbeat, one member after the other.
func (c *crowd) beat() {
	t := time.NewTicker(heartbeat / 100)
	defer t.Stop()
	for i := 0; ; i++ {
		select {
		case <-c.stop:
			return
		case <-t.C:
			for k := i % 100; k < len(c.members); k += 100 {
				m := c.members[k]
				_ = m.say(protocol.Encode(protocol.Message{Kind: protocol.Ping, Ack: m.ack}))
			}
		}
	}
}

func (c *crowd) leave() {
	close(c.stop)
	for _, m := range c.members {
		m.Close()
	}
	c.wg.Wait()
}

// spread does n things, some at once, and returns the first error.
func spread(workers, n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
