package lobby

import (
	"fmt"

	"github.com/punchback/punchback/signaling/protocol"
)

// Those who were in a room have the way before those who came meanwhile: after a
// restart of the server, or an absence of all, somebody else may be there, who
// knew the code.

// yields reports whether a room gives way to an earlier one of its code, of which
// hello proves to come: it was made by strangers, or by somebody who comes from one
// that was there still earlier.
func (d *directory) yields(r *room, hello *protocol.Message) bool {
	return r.build == hello.Build && !r.proves(hello) && (!r.revived || secret(hello.Resume) > r.secret) && d.former(key(r.game, r.code), hello)
}

// yield makes a room the earlier one that hello comes from. Those who are in it
// become newcomers to it, under new numbers; a match that they play goes on without
// the server. Whoever is away has lost its place, and if that room was locked so
// have they all.
func (l *Lobby) yield(r *room, hello *protocol.Message) {
	came := r.members
	r.revived, r.made, r.round, r.match, r.waits = true, r.box.now, 1, nil, 0
	r.leader, r.known, r.kicked, r.members = 0, nil, nil, nil
	r.become(hello.Room)
	l.lock(r, secret(hello.Resume))
	r.outlive(hello)
	for _, m := range came {
		l.forget(m)
		switch {
		case m.conn == 0:
		case r.locked:
			l.refuse(m.conn, protocol.CodeLocked, r.why(protocol.CodeLocked, nil))
		default:
			l.enter(r, m)
		}
	}
}

// enter gives a member whose connection is there a number in a room.
func (l *Lobby) enter(r *room, m *member) {
	m.room, m.proven, m.round, m.ready, m.linked, m.ill, m.asked = r, false, 0, false, nil, 0, 0
	m.id = r.number(&protocol.Message{Self: m.id})
	m.token = r.token(m.id)
	l.conns[m.conn] = m
	l.tokens[m.token] = m
	m.since = m.stream.Said() + 1
	r.enter(m)
}

// prefers is the member that has to go for one who comes back to a room that the
// server forgot: the last that came meanwhile.
func (r *room) prefers(hello *protocol.Message) *member {
	if !r.revived || r.playing() || r.box.now-r.made >= r.box.limits.PlayGrace || r.build != hello.Build || !r.proves(hello) || r.bars(hello) != protocol.CodeFull {
		return nil
	}
	for i := len(r.members) - 1; i >= 0; i-- {
		if m := r.members[i]; !m.proven && r.holds(m) {
			return m
		}
	}
	return nil
}

// makeWay gives a newcomer the place that is its own.
func (l *Lobby) makeWay(r *room, hello *protocol.Message) {
	if m := r.ghost(hello); m != nil {
		if m.conn != 0 {
			l.box.out = append(l.box.out, Out{To: m.conn, Close: true})
		}
		l.forget(m)
		r.remove(m)
	}
	for m := r.prefers(hello); m != nil; m = r.prefers(hello) {
		r.ban(m) // It would come back, and so on.
		if m.conn != 0 {
			l.refuse(m.conn, protocol.CodeKicked, fmt.Sprintf("room %s is full: the place was that of a member who is back", r.code))
		}
		l.forget(m)
		r.remove(m)
	}
	if m := r.spare(); m != nil && r.crowded() {
		l.refuse(m.conn, protocol.CodeFull, fmt.Sprintf("room %s is full: nobody is linked to you", r.code))
		l.forget(m)
		r.remove(m)
	}
}

// dumb reports whether a member answers no signals.
func (m *member) dumb() bool {
	return m.asked > 0 && !m.spoke && m.room.box.now-m.asked >= m.room.box.limits.Patience
}

// stuck reports whether a member is in no company for too long.
func (m *member) stuck() bool {
	return m.conn != 0 && m.ill > 0 && m.room.box.now-m.ill >= m.room.box.limits.Patience
}

// mute reports whether a stranger would find somebody in the room who does not
// answer, or nobody else.
func (r *room) mute() bool {
	answers := false
	for _, m := range r.members {
		if r.holds(m) && (m.dumb() || m.stuck()) {
			return true
		}
		answers = answers || r.holds(m) && !m.dumb()
	}
	return !answers
}

// rescue takes a stranger from where no other answers to another room: the last
// that came, so that one of a pair stays. It is moved once in the grace time and
// no more: what answers nobody anywhere would disturb one room after another.
func (l *Lobby) rescue(r *room) {
	if !r.open || r.playing() {
		return
	}
	for i := len(r.members) - 1; i >= 0; i-- {
		m := r.members[i]
		again := r.box.now - l.box.limits.Grace // Whoever is ill, or was moved, since then at the latest may go.
		if !m.chance || m.moved > max(0, again) || !m.stuck() || !m.spoke || m.round < r.round || !r.vain(m, i > 0 || m.ill <= again) {
			continue
		}
		hello := protocol.Message{Kind: protocol.Hello, Build: r.build, Near: nearOf(m.near)}
		place := protocol.Place{Game: r.game, Min: r.min, Max: r.max}
		to := l.match(place, &hello, r)
		if to == nil {
			if l.busy() {
				return
			}
			to = l.make(place, &hello, true)
		}
		l.forget(m)
		r.remove(m)
		m.moved = r.box.now
		l.enter(to, m)
		l.file(to)
		return
	}
}

// vain reports whether a member is linked to nobody, and may as well go: somebody
// came before it, somebody does not answer, or it waits for too long.
func (r *room) vain(m *member, elder bool) bool {
	for _, o := range r.members {
		if o != m && linked(m, o) {
			return false
		}
		elder = elder || o != m && o.dumb()
	}
	return elder
}

// worried are the rooms that time alone may change.
func (d *directory) worried() []*room { return append([]*room(nil), d.uneasy...) }
