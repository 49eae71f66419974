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
		s.show(s.lobby.Enter(c, place, m, From{}))
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

// A code is easy to say, and has so many letters that there are four million of
// its length for each that leads somewhere.
func TestCodesAreSpoken(t *testing.T) {
	l := New(Limits{Rooms: 20_000}, counter())
	place := protocol.Place{Game: "pong", Min: 2, Max: 2, New: true}
	lengths := map[int]int{}
	for i := range 20_000 {
		c := l.Enter(Conn(i+1), place, protocol.Message{Kind: protocol.Hello}, From{})[0].Message.Code
		if !protocol.Spoken(c) || strings.Trim(c, protocol.Letters) != "" || strings.ContainsAny(c, "0O1IL") {
			t.Fatal(c)
		}
		lengths[len(c)]++
	}
	if lengths[5] != 4 || lengths[6] != 114-4 || lengths[7] != 3216-114 || lengths[8] != 20_000-3216 {
		t.Errorf("so many codes have so many letters: %v", lengths)
	}
	for i := range 20_000 { // Codes that lead back to a room that is over can be guessed, too.
		l.Hear(Conn(i+1), &protocol.Message{Kind: protocol.Leave})
	}
	if c := l.code(); len(c) != 8 {
		t.Errorf("when all have left: %s", c)
	}
	for range 601 {
		l.Tick()
	}
	if c := l.code(); len(c) != 5 {
		t.Errorf("when no code leads back: %s", c)
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
		m := l.Enter(c, place, hello, From{})[0].Message
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
