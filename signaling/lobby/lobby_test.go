package lobby

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// counter is a source of numbers that comes out the same every time.
func counter() func() uint64 {
	n := uint64(0)
	return func() uint64 {
		n += 0x9e3779b97f4a7c15
		z := (n ^ n>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
}

// A story is a list of events, one in a line, and under each what comes out.
//
//	1 enter /pong build=1 resume=$1   ($1: the token of connection 1's welcome)
//	1 state round=1 ready linked=2
//	1 signal to=2 payload=x
//	1 leave, 1 lost, tick 30, restart
type teller struct {
	lobby  *Lobby
	tokens map[string]string
	codes  map[string]string
	b      strings.Builder
}

func (s *teller) tell(line string) {
	fmt.Fprintln(&s.b, line)
	f := strings.Fields(line)
	if len(f) == 0 || f[0] == "#" {
		return
	}
	if f[0] == "tick" {
		n, _ := strconv.Atoi(f[1])
		for range n {
			s.show(s.lobby.Tick())
		}
		return
	}
	if f[0] == "restart" { // with nothing in its head but its key
		s.lobby = New(s.lobby.box.limits, s.lobby.box.random)
		return
	}
	n, _ := strconv.Atoi(f[0])
	c := Conn(n)
	m := protocol.Message{Kind: protocol.Kind(f[1])}
	for _, arg := range f[2:] {
		k, v, _ := strings.Cut(arg, "=")
		if t, ok := strings.CutPrefix(v, "$"); ok {
			v = s.tokens[t]
		}
		number, _ := strconv.Atoi(v)
		switch k {
		case "build":
			m.Build = v
		case "resume":
			m.Resume = v
		case "who":
			m.Who = v
		case "self":
			m.Self = protocol.ID(number)
		case "open":
			m.Open = number
		case "round":
			m.Round = number
		case "ready":
			m.Ready = true
		case "data":
			m.Data = []byte(v)
		case "to":
			m.To = protocol.ID(number)
		case "payload":
			m.Payload = []byte(v)
		case "locked":
			wish(&m).Locked = true
		case "public":
			wish(&m).Public = true
		case "late":
			wish(&m).Late = true
		case "setup":
			wish(&m).Data = []byte(v)
		case "meta":
			wish(&m).Meta = map[string]string{}
			for pair := range strings.SplitSeq(v, ",") {
				key, value, _ := strings.Cut(pair, ":")
				m.Room.Meta[key] = value
			}
		case "near":
			m.Near = map[string]int{}
			for pair := range strings.SplitSeq(v, ",") {
				key, value, _ := strings.Cut(pair, ":")
				m.Near[key], _ = strconv.Atoi(value)
			}
		case "where":
			term := protocol.Term{Key: v}
			if key, lowest, least := strings.Cut(v, ">"); least {
				n, _ := strconv.ParseInt(lowest, 10, 64)
				term = protocol.Term{Key: key, Min: &n}
			} else if key, highest, most := strings.Cut(v, "<"); most {
				n, _ := strconv.ParseInt(highest, 10, 64)
				term = protocol.Term{Key: key, Max: &n}
			} else if key, value, is := strings.Cut(v, ":"); is {
				term = protocol.Term{Key: key, Is: value}
			}
			query(&m).Where = append(m.Query.Where, term)
		case "sort":
			query(&m).Sort = v
		case "limit":
			query(&m).Limit = number
		case "linked":
			for id := range strings.SplitSeq(v, ",") {
				number, _ := strconv.Atoi(id)
				m.Linked = append(m.Linked, protocol.ID(number))
			}
		}
	}
	switch f[1] {
	case "enter", "list":
		path, query, _ := strings.Cut(f[2], "?")
		if game, conn, of := strings.Cut(path, "$"); of { // the room of a connection
			path = game + s.codes[conn]
		}
		place, err := protocol.ParsePlace(path, strings.TrimSuffix(strings.TrimPrefix(query, "players="), "&new"), strings.HasSuffix(query, "new"))
		if err != nil {
			fmt.Fprintln(&s.b, "\t", err)
			return
		}
		if f[1] == "enter" {
			m.Kind = protocol.Hello
		}
		s.show(s.lobby.Enter(c, place, m))
	case "lost":
		s.show(s.lobby.Lost(c))
	default:
		s.show(s.lobby.Hear(c, &m))
	}
}

func (s *teller) show(outs []Out) {
	for _, o := range outs {
		m := o.Message
		fmt.Fprintf(&s.b, "\t-> %d ", o.To)
		switch m.Kind {
		case protocol.Welcome:
			s.tokens[fmt.Sprint(o.To)], s.codes[fmt.Sprint(o.To)] = m.Token, m.Code
			fmt.Fprintf(&s.b, "welcome: self %d in %s, %d-%d, round %d, %s", m.Self, m.Code, m.Min, m.Max, m.Round, people(m.Members))
			if d := demands(m.Room); d != "leader 1" {
				fmt.Fprintf(&s.b, ", %s", d)
			}
			if m.Match != nil {
				fmt.Fprintf(&s.b, ", in match %d %v", m.Match.Round, m.Match.Seats)
			}
		case protocol.Update:
			fmt.Fprintf(&s.b, "update: round %d", m.Round)
			if len(m.Members) > 0 {
				fmt.Fprintf(&s.b, ", %s", people(m.Members))
			}
			if m.Room != nil {
				fmt.Fprintf(&s.b, ", %s", demands(m.Room))
			}
		case protocol.Rooms:
			fmt.Fprint(&s.b, "rooms:")
			for _, r := range m.Rooms {
				playing := ""
				if r.Playing {
					playing = " playing"
				}
				fmt.Fprintf(&s.b, " %s %d of %d-%d%s%s;", r.Code, r.Members, r.Min, r.Max, playing, pairs(r.Meta))
			}
		case protocol.Left:
			fmt.Fprintf(&s.b, "left: %d", m.From)
		case protocol.Signal:
			fmt.Fprintf(&s.b, "signal: from %d, %s", m.From, m.Payload)
		case protocol.Start:
			fmt.Fprintf(&s.b, "start: round %d, seats %v, setup %q", m.Match.Round, m.Match.Seats, m.Match.Setup)
		case protocol.Error:
			fmt.Fprintf(&s.b, "error: %s: %s", m.Code, m.Text)
		}
		if o.Close {
			fmt.Fprint(&s.b, " close")
		}
		fmt.Fprintln(&s.b)
	}
}

func wish(m *protocol.Message) *protocol.Room {
	if m.Room == nil {
		m.Room = &protocol.Room{}
	}
	return m.Room
}

func query(m *protocol.Message) *protocol.Query {
	if m.Query == nil {
		m.Query = &protocol.Query{}
	}
	return m.Query
}

// demands is what a room is.
func demands(r *protocol.Room) string {
	s := fmt.Sprintf("leader %d", r.Leader)
	if r.Locked {
		s += " locked"
	}
	if r.Public {
		s += " public"
	}
	if r.Late {
		s += " late"
	}
	if len(r.Data) > 0 {
		s += fmt.Sprintf(" %q", r.Data)
	}
	return s + pairs(r.Meta)
}

func pairs(meta map[string]string) (s string) {
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		s += fmt.Sprintf(" %s:%s", k, meta[k])
	}
	return s
}

func people(list []protocol.Member) string {
	var s []string
	for _, m := range list {
		t := fmt.Sprintf("%d@%d", m.ID, m.Round)
		if m.Ready {
			t += " ready"
		}
		if m.Away {
			t += " away"
		}
		if len(m.Data) > 0 {
			t += " " + string(m.Data)
		}
		s = append(s, t)
	}
	return "[" + strings.Join(s, "; ") + "]"
}

var rewrite = flag.Bool("rewrite", false, "accept what the stories tell now")

// Stories are read as prose.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { story(t, name) })
	}
}

