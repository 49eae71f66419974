package lobby

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// A fact is one pair of a room's Meta.
type fact struct {
	key, value string
	number     int64
	isNumber   bool
}

func facts(meta map[string]string) (list []fact) {
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		f := fact{key: k, value: meta[k]}
		n, err := strconv.ParseInt(f.value, 10, 64)
		f.number, f.isNumber = n, err == nil
		list = append(list, f)
	}
	return list
}

func (r *room) fact(key string) *fact {
	for i := range r.facts {
		if r.facts[i].key == key {
			return &r.facts[i]
		}
	}
	return nil
}

// weight is how long a room of the list is on the wire at most, in bytes.
func (r *room) weight() int {
	n := 96 + len(r.code)
	for i := range r.facts {
		f := &r.facts[i]
		n += 6 + len(f.key)
		for _, c := range []byte(f.value) {
			switch c {
			case '<', '>', '&':
				n += 6 // as encoding/json has them
			default:
				n += 2 // a quote, a backslash, a third of U+2028
			}
		}
	}
	return n
}

// meets reports whether a room meets a condition.
func (r *room) meets(t *protocol.Term) bool {
	f := r.fact(t.Key)
	return f != nil && (t.Is == "" || f.value == t.Is) &&
		(t.Min == nil || f.isNumber && f.number >= *t.Min) &&
		(t.Max == nil || f.isNumber && f.number <= *t.Max)
}

// ranked is a room and what it is sorted by.
type ranked struct {
	last bool // it has no such number
	by   int64
	room *room
}

// list is the public rooms of a game that a newcomer could go into and that
// meet the query, in its order.
func (d *directory) list(game, build string, q *protocol.Query) []protocol.Listed {
	if q == nil {
		q = &protocol.Query{}
	}
	sort, down := strings.CutPrefix(q.Sort, "-")
	found := d.ranked[:0]
next:
	for _, r := range d.public {
		if r.game != game || r.build != build || !r.late && r.playing() || r.opens > d.box.now && r.revived {
			continue
		}
		for i := range q.Where {
			if !r.meets(&q.Where[i]) {
				continue next
			}
		}
		k := ranked{room: r}
		switch sort {
		case "", "age":
			k.by = int64(r.born)
		case "members":
			k.by = int64(r.places(nil))
		default:
			if f := r.fact(sort); f != nil && f.isNumber {
				k.by = f.number
			} else {
				k.last = true
			}
		}
		found = append(found, k)
	}
	d.ranked = found
	slices.SortFunc(found, func(a, b ranked) int {
		if a.last != b.last {
			if b.last {
				return -1
			}
			return 1
		}
		by := cmp.Compare(a.by, b.by)
		if down {
			by = -by
		}
		return cmp.Or(by, a.room.born-b.room.born)
	})
	limit := q.Limit
	if limit <= 0 || limit > protocol.MaxList {
		limit = protocol.MaxList
	}
	found = found[:min(limit, len(found))]
	answer, size := make([]protocol.Listed, 0, len(found)), 0
	for _, k := range found {
		l := protocol.Listed{Code: k.room.code, Members: k.room.places(nil), Min: k.room.min, Max: k.room.max, Playing: k.room.playing(), Meta: k.room.meta}
		if size += k.room.weight(); size > protocol.MaxMessage {
			break
		}
		answer = append(answer, l)
	}
	clear(d.ranked) // No room is kept by it.
	return answer
}
