package lobby

import (
	"flag"
	"fmt"
	"os"
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
//	1 leave, 1 lost, tick 30
type teller struct {
	lobby  *Lobby
	tokens map[string]string
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
		case "linked":
			for id := range strings.SplitSeq(v, ",") {
				number, _ := strconv.Atoi(id)
				m.Linked = append(m.Linked, protocol.ID(number))
			}
		}
	}
	switch f[1] {
	case "enter":
		path, query, _ := strings.Cut(f[2], "?")
		place, err := protocol.ParsePlace(path, strings.TrimSuffix(strings.TrimPrefix(query, "players="), "&new"), strings.HasSuffix(query, "new"))
		if err != nil {
			fmt.Fprintln(&s.b, "\t", err)
			return
		}
		m.Kind = protocol.Hello
		s.show(s.lobby.Enter(c, place, m))
	case "lost":
		s.show(s.lobby.Lost(c))
	default:
		s.show(s.lobby.Hear(c, m))
	}
}

func (s *teller) show(outs []Out) {
	for _, o := range outs {
		m := o.Message
		fmt.Fprintf(&s.b, "\t-> %d ", o.To)
		switch m.Kind {
		case protocol.Welcome:
			s.tokens[fmt.Sprint(o.To)] = m.Token
			fmt.Fprintf(&s.b, "welcome: self %d in %s, %d-%d, round %d, %s", m.Self, m.Code, m.Min, m.Max, m.Round, people(m.Members))
			if m.Match != nil {
				fmt.Fprintf(&s.b, ", in match %d %v", m.Match.Round, m.Match.Seats)
			}
		case protocol.Update:
			fmt.Fprintf(&s.b, "update: round %d, %s", m.Round, people(m.Members))
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
	const name = "testdata/stories.txt"
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
			s = &teller{lobby: New(Limits{Rooms: 3, Grace: 30, PlayGrace: 600}, counter()), tokens: map[string]string{}}
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
		if len(c) != 5 || strings.Trim(c, letters) != "" || strings.ContainsAny(c, "0O1IL") {
			t.Fatal(c)
		}
		seen[c] = true
	}
	if len(seen) < 990 {
		t.Fatalf("%d codes of 1000", len(seen))
	}
}

// FuzzLobby throws events of any order at a lobby and asks after each that its
// books agree with one another.
func FuzzLobby(f *testing.F) {
	f.Add([]byte{0, 1, 10, 1, 20, 1, 30, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		l := New(Limits{Rooms: 3, Grace: 2, PlayGrace: 4}, counter())
		tokens := []string{"", "x"}
		for len(b) >= 3 {
			c, x := Conn(b[1]%8+1), b[2]
			var outs []Out
			switch b[0] % 8 {
			case 0, 1:
				p := protocol.Place{Game: "g", Min: 2, Max: 2 + int(x>>2&1), Code: []string{"", "A", "a", "B"}[x&3], New: x&64 != 0}
				outs = l.Enter(c, p, protocol.Message{Kind: protocol.Hello, Build: "1", Resume: tokens[int(x)%len(tokens)], Self: protocol.ID(x >> 4), Round: int(x)})
			case 2, 3, 4:
				m := protocol.Message{Kind: protocol.State, Round: int(x & 3), Ready: x&4 != 0}
				for id := protocol.ID(1); id < 6; id++ {
					if x>>id&1 == 0 {
						m.Linked = append(m.Linked, id)
					}
				}
				outs = l.Hear(c, m)
			case 5:
				outs = l.Hear(c, protocol.Message{Kind: []protocol.Kind{protocol.Leave, protocol.Signal, "junk"}[x%3], To: protocol.ID(x)})
			case 6:
				outs = l.Lost(c)
			case 7:
				outs = l.Tick()
			}
			for _, o := range outs {
				if o.Message.Kind == protocol.Welcome {
					tokens = append(tokens, o.Message.Token)
				}
				if o.To == 0 {
					t.Fatal("a message to nobody")
				}
			}
			check(t, l)
			b = b[3:]
		}
	})
}

// check compares the lobby's books.
func check(t *testing.T, l *Lobby) {
	t.Helper()
	members := 0
	for k, r := range l.rooms {
		if k != key(r.game, r.code) || len(r.members) == 0 || len(r.members) > r.max {
			t.Fatalf("room %s: %d members of %d", k, len(r.members), r.max)
		}
		members += len(r.members)
		if !slices.IsSortedFunc(r.members, func(a, b *member) int { return int(a.id) - int(b.id) }) {
			t.Fatal("members out of order")
		}
		for _, m := range r.members {
			if l.tokens[m.token] != m || m.room != r || m.id > r.last && !slices.Contains(r.back, m.id) {
				t.Fatalf("member %d is not on the books", m.id)
			}
			if (m.conn != 0) != (l.conns[m.conn] == m) || (m.conn == 0) != slices.Contains(l.waiting, m) {
				t.Fatalf("member %d: connection %d", m.id, m.conn)
			}
		}
		if r.complete() {
			t.Fatal("a round that can start has not")
		}
	}
	if members != len(l.tokens) || len(l.conns)+len(l.waiting) != members || len(l.rooms) > l.limits.Rooms {
		t.Fatalf("%d members, %d tokens, %d connections, %d waiting", members, len(l.tokens), len(l.conns), len(l.waiting))
	}
	for _, r := range l.open {
		if l.rooms[key(r.game, r.code)] != r {
			t.Fatal("an open room that is gone")
		}
	}
}
