// Package cluster makes many signaling servers one. A client's WebSocket may end at any of
// them. The rooms of a game are kept by exactly one server, the owner of the slot that the
// game's name hashes to, in the same pure lobby as that of a single server. The other servers
// carry messages between their sockets and the owner. So codes, quick match and the public
// list are decided in one place and mean what they mean on a single server: two strangers who
// come to two servers at the same moment meet, which a shared index could not promise.
//
// Leases say which server owns which slot. Nothing else is stored: rooms are memory. When an
// owner dies, another server claims its slots. The clients reconnect by themselves and revive
// their rooms there. A match never notices.
//
// A Cluster is what is between the servers: leases, and packets from one to another. Memory
// is one within a process, NATS one between machines. A single server needs none. What each
// server does with it is in signaling/internal/node. The package never sees a socket, never
// decides who may come in, and never carries a game's packets. It is not for the browser.
package cluster

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"

	"github.com/punchback/punchback/signaling/protocol"
)

// Cluster is what servers have in common: leases, and packets to one another.
// All methods may be called from any goroutine.
type Cluster interface {
	// Self is the name of this server. It is new with every start, so that a
	// server that was restarted is never taken for what it was before.
	Self() string

	// Claim makes Self the owner of a slot, or goes on being it, provided that
	// the lease's Term still is last; 0: there has been none. It returns the new
	// lease; or ErrTaken and the lease as it is; or another error, when it may or
	// may not have happened.
	Claim(ctx context.Context, slot string, last uint64) (Lease, error)

	// Release makes the slot free, provided that the lease's Term still is last.
	Release(ctx context.Context, slot string, last uint64) error

	// Publish sends a packet to one server, or to all (and Self) if to is empty.
	// It may get lost. Packets to one server arrive in order. A packet has at
	// most MaxPacket bytes.
	Publish(to string, packet []byte) error

	// Listen says who hears of every change of a lease, and of every packet for
	// Self. It is called once; what it is given must not block.
	Listen(lease func(Lease), packet func(from string, b []byte)) error

	// Close ends it all and waits. Leases end by themselves.
	Close() error
}

// Lease says who owns a slot.
type Lease struct {
	Slot string
	Node string // its owner; empty: it is free
	Term uint64 // grows with every claim of the slot, by whomever, also by its owner; 0: there is no lease
}

// ErrTaken is the error of a Claim or Release that came too late.
var ErrTaken = errors.New("cluster: the lease has changed")

// Slots is how many slots there are. An owner renews the lease of each slot
// that has rooms: their number bounds what that costs, whatever players type
// into a URL.
const Slots = 64

// MaxPacket is the longest packet between servers, in bytes: a message of a
// client, and what is around it.
const MaxPacket = protocol.MaxMessage + 4<<10

// SlotOf is the slot of a game.
func SlotOf(game string) string {
	h := fnv.New32a()
	h.Write([]byte(game))
	return strconv.Itoa(int(h.Sum32() % Slots))
}
