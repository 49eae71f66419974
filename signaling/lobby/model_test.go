package lobby

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// world is a lobby and clients whose connections are slow in random ways and
// break: whatever order things come in, people who want to play do play.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	lobby   *Lobby
	clients []*guest
	last    Conn
}

// guest is a client that behaves: it links to everybody it hears of, plays
// what starts, and wants a rematch.
type guest struct {
	conn     Conn // zero: none
	up, down []protocol.Message
	cut      bool // the server has closed; what is in down is still read
	token    string
	self     protocol.ID
	code     string
	members  []protocol.ID
	round    int // that it plays or waits for
	next     int // of the room, as last heard
	playing  bool
	started  int
}

func (w *world) deliver(outs []Out) {
	for _, o := range outs {
		for _, g := range w.clients {
			if g.conn == o.To {
				if o.Message.Kind != "" {
					g.down = append(g.down, o.Message)
				}
				g.cut = g.cut || o.Close
			}
		}
	}
}

func (g *guest) say(m protocol.Message) { g.up = append(g.up, m) }

func (g *guest) state() {
	s := protocol.Message{Kind: protocol.State, Round: g.round, Ready: true}
	for _, id := range g.members {
		if id != g.self {
			s.Linked = append(s.Linked, id)
		}
	}
	g.say(s)
}

func (w *world) connect(g *guest) {
	w.last++
	g.conn, g.cut, g.up, g.down = w.last, false, nil, nil
	g.playing = g.playing && g.token != ""
	g.say(protocol.Message{Kind: protocol.Hello, Build: "1", Resume: g.token, Self: g.self, Round: g.next})
}

func (w *world) lose(g *guest) {
	c := g.conn
	g.conn = 0
	w.deliver(w.lobby.Lost(c))
}

func (w *world) place(g *guest) protocol.Place {
	return protocol.Place{Game: "g", Code: g.code, Min: 2, Max: 3}
}

func (w *world) step(g *guest, faults bool) {
	switch n := w.rng.IntN(10); {
	case g.conn == 0:
		w.connect(g)
	case faults && w.rng.IntN(60) == 0:
		w.lose(g)
	case faults && w.rng.IntN(200) == 0:
		g.say(protocol.Message{Kind: protocol.Leave})
		g.token, g.self, g.code, g.round, g.playing, g.members = "", 0, "", 0, false, nil
	case n < 4 && len(g.up) > 0:
		m := g.up[0]
		g.up = g.up[1:]
		if m.Kind == protocol.Hello {
			w.deliver(w.lobby.Enter(g.conn, w.place(g), m))
		} else {
			w.deliver(w.lobby.Hear(g.conn, m))
		}
	case n < 8 && len(g.down) > 0:
		m := g.down[0]
		g.down = g.down[1:]
		g.hear(m)
	case g.cut && len(g.down) == 0:
		w.lose(g)
	case n == 8 && g.playing:
		g.playing = false
		g.round = g.next
		g.state()
	}
}

func (g *guest) hear(m protocol.Message) {
	switch m.Kind {
	case protocol.Error:
		g.token, g.self, g.code, g.members, g.playing, g.round = "", 0, "", nil, false, 0 // Elsewhere, as a new one.
	case protocol.Welcome:
		g.token, g.self, g.code = m.Token, m.Self, m.Code
		g.members, g.next = nil, m.Round
		for _, o := range m.Members {
			g.members = append(g.members, o.ID)
		}
		if m.Match != nil && m.Match.Round >= g.round {
			g.round, g.playing = m.Match.Round, true
		}
		if !g.playing {
			g.round = m.Round
		}
		g.state()
	case protocol.Update:
		if id := m.Members[0].ID; !slices.Contains(g.members, id) {
			g.members = append(g.members, id)
		}
		g.next = m.Round
		if !g.playing {
			g.round = g.next
		}
		g.state()
	case protocol.Left:
		g.members = slices.DeleteFunc(g.members, func(id protocol.ID) bool { return id == m.From })
		g.state()
	case protocol.Start:
		g.round, g.next, g.playing = m.Match.Round, m.Match.Round+1, true
		g.started++
	}
}

func TestPeopleWhoWantToPlayDoPlay(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := &world{t: t, rng: rng, lobby: New(Limits{Grace: 5, PlayGrace: 10}, rng.Uint64)}
		for range 6 {
			w.clients = append(w.clients, &guest{})
		}
		run := func(steps int, faults bool) {
			for range steps {
				w.step(w.clients[rng.IntN(len(w.clients))], faults)
				if rng.IntN(50) == 0 {
					w.deliver(w.lobby.Tick())
				}
			}
			check(t, w.lobby)
		}
		for range 20 {
			run(100, true)
		}
		// All is well from here on: away members come back or are given up, and everybody with company plays.
		run(3000, false)
		for _, g := range w.clients {
			g.started = 0
		}
		run(3000, false)
		for i, g := range w.clients {
			r := w.lobby.rooms[key("g", g.code)]
			if r == nil || r.member(g.self) == nil {
				t.Fatalf("seed %d: guest %d thinks it is %d in %s", seed, i, g.self, g.code)
			}
			if len(r.members) >= 2 && g.started == 0 {
				t.Fatalf("seed %d: guest %d is stuck in %s with %d others", seed, i, g.code, len(r.members)-1)
			}
		}
		// And when all are gone, nothing is left.
		for _, g := range w.clients {
			if g.conn != 0 {
				w.lose(g)
			}
		}
		for range 11 {
			w.lobby.Tick()
		}
		if rooms, members := w.lobby.Count(); rooms+members+len(w.lobby.open)+len(w.lobby.conns)+len(w.lobby.waiting) != 0 {
			t.Fatalf("seed %d: %d rooms and %d members are ghosts", seed, rooms, members)
		}
	}
}
