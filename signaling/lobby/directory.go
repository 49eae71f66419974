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
	rooms  map[string]*room // by game and folded code
	open   []*room          // those that strangers may be put into, oldest first
	public []*room          // those of the list that have a place, oldest first
	born   int              // rooms made so far
	ranked []ranked         // for list, which sorts here
	past   map[string]int   // codes that the server made whose rooms are over, and until which tick they make one again
	over   []string         // the same, oldest first

	// See Note:
	news    []*room          // of which there is something to be told
	learned map[string]*room // rooms of another lobby to which nobody has come back yet
	awaited []*room          // rooms that some have yet to come back to, by when they are given up
	uneasy  []*room          // those that time alone may change, oldest first
}

// find is the room for a newcomer, or why there is none.
func (d *directory) find(p protocol.Place, hello *protocol.Message) (r *room, code, why string) {
	k := key(p.Game, p.Code)
	if r = d.rooms[k]; r == nil {
		r = d.recall(k, hello)
	}
	if r != nil {
		if code = r.refuses(hello); code == "" || d.yields(r, hello) || r.prefers(hello) != nil {
			return r, "", ""
		}
		if len(r.members) > 0 {
			d.file(r) // It may doubt somebody.
		}
		if code != protocol.CodeKicked && code != protocol.CodeClosing && protocol.Spoken(p.Code) && !r.was(hello) {
			return nil, protocol.CodeRoom, d.nothing(p, hello) // A code can be guessed.
		}
		return nil, code, r.why(code, hello)
	}
	// Whoever reloads a page leaves the room and comes back to it; whoever has a
	// token may have been in one that the server forgot.
	if again := d.past[k] > d.box.now || d.former(k, hello) || !d.box.limits.Knows && secret(hello.Resume) != ""; protocol.Spoken(p.Code) && !again {
		if d.box.now <= d.box.limits.Settle {
			return nil, protocol.CodeClosing, fmt.Sprintf("the server has just started: room %s may come back", p.Code)
		}
		return nil, protocol.CodeRoom, d.nothing(p, hello)
	}
	open := p.Code == "" && !p.New || p.Code != "" && hello.Resume != "" && hello.Open == 1 // The room was forgotten, and nobody is missed in it.
	if open {
		if r = d.match(p, hello, nil); r != nil {
			return r, "", ""
		}
	}
	if d.busy() {
		return nil, protocol.CodeBusy, fmt.Sprintf("the server has its %d rooms, try again later", d.box.limits.Rooms)
	}
	return d.make(p, hello, open), "", ""
}

// busy reports whether there are as many rooms as there may be.
func (d *directory) busy() bool {
	n := d.box.limits.Rooms
	return len(d.rooms)+len(d.learned) >= n || d.box.limits.Count != nil && d.box.limits.Count() >= n
}

// nothing is what is said of any code that does not lead into a room.
func (d *directory) nothing(p protocol.Place, hello *protocol.Message) string {
	return fmt.Sprintf("no room %s for you: the code may be wrong, the room full, locked, in a match or over, or its build not %q", p.Code, hello.Build)
}

// make makes a room.
func (d *directory) make(p protocol.Place, hello *protocol.Message, open bool) *room {
	d.born++
	r := &room{box: d.box, game: p.Game, code: p.Code, build: hello.Build, min: p.Min, max: p.Max, round: 1, born: d.born, made: d.box.now}
	for r.code == "" {
		if c := d.code(); d.rooms[key(p.Game, c)] == nil && d.learned[key(p.Game, c)] == nil && d.past[key(p.Game, c)] == 0 {
			r.code = c
		}
	}
	if r.revived = d.former(key(r.game, r.code), hello); r.revived {
		d.lock(r, secret(hello.Resume))
		r.outlive(hello)
	} else {
		d.lock(r, "")
	}
	r.become(hello.Room)
	d.rooms[key(r.game, r.code)] = r
	r.open = open || hello.Resume != "" && hello.Open > 0
	if !open {
		r.opens = d.box.now + d.box.limits.Grace
	}
	return r
}

// match is quick match: of the open rooms that newcomer can go into, but for
// one, that which is nearest, the oldest of those; nil if there is none. A room
// where somebody does not answer is not one.
func (d *directory) match(p protocol.Place, hello *protocol.Message, but *room) (best *room) {
	least := 0
	for _, r := range d.open {
		if r == but || r.game != p.Game || r.min != p.Min || r.max != p.Max || r.opens > d.box.now || r.bars(hello) != "" || r.anyAway() || r.playing() || r.mute() {
			continue
		}
		if len(hello.Near) == 0 {
			return r
		}
		if far := r.far(hello.Near) / step; best == nil || far < least {
			best, least = r, far
		}
	}
	return best
}

// file puts a room on the lists that it belongs on, after anything that may
// change that: so they are short, and nobody who looks for a room passes by
// all that are full.
func (d *directory) file(r *room) {
	d.note(r)
	place := 0 < len(r.members) && !r.locked && r.has()
	file(&d.uneasy, r, &r.inUneasy, len(r.members) > 0 && r.uneasy())
	file(&d.open, r, &r.inOpen, r.open && place)
	file(&d.public, r, &r.inPublic, r.public && place)
}

func file(list *[]*room, r *room, is *bool, want bool) {
	if *is == want {
		return
	}
	*is = want
	i, _ := slices.BinarySearchFunc(*list, r.born, func(o *room, born int) int { return o.born - born })
	if want {
		*list = slices.Insert(*list, i, r)
	} else {
		*list = slices.Delete(*list, i, i+1)
	}
}

// close takes a room that is empty off the books.
func (d *directory) close(r *room) {
	k := key(r.game, r.code)
	delete(d.rooms, k)
	d.file(r)
	for _, id := range r.kicked {
		d.ends(spent(r.secret, id), d.box.limits.PlayGrace)
	}
	if !protocol.Spoken(r.code) {
		return
	}
	d.ends(k, d.box.limits.PlayGrace)
}

// ends keeps a code for some ticks.
func (d *directory) ends(k string, ticks int) {
	if d.past[k] == 0 {
		d.over = append(d.over, k)
	}
	d.past[k] = d.box.now + ticks
	if len(d.over) > d.box.limits.Rooms {
		d.forget()
	}
}

// forget forgets the code that is over for the longest time.
func (d *directory) forget() {
	delete(d.past, d.over[0])
	if d.over = d.over[1:]; len(d.over) == 0 {
		d.over = nil
	}
}

// expire forgets the codes that are over for too long.
func (d *directory) expire() {
	d.giveUp()
	for len(d.over) > 0 && d.past[d.over[0]] <= d.box.now {
		d.forget()
	}
}

// key folds the case of the code, since codes are spoken.
func key(game, code string) string { return game + "/" + strings.ToUpper(code) }

// rare is how many codes there are for each that leads somewhere: of four million
// guesses that are looked at about one is right.
const rare = 1 << 22

// code is one that is hard to guess, and no longer than it must be for that.
func (d *directory) code() string {
	lead := int64(len(d.rooms) + len(d.learned) + len(d.over) + 1)
	code := make([]byte, 0, protocol.MaxSpoken)
	for all := int64(1); len(code) < protocol.MinSpoken || all/rare < lead && len(code) < protocol.MaxSpoken; all *= int64(len(protocol.Letters)) {
		code = append(code, protocol.Letters[d.box.random()%uint64(len(protocol.Letters))])
	}
	return string(code)
}
