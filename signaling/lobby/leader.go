package lobby

import (
	"bytes"
	"maps"
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// The leader breaks ties and no more: it says what the room is, since somebody
// must. Nobody is asked who it is and nobody hands it on: it is the member with
// the lowest number whose connection is there.

// lead makes that one the leader, and reports whether it was another before.
func (r *room) lead() (changed bool) {
	leader := r.members[0].id
	for _, m := range r.members {
		if m.conn != 0 {
			leader = m.id
			break
		}
	}
	changed = leader != r.leader
	r.leader = leader
	return changed
}

// settle sees to it that everybody knows the leader.
func (r *room) settle() {
	if r.lead() {
		r.announce()
	}
}

// shown is what the members see of the room.
func (r *room) shown() *protocol.Room {
	return &protocol.Room{Leader: r.leader, Locked: r.locked, Public: r.public, Late: r.late, Data: r.data, Meta: r.meta}
}

// announce tells all members what the room is.
func (r *room) announce() {
	shown := r.shown()
	for _, m := range r.members {
		r.box.say(m, &protocol.Message{Kind: protocol.Update, Round: r.round, Room: shown})
	}
}

// set hears what the leader makes of the room.
//
//go:noinline
func (r *room) set(m *member, msg *protocol.Message) {
	if m.id != r.leader {
		r.box.object(m, protocol.CodeLeader, "only the leader says what the room is")
		return
	}
	if msg.Room == nil {
		msg.Room = &protocol.Room{}
	}
	if s := msg.Room; s.Locked != r.locked || s.Public != r.public || s.Late != r.late || !bytes.Equal(s.Data, r.data) || !maps.Equal(s.Meta, r.meta) {
		r.become(s)
		r.announce()
	}
}

// become takes over what a leader, or who makes the room, wants it to be.
func (r *room) become(s *protocol.Room) {
	if s == nil {
		s = &protocol.Room{}
	}
	r.locked, r.public, r.late, r.data, r.meta, r.facts = s.Locked, s.Public, s.Late, s.Data, s.Meta, facts(s.Meta)
	r.measure()
}

// setup is what becomes the Setup of the match that starts now.
func (r *room) setup(first *member) []byte {
	if len(r.data) > 0 {
		return r.data
	}
	return first.data
}

// maxKicked is how many numbers of kicked members are remembered.
const maxKicked = 32

// ban remembers a kicked member: by the number, since there may be older
// tokens of it.
func (r *room) ban(m *member) {
	r.kicked = append(r.kicked, m.id)
	r.known = slices.DeleteFunc(r.known, func(who string) bool { return who == m.who })
	if len(r.kicked) > maxKicked {
		r.kicked = slices.Delete(r.kicked, 0, 1)
	}
}