func story(t *testing.T, name string) {
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	s := &teller{}
	for line := range strings.Lines(string(want)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		if strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "# (") {
			got.WriteString(s.b.String())
			s = &teller{lobby: New(Limits{Rooms: 4, Grace: 30, PlayGrace: 600, Knows: true}, counter()), tokens: map[string]string{}, codes: map[string]string{}}
		}
		s.tell(line)
	}
	got.WriteString(s.b.String())
	if *rewrite {
		if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	g, w := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("line %d of %s: got\n%s", i+1, name, strings.Join(g[min(i, len(g)):min(i+3, len(g))], "\n"))
		}
	}
}

func TestCodesAreSpoken(t *testing.T) {
	l := New(Limits{}, counter())
	seen := map[string]bool{}
	for range 1000 {
		c := l.code()
		if len(c) != 5 || strings.Trim(c, protocol.Letters) != "" || strings.ContainsAny(c, "0O1IL") {
			t.Fatal(c)
		}
		seen[c] = true
	}
	if len(seen) < 990 {
		t.Fatalf("%d codes of 1000", len(seen))
	}
}

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
				outs = l.Enter(c, p, hello)
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
				}})
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
					t.Fatal("who was put out is in")
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

// Right after a start whoever comes by a code is asked to come again: those whose
// room it was are on their way. When they are back it comes in; when nobody is,
// there is no such room.
func TestAStartSettles(t *testing.T) {
	l := New(Limits{Settle: 2}, counter())
	place := protocol.Place{Game: "pong", Code: "KQ7XP", Min: 2, Max: 2}
	come := func(c Conn, hello protocol.Message, want string) {
		t.Helper()
		hello.Kind = protocol.Hello
		m := l.Enter(c, place, hello)[0].Message
		if got := string(m.Kind) + m.Code; got != want || (m.After > 0) != (m.Code == protocol.CodeClosing) {
			t.Errorf("connection %d: %+v, want %s", c, m, want)
		}
	}
	come(1, protocol.Message{}, "errorclosing")
	l.Tick()
	come(2, protocol.Message{}, "errorclosing")
	come(3, protocol.Message{Resume: strings.Repeat("a", 32), Self: 7, Round: 3}, "welcomeKQ7XP")
	come(4, protocol.Message{}, "welcomeKQ7XP")
	place.Code = "BCDFG"
	l.Tick()
	come(5, protocol.Message{}, "errorroom")
}
