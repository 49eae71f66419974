package mesh

import "github.com/punchback/punchback/signaling/protocol"

// Room is what the leader has made of the room, as last heard. It is not to be
// changed.
func (m *Mesh) Room() protocol.Room { return m.room }

// SetRoom says what the room is to be, if this machine leads it.
func (m *Mesh) SetRoom(r protocol.Room) {
	if m.self != 0 && m.room.Leader == m.self {
		r.Leader = 0
		m.order(Order{Kind: Say, Message: protocol.Message{Kind: protocol.SetRoom, Room: &r}})
	}
}

// Kick removes a member from the room, if this machine leads it.
func (m *Mesh) Kick(id protocol.ID) {
	if m.self != 0 && m.room.Leader == m.self && id != m.self {
		m.order(Order{Kind: Say, Message: protocol.Message{Kind: protocol.Kick, To: id}})
	}
}

// become hears what the room is. same: a Welcome to the room that this machine
// was in. If the server has forgotten all about it, the leader says it again.
func (m *Mesh) become(r *protocol.Room, same bool) {
	if r == nil {
		if !same {
			m.room = protocol.Room{}
		}
		return
	}
	before := m.room
	m.room = *r
	if r.Leader != before.Leader {
		m.expel()
	}
	if same && blank(r) && !blank(&before) {
		m.SetRoom(before)
	}
}

func blank(r *protocol.Room) bool {
	return !r.Locked && !r.Public && !r.Late && len(r.Data) == 0 && len(r.Meta) == 0
}
