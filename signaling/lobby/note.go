package lobby

import (
	"maps"
	"slices"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// Note is what another lobby has to know of a room so that the room is there as
// it was when this lobby is no more. The members are not in it: they come back
// by themselves, and prove by their tokens that they were there.
type Note struct {
	Game, Code string
	Over       int            `json:",omitempty"` // for so many ticks its code makes it anew; 0: it is not over
	Gone       bool           `json:",omitempty"` // it is over
	Build      string         `json:",omitempty"`
	Min, Max   int            `json:",omitempty"`
	Round      int            `json:",omitempty"`
	Last       protocol.ID    `json:",omitempty"` // number that was given
	Members    int            `json:",omitempty"`
	Open       bool           `json:",omitempty"`
	Secret     string         `json:",omitempty"`
	Key        []byte         `json:",omitempty"`
	Kicked     []protocol.ID  `json:"Out,omitempty"`
	Room       *protocol.Room `json:",omitempty"`
}

// Notes gives what has changed since the last call to f, or of everything if all
// is set. Without Limits.Notes there are none.
func (l *Lobby) Notes(all bool, f func(*Note)) {
	if all {
		for _, k := range l.over {
			if l.rooms[k] == nil {
				f(l.ended(k))
			}
		}
		for _, of := range []map[string]*room{l.rooms, l.learned} {
			for _, k := range slices.Sorted(maps.Keys(of)) {
				l.note(of[k])
			}
		}
	}
	for _, r := range l.news {
		r.inNews = false
		k := key(r.game, r.code)
		if l.rooms[k] != r && l.learned[k] != r {
			f(l.ended(k))
			continue
		}
		f(&Note{Game: r.game, Code: r.code, Build: r.build, Min: r.min, Max: r.max, Round: r.round, Last: r.last,
			Members: len(r.members) + r.missing, Open: r.open, Secret: r.secret, Key: r.key[:], Kicked: r.kicked, Room: r.shown()})
	}
	l.news = nil
}

// ended is the note of a room that is over.
func (d *directory) ended(k string) *Note {
	game, code, _ := strings.Cut(k, "/")
	return &Note{Game: game, Code: code, Gone: true, Over: max(0, d.past[k]-d.box.now)}
}

// note remembers that there is something new to be told of a room.
func (d *directory) note(r *room) {
	if d.box.limits.Notes && !r.inNews {
		r.inNews = true
		d.news = append(d.news, r)
	}
}

// Learn makes the room of a note that is so many ticks old as if all its members
// were away, and had to be back within the grace time. Nothing is said, and a
// room that is there already knows better.
func (l *Lobby) Learn(n *Note, age int) {
	k := key(n.Game, n.Code)
	switch {
	case l.rooms[k] != nil || l.learned[k] != nil || l.past[k] > 0:
	case n.Gone:
		if n.Over > age {
			l.ends(k, n.Over-age)
		}
	case len(l.rooms)+len(l.learned) < l.box.limits.Rooms:
		l.born++
		r := &room{box: l.box, game: n.Game, code: n.Code, build: n.Build, min: n.Min, max: n.Max, round: n.Round, born: l.born, made: l.box.now,
			revived: true, last: protocol.ID(min(max(old, int(n.Last)+protocol.MaxMembers), maxNumber)), secret: n.Secret, kicked: n.Kicked, missing: n.Members, open: n.Open, opens: l.box.now + l.box.limits.Grace}
		r.become(n.Room)
		copy(r.key[:], n.Key)
		l.learned[k] = r
		l.awaited = append(l.awaited, r)
	}
}

// recall is the room that was learned of, if it is there for this newcomer.
func (d *directory) recall(k string, hello *protocol.Message) *room {
	r := d.learned[k]
	if r != nil && hello.Open == 1 && r.proves(hello) { // Nobody is missed in it.
		delete(d.learned, k)
		d.note(r)
		return nil
	}
	return r
}

// revive makes a room that was learned of one of those that are.
func (d *directory) revive(r *room) {
	if k := key(r.game, r.code); d.learned[k] == r {
		delete(d.learned, k)
		d.rooms[k] = r
	}
}

// giveUp is the end of waiting for those who did not come back.
func (d *directory) giveUp() {
	for len(d.awaited) > 0 && d.awaited[0].opens <= d.box.now {
		r := d.awaited[0]
		d.awaited = d.awaited[1:]
		r.missing = 0
		if k := key(r.game, r.code); d.learned[k] == r {
			delete(d.learned, k)
			d.note(r)
			if protocol.Spoken(r.code) {
				d.ends(k, d.box.limits.PlayGrace)
			}
		}
	}
}
