package lobby

import (
	"math/bits"
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// A room's next round starts with everybody, or, where somebody is away or can't
// be linked to for some time, with those who are linked to one another.

// playing reports whether the member is still in a match that started.
func (m *member) playing() bool {
	r := m.room
	if r.match == nil { // The room was forgotten: those who were in it may play what nobody here knows of.
		return m.proven && 0 < m.round && m.round < r.round
	}
	return m.round == r.match.Round && slices.Contains(r.match.Seats, m.id)
}

// playing reports whether a match is still played: by somebody whose connection
// is there, and not by one alone. In a room that was forgotten the others have the
// grace time to come back.
func (r *room) playing() bool {
	here, all := 0, 0
	for _, m := range r.members {
		if m.playing() {
			all++
			if m.conn != 0 {
				here++
			}
		}
	}
	return here > 0 && (all > 1 || r.match == nil && r.box.now-r.made < r.box.limits.Grace)
}

// plays reports whether somebody who is in the match is linked to a member that
// is away: it has lost nothing but the server.
func (r *room) plays(m *member) bool {
	return m.playing() && slices.ContainsFunc(r.members, func(o *member) bool { return o.conn != 0 && o.playing() && slices.Contains(o.linked, m.id) })
}

// linked reports whether two members both say that they are.
func linked(a, b *member) bool {
	return slices.Contains(a.linked, b.id) && slices.Contains(b.linked, a.id)
}

// look finds the largest company: those who are here and all linked to one
// another, as bits of members. While nobody plays they must wait for the next
// round, too. Its members are well, and so is whoever is the only one.
func (r *room) look() (company uint32) {
	var here uint32
	playing := r.playing()
	for i, m := range r.members {
		if m.conn != 0 && (playing || m.round >= r.round) {
			here |= 1 << i
		}
	}
	var near [protocol.MaxMembers]uint32
	for i, a := range r.members {
		for j, b := range r.members[:i] {
			if (here>>i)&(here>>j)&1 != 0 && linked(a, b) {
				near[i] |= 1 << j
				near[j] |= 1 << i
			}
		}
	}
	company = largest(near[:], here, 0, 0)
	for i, m := range r.members {
		switch {
		case len(r.members) == 1:
			if m.ill = 0; !m.dumb() { // Whoever asked did not wait for an answer.
				m.asked = 0
			}
		case company>>i&1 != 0 && (company&(company-1) != 0 || company == here):
			m.ill = 0
		case m.ill == 0:
			m.ill = r.box.now
		}
	}
	return company
}

// largest is the largest clique in a graph that holds chosen and more of those
// that are left, if it is larger than best. Of equal ones the first is that
// with the lowest bits.
func largest(near []uint32, left, chosen, best uint32) uint32 {
	if left == 0 {
		if bits.OnesCount32(chosen) > bits.OnesCount32(best) {
			return chosen
		}
		return best
	}
	for left != 0 && bits.OnesCount32(chosen)+bits.OnesCount32(left) > bits.OnesCount32(best) {
		i := bits.TrailingZeros32(left)
		left &^= 1 << i
		best = largest(near, left&near[i], chosen|1<<i, best)
	}
	return best
}

// wants reports whether a company can play the next round, and wants to.
func (r *room) wants(company uint32) bool {
	n := bits.OnesCount32(company)
	if r.round >= protocol.MaxRound || r.playing() || n < r.min {
		return false
	}
	for i, m := range r.members {
		if company>>i&1 != 0 && !m.ready && n < r.max { // Where there are as many as it takes nobody need be asked.
			return false
		}
	}
	return true
}

// party is those who play the next round if it starts now; nil: it does not.
// Whoever else is here is left out after some patience, and newcomers who come
// and go, so that there is always one, after the grace time.
func (r *room) party() []*member {
	company := r.look()
	if !r.wants(company) {
		r.waits = 0
		return nil
	}
	if r.waits == 0 {
		r.waits = r.box.now
	}
	for i, m := range r.members {
		if company>>i&1 == 0 && r.box.now-m.ill < r.box.limits.Patience && r.box.now-r.waits < r.box.limits.Grace {
			return nil
		}
	}
	var party []*member
	for i, m := range r.members {
		if company>>i&1 != 0 && len(party) < r.max {
			party = append(party, m)
		}
	}
	return party
}

// start starts the next round if it can. Everybody hears it, so that those who
// are left out know who plays.
func (r *room) start() {
	party := r.party()
	if party == nil {
		return
	}
	match := &protocol.Match{Round: r.round, Seed: r.box.random(), Nonce: r.box.name(), Setup: r.setup(party[0])}
	for _, m := range party {
		match.Seats = append(match.Seats, m.id)
	}
	r.match = match
	r.measure()
	r.round++
	for _, m := range r.members {
		r.box.say(m, &protocol.Message{Kind: protocol.Start, Match: match})
	}
	r.look()
}

// uneasy reports whether time alone may change something in the room.
func (r *room) uneasy() bool {
	return slices.ContainsFunc(r.members, func(m *member) bool { return m.ill != 0 || m.doubted != 0 })
}
