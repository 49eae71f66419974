package lobby

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
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
	here     bool // welcomed; what is said before waits
	token    string
	self     protocol.ID
	code     string
	members  []protocol.ID
	round    int // that it plays or waits for
	next     int // of the room, as last heard
	playing  bool
	started  int
	stream   protocol.Stream
	told     map[protocol.ID]int // how many signals this guest has sent to each
	heard    map[protocol.ID]int // and the number of the last that came from each
	resumed  int
	signals  int           // heard
	room     protocol.Room // as last heard
	changes  int           // of it, by this guest
	kicks    int           // that ended a time in a room
	late     int           // times that it came while others played
	broken   string
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

// say says something as soon as there is a connection.
func (g *guest) say(m protocol.Message) {
	g.stream.Say(&m)
	m.Ack = g.stream.Heard
	if g.here {
		g.up = append(g.up, m)
	}
}

// tell sends a signal that holds its number among those of this guest to that one.
func (g *guest) tell(id protocol.ID) {
	g.told[id]++
	g.say(protocol.Message{Kind: protocol.Signal, To: id, Payload: binary.AppendUvarint(nil, uint64(g.told[id]))})
}

// fresh forgets what was of another room.
func (g *guest) fresh() {
	g.stream.Fresh()
	g.told, g.heard = map[protocol.ID]int{}, map[protocol.ID]int{}
}

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
	g.conn, g.cut, g.here, g.up, g.down = w.last, false, false, nil, nil
	g.playing = g.playing && g.token != ""
	if g.token == "" && w.rng.IntN(2) == 0 { // by a link
		g.code = w.clients[w.rng.IntN(len(w.clients))].code
	}
	g.up = append(g.up, protocol.Message{Kind: protocol.Hello, Build: "1", Resume: g.token, Self: g.self, Round: g.next, Ack: g.stream.Heard})
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
	case faults && g.here && w.rng.IntN(200) == 0:
		g.say(protocol.Message{Kind: protocol.Leave})
		g.token, g.self, g.code, g.round, g.playing, g.members = "", 0, "", 0, false, nil
	case n < 4 && len(g.up) > 0:
		m := g.up[0]
		g.up = g.up[1:]
		if m.Kind == protocol.Hello {
			w.deliver(w.lobby.Enter(g.conn, w.place(g), m))
		} else {
			w.deliver(w.lobby.Hear(g.conn, &m))
		}
	case n < 8 && len(g.down) > 0:
		m := g.down[0]
		g.down = g.down[1:]
		g.hear(m)
	case g.cut && len(g.down) == 0:
		w.lose(g)
	case faults && g.here && g.self == g.room.Leader && w.rng.IntN(60) == 0:
		g.changes++
		g.say(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Data: binary.AppendUvarint(nil, w.rng.Uint64()), Public: w.rng.IntN(2) == 0, Late: w.rng.IntN(2) == 0}})
	case faults && g.here && g.self == g.room.Leader && w.rng.IntN(200) == 0 && len(g.members) > 1:
		g.say(protocol.Message{Kind: protocol.Kick, To: g.members[w.rng.IntN(len(g.members))]})
	case n == 8 && g.playing:
		g.playing = false
		g.round = g.next
		g.state()
	case n == 9 && g.self != 0 && len(g.members) > 1:
		if id := g.members[w.rng.IntN(len(g.members))]; id != g.self {
			g.tell(id)
		}
	}
}

