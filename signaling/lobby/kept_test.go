package lobby

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// keeper is a lobby and who comes to it.
type keeper struct {
	*Lobby
	last   Conn
	forgot map[Forgotten]int
}

func newKeeper(l Limits) *keeper {
	c := &keeper{forgot: map[Forgotten]int{}}
	l.Forgot = func(f Forgotten) { c.forgot[f]++ }
	c.Lobby = New(l, rand.New(rand.NewPCG(1, 2)).Uint64)
	return c
}

// come enters a room, a new one if code is empty.
func (c *keeper) come(network, code string, data int) (Conn, protocol.Message) {
	c.last++
	hello := protocol.Message{Kind: protocol.Hello, Build: "1"}
	if data > 0 {
		hello.Room = &protocol.Room{Data: make([]byte, data)}
	}
	for _, o := range c.Enter(c.last, protocol.Place{Game: "toy", Code: code, Min: 2, Max: 4, New: code == ""}, hello, From{Network: network}) {
		if o.To == c.last {
			return c.last, o.Message
		}
	}
	return c.last, protocol.Message{}
}

// talk says so many bytes to another member.
func (c *keeper) talk(from Conn, to protocol.ID, bytes int) {
	for ; bytes > 0; bytes -= 16 << 10 {
		c.Hear(from, &protocol.Message{Kind: protocol.Signal, To: to, Payload: make([]byte, 16<<10)})
	}
}

// pair is two in a room: one who is to hear as much as is ever kept for anybody, and one who says it.
func (c *keeper) pair(network string, away bool) (conns [2]Conn, code string) {
	a, w := c.come(network, "", 4<<10)
	b, _ := c.come(network, w.Code, 0)
	if away {
		c.Lost(a)
	}
	c.talk(b, 1, protocol.MaxKeptBytes)
	return [2]Conn{a, b}, w.Code
}

func (c *keeper) of(network string) int { return c.box.books.of[network] }

// count adds up anew what the books say.
func (c *keeper) count(t *testing.T) {
	t.Helper()
	sums := map[string]int{}
	loose := 0
	for _, m := range c.tokens {
		sums[m.network] += m.weight()
		loose += m.loose()
	}
	if !maps.Equal(sums, c.box.books.of) || loose != c.box.books.loose {
		t.Fatalf("the books say %d: %v; there is %d: %v", c.box.books.loose, c.box.books.of, loose, sums)
	}
}

// However one network makes the lobby keep much, it is no more than its share, in
// memory, too; and others lose nothing by it.
func TestWhatANetworkKeeps(t *testing.T) {
	const share = 4 << 20
	for name, attack := range map[string]func(c *keeper, i int){
		"signals to members that are away":    func(c *keeper, _ int) { c.pair("bad", true) },
		"signals that nobody confirms":        func(c *keeper, _ int) { c.pair("bad", false) },
		"signals in rooms that all have left": func(c *keeper, _ int) { two, _ := c.pair("bad", true); c.Lost(two[1]) },
		"rooms that nobody is in":             func(c *keeper, _ int) { a, _ := c.come("bad", "", 4<<10); c.Lost(a) },
		"rooms that somebody is in":           func(c *keeper, _ int) { c.come("bad", "", 4<<10) },
		"large states": func(c *keeper, _ int) {
			a, _ := c.come("bad", "", 0)
			c.Hear(a, &protocol.Message{Kind: protocol.State, Data: make([]byte, protocol.MaxData)})
		},
		"small signals, which take more to keep": func(c *keeper, _ int) {
			a, w := c.come("bad", "", 0)
			b, _ := c.come("bad", w.Code, 0)
			c.Lost(a)
			for range protocol.MaxKept {
				c.Hear(b, &protocol.Message{Kind: protocol.Signal, To: 1})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newKeeper(Limits{Share: share, Rooms: 20_000})
			two, code := c.pair("good", true)
			before := heap()
			most := 0
			for i := range 1500 {
				attack(c, i)
				most = max(most, c.of("bad"))
				if i%100 == 0 {
					c.count(t)
				}
				if i%500 == 0 {
					c.Tick()
				}
			}
			if most > share+protocol.MaxKeptBytes {
				t.Errorf("%d bytes were kept at a time, the share is %d", most, share)
			}
			if grown := heap() - before; grown > 3*share {
				t.Errorf("the heap has grown by %d bytes, for a share of %d", grown, share)
			}
			t.Logf("%d bytes at most, heap %+d; forgotten: %v", most, heap()-before, c.forgot)
			if c.of("good") < protocol.MaxKeptBytes || c.conns[two[1]] == nil || c.conns[two[1]].room.code != code || len(c.conns[two[1]].room.members) != 2 {
				t.Error("others have lost something")
			}
			runtime.KeepAlive(c)
		})
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What nobody connected waits for is forgotten first.
func TestWhatIsForgottenFirst(t *testing.T) {
	var c *keeper
	room := func(n string) *room {
		for _, r := range c.rooms {
			if string(r.data) == n {
				return r
			}
		}
		return nil
	}
	// Five kinds of members, each so large that a step must free what it can.
	fill := func() {
		c = newKeeper(Limits{Share: 1 << 30})
		for _, n := range []string{"here", "played", "empty"} {
			a, w := c.come("net", "", 0)
			b, _ := c.come("net", w.Code, 0)
			c.Hear(a, &protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Data: []byte(n)}})
			c.talk(b, 1, 64<<10)
			if n != "here" {
				c.Lost(a)
			}
			if n == "empty" {
				c.Lost(b)
			}
			c.talk(b, 1, 64<<10)
		}
	}
	state := func() string {
		s := ""
		for _, n := range []string{"here", "played", "empty"} {
			r := room(n)
			if r == nil {
				s += "-"
				continue
			}
			s += fmt.Sprint(len(r.members))
			if slices.ContainsFunc(r.members, func(m *member) bool { return m.stream.Size() > 60<<10 }) {
				s += "+"
			}
		}
		return s
	}
	fill()
	var seen []string
	for limit := c.of("net"); limit > 0; limit -= 1 << 8 {
		fill()
		c.lighten(c.box.members["net"], append(forgetting[:], expelling), func() bool { return c.of("net") > limit })
		c.count(t)
		if now := state(); len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
	}
	want := []string{"2+2+2+", "2+2+1", "2+2+-", "2+2-", "22-", "21-", "11-", "-1-", "---"}
	if !slices.Equal(seen, want) {
		t.Errorf("one after another: %q, want %q", seen, want)
	}
}

