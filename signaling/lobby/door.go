package lobby

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/punchback/punchback/signaling/protocol"
)

// The door of a room: who may come in, and what holds a place.

// holds reports whether a member takes one of the room's places: those whom
// nobody is linked to any more, and those who stay in a match that is over, leave
// theirs to newcomers after the grace time.
func (r *room) holds(m *member) bool {
	return m.conn == 0 || m.playing() && r.playing() || m.ill == 0 || r.box.now-m.ill < r.box.limits.Grace
}

// places counts the places that are taken, but for one of this member.
func (r *room) places(but *member) (n int) {
	for _, m := range r.members {
		if m != but && r.holds(m) {
			n++
		}
	}
	return n
}

// has reports whether there is a place for anybody.
func (r *room) has() bool {
	return r.places(nil) < r.max && !r.crowded() && r.last < maxNumber
}

// crowded reports whether there are as many members as a room can have, with
// those who hold no place.
func (r *room) crowded() bool { return len(r.members) >= protocol.MaxMembers }

// spare is the member that goes for a newcomer where it is crowded: the last of
// those who hold no place.
func (r *room) spare() *member {
	for _, m := range slices.Backward(r.members) {
		if !r.holds(m) {
			return m
		}
	}
	return nil
}

// ghost is the member whose place a newcomer takes since it was itself: a
// process that died, a page that was reloaded. Of a connection that is there
// nobody knows yet whether it lives, before it has been silent for too long.
func (r *room) ghost(hello *protocol.Message) *member {
	for m := range r.selves(hello) {
		if m.conn == 0 || r.box.now-m.heard >= r.box.limits.Doubt {
			return m
		}
	}
	return nil
}

// twin reports whether a member seems to be the newcomer itself, and its connection
// is there.
func (r *room) twin(hello *protocol.Message) bool {
	for m := range r.selves(hello) {
		if m.conn != 0 {
			return true
		}
	}
	return false
}

// selves are the members that a newcomer may have been itself: that of the number it
// proves to have had, or else those with its identity.
func (r *room) selves(hello *protocol.Message) iter.Seq[*member] {
	return func(yield func(*member) bool) {
		number := r.proves(hello)
		for _, m := range r.members {
			if (number && m.id == hello.Self || !number && hello.Who != "" && m.who == hello.Who) && !yield(m) {
				return
			}
		}
	}
}

// returns reports whether a newcomer proves to have had a number that nobody has.
func (r *room) returns(hello *protocol.Message) bool {
	return r.proves(hello) && r.member(hello.Self) == nil
}

// was reports whether a newcomer was a member, and has a way back that is not
// everybody's: into a room that is locked, or in a match.
func (r *room) was(hello *protocol.Message) bool {
	return r.returns(hello) || r.ghost(hello) != nil || hello.Who != "" && !r.twin(hello) && slices.Contains(r.known, hello.Who)
}

// refuses is the code of why a newcomer can't come in; empty: it can.
func (r *room) refuses(hello *protocol.Message) string {
	code := r.bars(hello)
	if code == "" || code == protocol.CodeBuild || code == protocol.CodeKicked {
		return code
	}
	if r.doubts(hello) {
		return protocol.CodeClosing
	}
	return code
}

// doubts reports whether some member that seems to be the newcomer itself, and whose
// connection is there, has yet to show that it lives: either it says something soon,
// or it is a ghost. None speaks for another, and each question wants an answer of
// its own.
func (r *room) doubts(hello *protocol.Message) (open bool) {
	r.ask(hello)
	for m := range r.selves(hello) {
		open = open || m.conn != 0 && m.heard <= m.doubted
	}
	if open {
		return true
	}
	for m := range r.selves(hello) {
		m.doubted = 0
	}
	return false
}

// ask begins to doubt those that seem to be the newcomer itself.
func (r *room) ask(hello *protocol.Message) {
	for m := range r.selves(hello) {
		if m.doubted == 0 {
			m.doubted = r.box.now
		}
	}
}

// answers ends the questions that are old enough, and finds a member that has not
// said a word since and has come in again as somebody else: it is dead.
func (r *room) answers() (dead *member) {
	for _, m := range r.members {
		if m.doubted == 0 || r.box.now-m.doubted < r.box.limits.Doubt {
			continue
		}
		silent := m.conn != 0 && m.heard <= m.doubted
		m.doubted = 0
		if silent && slices.ContainsFunc(r.members, func(o *member) bool { return o.id > m.id && o.who != "" && o.who == m.who && o.conn != 0 }) {
			return m
		}
	}
	return nil
}

func (r *room) bars(hello *protocol.Message) string {
	ghost := r.ghost(hello)
	taken := r.places(ghost)
	switch {
	case slices.Contains(r.kicked, hello.Self) && r.proves(hello):
		return protocol.CodeKicked
	case hello.Build != r.build:
		return protocol.CodeBuild
	case taken >= r.max || ghost == nil && r.crowded() && r.spare() == nil || r.last >= maxNumber:
		return protocol.CodeFull
	case r.was(hello):
		return ""
	case taken+r.missing >= r.max:
		return protocol.CodeFull
	case r.locked:
		return protocol.CodeLocked
	case !r.late && r.playing():
		return protocol.CodePlaying
	}
	return ""
}

// why is that in words.
func (r *room) why(code string, hello *protocol.Message) string {
	switch code {
	case protocol.CodeBuild:
		return fmt.Sprintf("room %s plays build %q and you have %q: update the game, or reload the page", r.code, r.build, hello.Build)
	case protocol.CodeFull:
		return fmt.Sprintf("room %s is full: it is for %d", r.code, r.max)
	case protocol.CodeLocked:
		return fmt.Sprintf("room %s is locked", r.code)
	case protocol.CodeKicked:
		return fmt.Sprintf("the leader of room %s has put this member out", r.code)
	case protocol.CodeClosing:
		return fmt.Sprintf("you are in room %s already: the server looks whether that window is still there", r.code)
	}
	return fmt.Sprintf("room %s is in a match: try again when it is over", r.code)
}

// old is how many numbers belong to each life of a room: in one that is made again
// newcomers are numbered behind those who have yet to come back.
const old = 1000

// outlive sees to it that newcomers get none of the numbers of the life of the room
// that somebody comes from.
func (r *room) outlive(hello *protocol.Message) {
	life, _ := strconv.ParseUint(hello.Resume[16:17], 16, 8)
	if n := min(int(life)+1, 15); n > r.life && r.box.now-r.made < r.box.limits.Grace {
		r.life, r.last = n, max(r.last, protocol.ID(n*old))
	}
}

// maxNumber is the last that a newcomer gets, but for one that is passed over.
const maxNumber = 1<<16 - 2

// number is the id for a newcomer. Whoever proves to have been a member gets its
// number back, so that links made under it go on to be its links.
func (r *room) number(hello *protocol.Message) protocol.ID {
	if r.returns(hello) {
		r.last = max(r.last, hello.Self)
		return hello.Self
	}
	if r.last++; r.last == hello.Self { // It sees by its number that all is new.
		r.last++
	}
	return r.last
}

// maxKnown is how many identities of members a room remembers.
const maxKnown = 32

// know remembers an identity.
func (r *room) know(who string) {
	if who == "" || slices.Contains(r.known, who) {
		return
	}
	if r.known = append(r.known, who); len(r.known) > maxKnown {
		r.known = slices.Delete(r.known, 0, 1)
	}
}
