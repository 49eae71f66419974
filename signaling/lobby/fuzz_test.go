package lobby

import (
	"fmt"
	"slices"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// FuzzLobby throws streams of messages of any order at a lobby and asks after
// each that its books agree with one another.
func FuzzLobby(f *testing.F) {
	f.Add([]byte{0, 1, 10, 1, 20, 1, 30, 2})
	f.Add([]byte{0, 1, 4, 0, 2, 2, 8, 1, 0x8d, 9, 1, 2, 0, 2, 6, 8, 2, 0, 10, 3, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		l := New(Limits{Rooms: 3, Grace: 2, PlayGrace: 4}, counter())
		tokens, codes := []string{"", "x"}, []string{"", "A", "a", "B"}
		kicked := map[string]bool{}
		for len(b) >= 3 {
			c, x := Conn(b[1]%8+1), b[2]
			var outs []Out
			switch b[0] % 11 {
			case 0, 1:
				p := protocol.Place{Game: "g", Min: 2, Max: 2 + int(x>>2&1), Code: codes[int(x)%len(codes)], New: x&64 != 0}
				hello := protocol.Message{Kind: protocol.Hello, Build: "1", Resume: tokens[int(x)%len(tokens)], Self: protocol.ID(x >> 4), Round: int(x), Open: int(x & 1)}
				if x&128 != 0 {
					hello.Room, hello.Near = &protocol.Room{Public: x&1 != 0, Locked: x&2 != 0}, map[string]int{"a": int(x), string(x&1 + 'b'): 1}
				}
				outs = l.Enter(c, p, hello, From{})
			case 2, 3, 4:
				m := protocol.Message{Kind: protocol.State, Round: int(x & 3), Ready: x&4 != 0}
				for id := protocol.ID(1); id < 6; id++ {
					if x>>id&1 == 0 {
						m.Linked = append(m.Linked, id)
					}
				}
				outs = l.Hear(c, &m)
			case 5:
				outs = l.Hear(c, &protocol.Message{Kind: []protocol.Kind{protocol.Leave, protocol.Signal, "junk", protocol.Hello, protocol.List, protocol.Welcome}[x%6], To: protocol.ID(x)})
			case 6:
				outs = l.Lost(c)
			case 7:
				outs = l.Tick()
			case 8:
				m := protocol.Message{Kind: protocol.SetRoom, Seq: uint64(x >> 6)}
				if x&1 == 0 {
					m.Room = &protocol.Room{Leader: 9, Locked: x&2 != 0, Public: x&4 != 0, Meta: map[string]string{"n": fmt.Sprint(x)}}
				}
				outs = l.Hear(c, &m)
			case 9:
				if m := l.conns[c]; m != nil && m.id == m.room.leader && m.id != protocol.ID(x%8) {
					if out := m.room.member(protocol.ID(x % 8)); out != nil {
						kicked[out.token] = true
					}
				}
				outs = l.Hear(c, &protocol.Message{Kind: protocol.Kick, To: protocol.ID(x % 8)})
			case 10:
				n := int64(x)
				outs = l.Enter(c+100, protocol.Place{Game: "g"}, protocol.Message{Kind: protocol.List, Build: "1", Query: &protocol.Query{
					Where: []protocol.Term{{Key: "n", Min: &n}}[:x&1], Sort: []string{"", "-age", "n", "-n", "members"}[x%5], Limit: int(x % 3),
				}}, From{})

				for _, r := range outs[0].Message.Rooms {
					if room := l.rooms[key("g", r.Code)]; room == nil || !room.public || room.locked || room.playing() || r.Members != room.places(nil) || r.Members >= r.Max {
						t.Fatalf("%+v is in the list", r)
					}
				}
			}
			for _, o := range outs {
				if o.Message.Kind == protocol.Welcome {
					tokens, codes = append(tokens, o.Message.Token), append(codes, o.Message.Code)
				}
				if o.To == 0 {
					t.Fatal("a message to nobody")
				}
			}
			check(t, l)
			for token := range kicked {
				if l.tokens[token] != nil {
					t.Fatal("a kicked member is in")
				}
			}
			b = b[3:]
		}
	})
}

// check compares the lobby's books.
func check(t *testing.T, l *Lobby) {
	t.Helper()
	members := 0
	for k, r := range l.rooms {
		if l.learned[k] != nil {
			t.Fatalf("room %s is there, and is waited for", k)
		}
		if k != key(r.game, r.code) || len(r.members) == 0 || len(r.members) > protocol.MaxMembers {
			t.Fatalf("room %s: %d members of %d", k, len(r.members), r.max)
		}
		members += len(r.members)
		if !slices.IsSortedFunc(r.members, func(a, b *member) int { return int(a.id) - int(b.id) }) {
			t.Fatal("members out of order")
		}
		for _, m := range r.members {
			if l.tokens[m.token] != m || m.room != r || m.id > r.last {
				t.Fatalf("member %d is not on the books", m.id)
			}
			if (m.conn != 0) != (l.conns[m.conn] == m) || (m.conn == 0) != slices.Contains(l.waiting, m) {
				t.Fatalf("member %d: connection %d", m.id, m.conn)
			}
		}
		if r.party() != nil {
			t.Fatal("a round that can start has not")
		}
		if r.lead() {
			t.Fatalf("nobody was told that %d leads", r.leader)
		}
		place := r.has() && !r.locked
		if slices.Contains(l.uneasy, r) != r.uneasy() {
			t.Fatalf("room %s is uneasy: %t", k, r.uneasy())
		}
		if slices.Contains(l.open, r) != (r.open && place) || slices.Contains(l.public, r) != (r.public && place) {
			t.Fatalf("room %s is not on the lists where it belongs: open %t, public %t, place %t", k, r.open, r.public, place)
		}
	}
	if members != len(l.tokens) || len(l.conns)+len(l.waiting) != members || len(l.rooms) > l.box.limits.Rooms {
		t.Fatalf("%d members, %d tokens, %d connections, %d waiting", members, len(l.tokens), len(l.conns), len(l.waiting))
	}
	if len(l.past) != len(l.over) || len(l.past) > l.box.limits.Rooms {
		t.Fatalf("%d codes are over, and %d", len(l.past), len(l.over))
	}
	for _, list := range [][]*room{l.open, l.public} {
		if !slices.IsSortedFunc(list, func(a, b *room) int { return a.born - b.born }) {
			t.Fatal("a younger room comes before an older one")
		}
		for _, r := range list {
			if l.rooms[key(r.game, r.code)] != r {
				t.Fatal("a listed room that is gone")
			}
		}
	}
}