// In all, too, and whoever has most pays for it.
func TestWhatIsKeptInAll(t *testing.T) {
	c := newKeeper(Limits{Share: 2 << 20, Kept: 8 << 20})
	good, _ := c.pair("good", true)
	for i := range 1000 {
		c.pair(fmt.Sprint("bad", i%20), true)
		if n := c.box.books.Loose(); n > 8<<20 {
			t.Fatalf("%d bytes are kept", n)
		}
	}
	c.count(t)
	if c.of("good") < protocol.MaxKeptBytes || len(c.conns[good[1]].room.members) != 2 {
		t.Error("who has little has lost something")
	}
	c.Close()
	if c.box.books.loose != 0 || len(c.box.books.of) != 0 {
		t.Errorf("at the end the books say %d, %v", c.box.books.loose, c.box.books.of)
	}
}

// A server full of rooms that nobody is in has one for a newcomer.
func TestEmptyRoomsMakePlace(t *testing.T) {
	c := newKeeper(Limits{Rooms: 10})
	stays, _ := c.come("", "", 0)
	for range 9 {
		a, _ := c.come("", "", 0)
		c.Lost(a)
	}
	for i := range 9 {
		if _, w := c.come("", "", 0); w.Kind != protocol.Welcome {
			t.Errorf("newcomer %d: %+v", i, w)
		}
	}
	if _, w := c.come("", "", 0); w.Code != protocol.CodeBusy {
		t.Errorf("where somebody is in each room: %+v", w)
	}
	if c.conns[stays] == nil {
		t.Error("somebody's room was forgotten")
	}
}

// Where many keep little it is done for many at a time, or it would take much of a
// processor: whoever has to go is looked for among all.
func TestForgettingIsSeldom(t *testing.T) {
	const kept = 2 << 20
	c := newKeeper(Limits{Kept: kept, Rooms: 20_000})
	times, bytes := 0, 0
	for i := range 4000 {
		before := c.forgot[ForgotRoom]
		a, _ := c.come(fmt.Sprint(i), "", 1<<10)
		bytes += c.of(fmt.Sprint(i))
		c.Lost(a)
		if c.forgot[ForgotRoom] > before {
			times++
		}
		if n := c.box.books.Loose(); n > kept {
			t.Fatalf("%d bytes are kept", n)
		}
	}
	if most := bytes / (kept / 8); times == 0 || times > most {
		t.Errorf("something was forgotten %d times, of %d at most", times, most)
	}
}
