package mesh

import (
	"encoding/binary"

	"github.com/punchback/punchback/netcode/printable"
	"github.com/punchback/punchback/signaling/protocol"
)

// maxReason is how much of a reason is told and heard, in bytes.
const maxReason = 200

// Ban bans a machine for the life of the room, under its number: its link is
// closed and never made again, and the others are told why. The caller has no
// link to it any more. A match that it plays goes on without it, by a view of
// the session, which hears it no more.
//
// What others tell bans nobody: a liar could empty a room.
func (m *Mesh) Ban(id protocol.ID, reason string) {
	i := m.index(id)
	if i < 0 || m.peers[i].Link == Banned {
		return
	}
	p := m.peers[i]
	p.Link, p.Reason = Banned, reason
	if m.banned == nil {
		m.banned = map[protocol.ID]string{}
	}
	m.banned[id] = reason
	for _, other := range m.peers {
		m.reportBan(other, id, reason)
	}
	if p.Left {
		m.dropPeer(i)
	}
	m.expel()
	m.say(false)
}

// expel kicks the members that this machine has banned, if it leads: no
// match could start. Whoever plays is left to its match until that is over.
func (m *Mesh) expel() {
	if m.match != nil {
		return
	}
	for _, p := range m.peers {
		if p.Link == Banned {
			m.Kick(p.ID)
		}
	}
}

// reportBans tells a newcomer who is banned.
func (m *Mesh) reportBans(to *peer) {
	for _, p := range m.peers {
		if p.Link == Banned {
			m.reportBan(to, p.ID, p.Reason)
		}
	}
}

// reportBan tells one machine why another is banned: behind a try of zero, which no
// signal of a link has, its number and the reason.
func (m *Mesh) reportBan(to *peer, id protocol.ID, reason string) {
	if to.ID == id || to.Link == Banned || to.Left {
		return
	}
	b := binary.AppendUvarint([]byte{0}, uint64(id))
	b = append(b, reason[:min(len(reason), maxReason)]...)
	m.order(Order{Kind: Say, Message: protocol.Message{Kind: protocol.Signal, To: to.ID, Payload: b}})
}

// hearBan hears that.
func (m *Mesh) hearBan(from protocol.ID, b []byte) {
	id, n := binary.Uvarint(b)
	if n <= 0 || len(b)-n > maxReason {
		return
	}
	for _, p := range m.peers {
		if uint64(p.ID) == id && p.ID != from {
			p.Told, p.Teller = printable.Line(string(b[n:])), from
		}
	}
}
