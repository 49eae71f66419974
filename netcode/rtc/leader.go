package rtc

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/signaling/protocol"
)

// ErrNotLeader is the error of what only the leader of a room may do.
var ErrNotLeader = errors.New("rtc: only the leader of the room may do that")

// Leader is the machine that may lock the room, put members out and say what
// is played: the one with the lowest Peer whose connection to the server is
// there. The server says who that is, nobody chooses it, and it decides nothing
// else: in a match all machines are equal. Zero until the server has told it.
func (r *Room) Leader() netcode.Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return netcode.Peer(r.settings.Leader)
}

// Locked reports whether the leader has locked the room.
func (r *Room) Locked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings.Locked
}

// RoomData is what the leader has set by SetRoomData; it is not to be changed.
func (r *Room) RoomData() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings.Data
}

// Metadata is what the list tells of this room, and whether the room is in it.
func (r *Room) Metadata() (meta map[string]string, public bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.settings.Meta), r.settings.Public
}

// Lock lets nobody new into the room, or lets them in again. Who only loses
// its connection comes back into a locked room. For the leader alone.
func (r *Room) Lock(locked bool) error {
	return r.lead(func(h *protocol.Room) { h.Locked = locked })
}

// Late reports whether newcomers come in while a match is played.
func (r *Room) Late() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings.Late
}

// SetLate lets newcomers in while a match is played, or no more. They link to
// everybody at once, see who plays and can Chat; their first match is the next
// one, for which all wait for them. A room without it refuses them by
// CodePlaying. For the leader alone.
func (r *Room) SetLate(late bool) error {
	return r.lead(func(h *protocol.Room) { h.Late = late })
}

// SetRoomData sets what all are to play: a level, rules, at most 4 KiB. As it is
// when a match starts it becomes netcode.Terms.Setup; a room without it takes
// the data of the first seat, see SetData. For the leader alone.
func (r *Room) SetRoomData(data []byte) error {
	data = slices.Clone(data)
	return r.lead(func(h *protocol.Room) { h.Data = data })
}

// SetMetadata sets what the list tells of this room (up to 8 keys of a-z, 0-9
// and _, up to 16 letters long, with values of up to 64 bytes), and whether it is in
// the list. For the leader alone.
func (r *Room) SetMetadata(meta map[string]string, public bool) error {
	meta = maps.Clone(meta)
	return r.lead(func(h *protocol.Room) { h.Meta, h.Public = meta, public })
}

// lead changes what the room is to be.
func (r *Room) lead(change func(*protocol.Room)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.leads() {
		return ErrNotLeader
	}
	h := r.settings
	if r.wish != nil { // Said, and perhaps not heard yet.
		h = *r.wish
	}
	change(&h)
	if err := h.Check(); err != nil {
		return fmt.Errorf("rtc: %w", err)
	}
	r.wish, r.asks.wish = &h, &h
	r.poke()
	return nil
}

// maxKicks is how many Kicks may wait for the room's goroutine.
const maxKicks = 16

// Kick removes a member from the room. It can't come back as the same member; with the
// room's code it may come as somebody new, unless the room is locked. A match
// that it plays goes on with it to its end. For the leader alone.
func (r *Room) Kick(p netcode.Peer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.leads() {
		return ErrNotLeader
	}
	if p == netcode.Peer(r.settings.Leader) || !slices.ContainsFunc(r.members, func(m Member) bool { return m.Peer == p }) {
		return fmt.Errorf("rtc: %d is no other member of the room", p)
	}
	if len(r.asks.kicks) >= maxKicks {
		return fmt.Errorf("rtc: kicks that wait are %d, one more is too many", len(r.asks.kicks))
	}
	r.asks.kicks = append(r.asks.kicks, protocol.ID(p))
	r.poke()
	return nil
}

// leads reports whether this machine is the leader; the lock is held.
func (r *Room) leads() bool {
	return slices.ContainsFunc(r.members, func(m Member) bool { return m.Self && m.Peer == netcode.Peer(r.settings.Leader) })
}