func (g *guest) hear(m protocol.Message) {
	if m.Kind != protocol.Welcome && !g.stream.Hear(&m) {
		return
	}
	switch m.Kind {
	case protocol.Error:
		if !m.Ends() {
			return // It was the leader a moment ago.
		}
		if m.Code == protocol.CodeKicked {
			g.kicks++
		}
		g.fresh()
		g.token, g.self, g.code, g.members, g.playing, g.round = "", 0, "", nil, false, 0 // Elsewhere, as a new one.
	case protocol.Welcome:
		g.stream.Heard, g.here = m.Seq, true
		if m.Self != g.self {
			g.fresh()
		}
		kept, _ := g.stream.Since(m.Ack)
		g.up = append(g.up, kept...)
		if m.Resumed {
			g.resumed++
			g.state()
			return
		}
		g.heard = map[protocol.ID]int{} // What was missed of the signals is lost.
		g.token, g.self, g.code = m.Token, m.Self, m.Code
		g.members, g.next, g.room = nil, m.Round, *m.Room
		for _, o := range m.Members {
			g.members = append(g.members, o.ID)
		}
		if m.Match != nil && slices.Contains(m.Match.Seats, g.self) && m.Match.Round >= g.round {
			g.round, g.playing = m.Match.Round, true
		} else if m.Match != nil {
			g.late++
		}
		if !g.playing {
			g.round = m.Round
		}
		g.state()
	case protocol.Update:
		if m.Room != nil {
			g.room = *m.Room
		}
		if len(m.Members) == 0 {
			return
		}
		if id := m.Members[0].ID; !slices.Contains(g.members, id) {
			g.members = append(g.members, id)
		}
		g.next = m.Round
		if !g.playing {
			g.round = g.next
		}
		g.state()
	case protocol.Signal:
		n, _ := binary.Uvarint(m.Payload)
		if last, known := g.heard[m.From]; known && int(n) != last+1 {
			g.broken = fmt.Sprintf("after signal %d of %d came %d", last, m.From, n)
		}
		g.heard[m.From] = int(n)
		g.signals++
	case protocol.Left:
		g.members = slices.DeleteFunc(g.members, func(id protocol.ID) bool { return id == m.From })
		g.state()
	case protocol.Start:
		g.round, g.next, g.playing = m.Match.Round, m.Match.Round+1, true
		g.started++
	}
}

var kicks, changes, lates atomic.Int64 // of all interleavings

// People who want to play do play, whatever order things come in, nobody's
// ghost stays, and who comes back hears every signal once, in order.
func TestPeopleWhoWantToPlayDoPlay(t *testing.T) {
	var resumed, signals atomic.Int64
	kicks.Store(0)
	changes.Store(0)
	lates.Store(0)
	t.Run("all", func(t *testing.T) {
		const parts = 8
		for part := range uint64(parts) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for seed := part; seed < interleavings; seed += parts {
					r, s := play(t, seed)
					resumed.Add(int64(r))
					signals.Add(int64(s))
				}
			})
		}
	})
	t.Logf("%d resumed, %d signals, %d changes of rooms, %d kicks, %d came late", resumed.Load(), signals.Load(), changes.Load(), kicks.Load(), lates.Load())
	if resumed.Load() < interleavings || signals.Load() < 10*interleavings || changes.Load() < interleavings || kicks.Load() < interleavings/10 || lates.Load() < interleavings/20 {
		t.Error("too few to say anything")
	}
}

// play is one of these, and counts what it has seen.
func play(t *testing.T, seed uint64) (resumed, signals int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, rng: rng, lobby: New(Limits{Grace: 5, PlayGrace: 10}, rng.Uint64)}
	for range 6 {
		g := &guest{}
		g.fresh()
		w.clients = append(w.clients, g)
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
	for range 5 {
		run(100, true)
	}
	// All is well from here on: away members come back or are given up, and everybody with company plays.
	run(1500, false)
	for _, g := range w.clients {
		g.started = 0
	}
	run(1000, false)
	for i, g := range w.clients {
		r := w.lobby.rooms[key("g", g.code)]
		if r == nil || r.member(g.self) == nil {
			t.Fatalf("seed %d: guest %d thinks it is %d in %s", seed, i, g.self, g.code)
		}
		if g.broken != "" {
			t.Fatalf("seed %d: guest %d: %s", seed, i, g.broken)
		}
		if g.room.Leader != r.leader || !bytes.Equal(g.room.Data, r.data) || g.room.Public != r.public || g.room.Late != r.late {
			t.Fatalf("seed %d: guest %d was told %+v of a room with %d, %x, %t, %t", seed, i, g.room, r.leader, r.data, r.public, r.late)
		}
		kicks.Add(int64(g.kicks))
		changes.Add(int64(g.changes))
		lates.Add(int64(g.late))
		resumed += g.resumed
		signals += g.signals
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
	if rooms, members := w.lobby.Count(); rooms+members+len(w.lobby.open)+len(w.lobby.public)+len(w.lobby.conns)+len(w.lobby.waiting) != 0 {
		t.Fatalf("seed %d: %d rooms and %d members are ghosts", seed, rooms, members)
	}
	return resumed, signals
}
