package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/internal/node"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// rooms is where sockets meet: a lobby, or a node of a cluster that carries
// them to the lobby of whoever owns their game. The server's lock is held
// around every call.
type rooms interface {
	Enter(lobby.Conn, protocol.Place, protocol.Message, lobby.From) []lobby.Out
	Hear(lobby.Conn, *protocol.Message) []lobby.Out
	Lost(lobby.Conn) []lobby.Out
	Tick() []lobby.Out
	Count() (rooms, members int)
}

// route is what a server of a cluster has: its node, and the goroutines that
// do for it what takes time.
type route struct {
	server  *Server
	cluster cluster.Cluster
	node    *node.Node // guarded by server.mu
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu    sync.Mutex
	queue []parcel
	bytes int
	wake  chan struct{} // there is something in queue
}

// parcel is a packet for another server.
type parcel struct {
	to     string
	packet []byte
}

const (
	poll      = 100 * time.Millisecond
	leaseTry  = time.Second // for one write of a lease
	maxParcel = 8 << 20     // bytes that wait to leave for other servers; more are lost, and with them the sockets that they are about
)

// join makes this server one of a cluster's.
func (s *Server) join(c cluster.Cluster, empty func() *lobby.Lobby) error {
	r := &route{server: s, cluster: c, wake: make(chan struct{}, 1)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	began := time.Now()
	r.node = node.New(c.Self(), func() time.Duration { return time.Since(began) }, empty, r)
	s.lobby, s.route = r.node, r
	err := c.Listen(
		func(l cluster.Lease) { r.do(func() []lobby.Out { return r.node.Lease(l) }) },
		func(from string, b []byte) { r.do(func() []lobby.Out { return r.node.Packet(from, b) }) })
	if err != nil {
		r.cancel()
		return fmt.Errorf("server: %w", err)
	}
	r.wg.Go(r.carry)
	r.wg.Go(r.poll)
	return nil
}

// do does something with the node.
func (r *route) do(f func() []lobby.Out) {
	r.server.mu.Lock()
	defer r.server.unlock()
	if r.ctx.Err() == nil {
		r.server.deliver(f())
	}
}

func (r *route) poll() {
	hears := true
	t := time.NewTicker(poll)
	defer t.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-t.C:
			r.do(r.node.Poll)
			if now := r.hears(); now != hears {
				if hears = now; hears {
					r.server.log.Info("hears the other servers again")
				} else {
					r.server.log.Warn("does not hear the other servers, so takes no players")
				}
			}
		}
	}
}

// hears reports whether this server hears its cluster, if only itself by it.
func (r *route) hears() bool {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.node.Hears()
}

// usable reports whether a socket that comes now would find its room: this server
// is alone, or hears its cluster. The lock is held.
func (s *Server) usable() bool { return s.route == nil || s.route.node.Ready() }

// hand gives the rooms that this server owns to whoever asks for them next, at
// the beginning of a drain. The lock is held.
func (s *Server) hand() {
	if s.route != nil {
		s.deliver(s.route.node.Leave())
	}
}

// part leaves the cluster, and waits.
func (s *Server) part() {
	r := s.route
	if r == nil {
		return
	}
	r.do(r.node.Close)
	r.cancel()
	r.wg.Wait()
}

// Publish, Claim and Release are what the node wants done; the server's lock is held.

func (r *route) Publish(to string, packet []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes+len(packet) > maxParcel {
		return
	}
	r.queue, r.bytes = append(r.queue, parcel{to, packet}), r.bytes+len(packet)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// carry takes parcels away in order. Its last round is after the node has
// said that it is gone.
func (r *route) carry() {
	for last := false; !last; {
		select {
		case <-r.ctx.Done():
			last = true
		case <-r.wake:
		}
		r.mu.Lock()
		queue := r.queue
		r.queue, r.bytes = nil, 0
		r.mu.Unlock()
		for _, p := range queue {
			_ = r.cluster.Publish(p.to, p.packet) // What gets lost is seen as a gap.
		}
	}
}

// Seen is what another server tells of a member whose links this one may relay,
// since it was here before; the server's lock is held.
func (r *route) Seen(member string, left bool) {
	switch t := r.server.relay; {
	case t == nil:
	case left:
		t.Leave(member)
	default:
		t.Seen(member)
	}
}

// Turned tells whoever runs this server what becomes of a slot; the server's lock is held.
func (r *route) Turned(slot string, what node.Turn) {
	r.server.metrics.turns.WithLabelValues(string(what)).Inc()
	level := slog.LevelDebug
	if what == node.Lost || what == node.Unsure {
		level = slog.LevelWarn
	}
	r.server.log.Log(r.ctx, level, "slot", "slot", slot, "is", what)
}

// Missed is what another server tells of an address that asked for a room that
// was not to be had: it counts here, too, or each server would give an attacker
// as many guesses. The server's lock is held.
func (r *route) Missed(address string) {
	if p, err := netip.ParsePrefix(address); err == nil {
		r.server.guard.guesses.owe(p.Addr(), time.Now())
	}
}

// announceMember tells the other servers that a member is here, or has left, if it may have
// been at one of them before. The server's lock is held.
func (s *Server) announceMember(c *conn, left bool) {
	if s.route != nil && c.moved {
		s.route.node.Announce(c.tenant(), left)
	}
}

func (r *route) Claim(slot string, last uint64) {
	r.wg.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, leaseTry)
		defer cancel()
		l, err := r.cluster.Claim(ctx, slot, last)
		r.do(func() []lobby.Out { return r.node.Claimed(slot, l, err) })
	})
}

func (r *route) Release(slot string, last uint64) {
	r.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaseTry)
		defer cancel()
		_ = r.cluster.Release(ctx, slot, last) // If it fails the lease is over soon.
	})
}
