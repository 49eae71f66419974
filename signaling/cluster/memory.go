package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Memory is the Cluster of servers in one process: for a program that embeds
// several, and for tests, since its members can be cut off. The zero value is
// ready for Join.
type Memory struct {
	mu     sync.Mutex
	term   uint64
	joined int
	leases map[string]Lease
	nodes  map[string]*member
}

// member is one server's end of a Memory.
type member struct {
	memory *Memory
	self   string
	lease  func(Lease)
	packet func(string, []byte)

	// Guarded by memory.mu:
	cut    bool
	closed bool
	queue  []func()
	wake   chan struct{}
	done   chan struct{}
}

// maxQueue is how many events may wait for one member; more are lost.
const maxQueue = 16 << 10

// Join adds a server.
func (m *Memory) Join() Cluster {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nodes == nil {
		m.leases, m.nodes = map[string]Lease{}, map[string]*member{}
	}
	m.joined++
	c := &member{memory: m, self: fmt.Sprint("memory-", m.joined), wake: make(chan struct{}, 1), done: make(chan struct{})}
	m.nodes[c.self] = c
	go c.run()
	return c
}

// Cut takes a server off the others, as a broken network does, or puts it back.
func (m *Memory) Cut(node string, off bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.nodes[node]
	if c == nil {
		return
	}
	c.cut = off
	if !off {
		for _, l := range m.leases {
			c.push(func() { c.lease(l) })
		}
	}
}

var errCut = errors.New("cluster: this server is cut off")

func (c *member) Self() string { return c.self }

func (c *member) Claim(_ context.Context, slot string, last uint64) (Lease, error) {
	return c.set(Lease{Slot: slot, Node: c.self}, last)
}

func (c *member) Release(_ context.Context, slot string, last uint64) error {
	_, err := c.set(Lease{Slot: slot}, last)
	return err
}

func (c *member) set(l Lease, last uint64) (Lease, error) {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.cut || c.closed {
		return Lease{}, errCut
	}
	if now := m.leases[l.Slot]; now.Term != last {
		return now, ErrTaken
	}
	m.term++
	l.Term = m.term
	m.leases[l.Slot] = l
	for _, o := range m.nodes {
		if !o.cut {
			o.push(func() { o.lease(l) })
		}
	}
	return l, nil
}

func (c *member) Publish(to string, b []byte) error {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.cut || c.closed {
		return errCut
	}
	for _, o := range m.nodes {
		if (to == "" || to == o.self) && !o.cut {
			o.push(func() { o.packet(c.self, b) })
		}
	}
	return nil
}

func (c *member) Listen(lease func(Lease), packet func(string, []byte)) error {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	c.lease, c.packet = lease, packet
	for _, l := range m.leases {
		c.push(func() { c.lease(l) })
	}
	return nil
}

// push queues an event; the lock is held.
func (c *member) push(f func()) {
	if c.lease == nil || c.closed || len(c.queue) >= maxQueue {
		return
	}
	c.queue = append(c.queue, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run delivers events one after another.
func (c *member) run() {
	defer close(c.done)
	for range c.wake {
		for {
			c.memory.mu.Lock()
			queue := c.queue
			c.queue = nil
			c.memory.mu.Unlock()
			if len(queue) == 0 {
				break
			}
			for _, f := range queue {
				f()
			}
		}
	}
}

func (c *member) Close() error {
	m := c.memory
	m.mu.Lock()
	if !c.closed {
		c.closed = true
		delete(m.nodes, c.self)
		close(c.wake)
	}
	m.mu.Unlock()
	<-c.done
	return nil
}
