package rtc

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/signaling/protocol"
)

// ErrNotLeader is the error of methods that only the leader of a room may call.
var ErrNotLeader = errors.New("rtc: only the leader of the room may do that")

// Leader is the machine that may lock the room, kick members and decide what is
// played: the connected member with the lowest Peer, as the server says. Nobody
// chooses it, and it decides nothing else: in a match all machines are equal. It is
// zero until the server has said it.
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

// RoomData is the data that the leader has set by SetRoomData. Do not change it.
func (r *Room) RoomData() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings.Data
}

// Metadata is what the list says of this room, and whether the room is in the list.
func (r *Room) Metadata() (meta map[string]string, public bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.settings.Meta), r.settings.Public
}

// Lock keeps newcomers out of the room, or lets them in again. A member that only
// lost its connection comes back into a locked room. Only the leader may call it.
func (r *Room) Lock(locked bool) error {
	return r.lead(func(h *protocol.Room) { h.Locked = locked })
}

// Late reports whether newcomers come in while a match is played.
func (r *Room) Late() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings.Late
}

// SetLate lets newcomers in during a match, or keeps them out again. They link to all
// members at once, see who plays, and can Chat. Their first match is the next one,
// which waits for them. Without it the room refuses them with CodePlaying. Only the
// leader may call it.
func (r *Room) SetLate(late bool) error {
	return r.lead(func(h *protocol.Room) { h.Late = late })
}

// SetRoomData sets what is played: a level, rules, at most 4 KiB. When a match starts,
// the data becomes netcode.Terms.Setup; a room without it takes the data of the first
// seat, see SetData. Only the leader may call it.
func (r *Room) SetRoomData(data []byte) error {
	data = slices.Clone(data)
	return r.lead(func(h *protocol.Room) { h.Data = data })
}

// SetMetadata sets what the list says of this room (up to 8 keys of a-z, 0-9
// and _, up to 16 letters long, with values of up to 64 bytes), and whether it is in
// the list. Only the leader may call it.
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
// room's code it may come as a new one, unless the room is locked. A match that it
// plays goes on with it to its end. Only the leader may call it.
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
