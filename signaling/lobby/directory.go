package lobby

import (
	"fmt"
	"slices"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// A directory knows which rooms there are, and finds one for a newcomer. What
// goes on in a room is the room's own business.
type directory struct {
	box    *outbox
	limits Limits
	now    int              // ticks
	rooms  map[string]*room // by game and folded code
	open   []*room          // those that strangers may be put into, oldest first
}

// find is the room for a newcomer, or why there is none.
func (d *directory) find(p protocol.Place, hello protocol.Message) (r *room, code, why string) {
	open := p.Code == "" && !p.New
	if p.Code != "" {
		if r = d.rooms[key(p.Game, p.Code)]; r != nil {
			code, why = r.refusal(hello)
			if code != "" {
				return nil, code, why
			}
			return r, "", ""
		}
		open = hello.Resume != "" && hello.Open == 1 // The room was forgotten, and nobody is missed in it.
	}
	if open {
		for _, r := range d.open {
			if code, _ := r.refusal(hello); code == "" && r.game == p.Game && r.min == p.Min && r.max == p.Max && r.opens <= d.now && !r.anyAway() {
				return r, "", ""
			}
		}
	}
	if len(d.rooms) >= d.limits.Rooms {
		return nil, protocol.CodeBusy, fmt.Sprintf("the server has its %d rooms, try again later", d.limits.Rooms)
	}
	r = &room{box: d.box, game: p.Game, code: p.Code, build: hello.Build, min: p.Min, max: p.Max, round: 1, revived: hello.Resume != ""}
	if r.revived {
		r.last = old
	}
	for r.code == "" {
		if c := d.code(); d.rooms[key(p.Game, c)] == nil {
			r.code = c
		}
	}
	d.rooms[key(r.game, r.code)] = r
	if open || r.revived && hello.Open > 0 {
		d.open = append(d.open, r)
	}
	if !open {
		r.opens = d.now + d.limits.Grace
	}
	return r, "", ""
}

// close takes a room that is empty off the books.
func (d *directory) close(r *room) {
	delete(d.rooms, key(r.game, r.code))
	d.open = slices.DeleteFunc(d.open, func(o *room) bool { return o == r })
}

// key folds the case of the code, since codes are spoken.
func key(game, code string) string { return game + "/" + strings.ToUpper(code) }

// letters are easy to say and hard to mistake; without vowels they make no words.
const letters = "BCDFGHJKMNPQRSTVWXYZ23456789"

func (d *directory) code() string {
	var b [5]byte
	for i := range b {
		b[i] = letters[d.box.random()%uint64(len(letters))]
	}
	return string(b[:])
}
