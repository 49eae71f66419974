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
	forgot  bool // the server was restarted
}

// guest is a client that behaves: it links to everybody it hears of, plays
// what starts, and wants a rematch. It may lose its connection, sleep, die and
// be started again; a mute one never answers anybody.
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
	leftOut  int           // matches that started without it
	late     int           // times that it came while others played
	broken   string
	who      string // its identity, if it has one
	mute     bool   // it is linked to nobody, whatever it hears
	asleep   int    // steps that it will sleep
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
		if id != g.self && !g.mute {
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
	g.up = append(g.up, protocol.Message{Kind: protocol.Hello, Build: "1", Resume: g.token, Who: g.who, Self: g.self, Round: g.next, Ack: g.stream.Heard})
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
	if g.asleep > 0 {
		if g.asleep--; g.cut || g.conn != 0 && w.rng.IntN(20) == 0 { // What does not answer is lost to the server.
			w.lose(g)
		}
		return
	}
	switch n := w.rng.IntN(10); {
	case g.conn == 0:
		w.connect(g)
	case faults && w.rng.IntN(200) == 0:
		g.asleep = w.rng.IntN(100)
		sleeps.Add(1)
	case faults && w.rng.IntN(200) == 0: // It is killed, and started again by the link of its room.
		w.lose(g)
		g.fresh()
		g.stream = protocol.Stream{}
		g.token, g.self, g.round, g.next, g.playing, g.members = "", 0, 0, 0, false, nil
		deaths.Add(1)
	case faults && w.rng.IntN(60) == 0:
		w.lose(g)
	case faults && g.here && w.rng.IntN(200) == 0:
		g.say(protocol.Message{Kind: protocol.Leave})
		g.token, g.self, g.code, g.round, g.playing, g.members = "", 0, "", 0, false, nil
	case n < 4 && len(g.up) > 0:
		m := g.up[0]
		g.up = g.up[1:]
		if m.Kind == protocol.Hello {
			w.deliver(w.lobby.Enter(g.conn, w.place(g), m, From{}))
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
		g.say(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Data: binary.AppendUvarint(nil, w.rng.Uint64()), Public: w.rng.IntN(2) == 0, Late: w.rng.IntN(4) > 0}})
	case faults && g.here && g.self == g.room.Leader && w.rng.IntN(200) == 0 && len(g.members) > 1:
		g.say(protocol.Message{Kind: protocol.Kick, To: g.members[w.rng.IntN(len(g.members))]})
	case n == 8 && g.playing:
		g.playing = false
		g.round = g.next
		g.state()
	case n == 9 && g.self != 0 && len(g.members) > 1 && !g.mute:
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
		for _, m := range kept {
			m.Ack = g.stream.Heard
			g.up = append(g.up, m)
		}
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
		delete(g.heard, m.From) // It may come back as who it was, and say again what it kept.
		g.state()
	case protocol.Start:
		g.next = m.Match.Round + 1
		if !slices.Contains(m.Match.Seats, g.self) {
			g.leftOut++
			if !g.playing {
				g.round = g.next
			}
			g.state()
			return
		}
		g.round, g.playing = m.Match.Round, true
		g.started++
	}
}

// restart starts the server again, with nothing in its head but its key.
func (w *world) restart() {
	w.lobby = New(w.lobby.box.limits, w.rng.Uint64)
	for _, g := range w.clients {
		g.conn, g.cut, g.here = 0, false, false
	}
	w.forgot = true
	restarts.Add(1)
}

var kicks, changes, lates, sleeps, deaths, restarts atomic.Int64 // of all interleavings

// People who want to play do play, whatever order things come in, nobody's
// ghost stays, and who comes back hears every signal once, in order.
func TestPeopleWhoWantToPlayDoPlay(t *testing.T) {
	var resumed, signals atomic.Int64
	kicks.Store(0)
	changes.Store(0)
	for _, n := range []*atomic.Int64{&lates, &sleeps, &deaths, &restarts} {
		n.Store(0)
	}
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
	t.Logf("%d resumed, %d signals, %d changes of rooms, %d kicks, %d came late, %d slept, %d died, %d restarts", resumed.Load(), signals.Load(), changes.Load(), kicks.Load(), lates.Load(), sleeps.Load(), deaths.Load(), restarts.Load())
	if resumed.Load() < interleavings || signals.Load() < 10*interleavings || changes.Load() < interleavings || kicks.Load() < interleavings/10 || lates.Load() < interleavings/20 ||
		sleeps.Load() < interleavings || deaths.Load() < interleavings || restarts.Load() < interleavings/10 {
		t.Error("too few to say anything")
	}
}

// play is one of these, and counts what it has seen.
func play(t *testing.T, seed uint64) (resumed, signals int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, rng: rng, lobby: New(Limits{Grace: 20, PlayGrace: 30, Patience: 15, Key: []byte{byte(seed)}}, rng.Uint64)}
	for i := range 6 {
		g := &guest{mute: i == 0 && rng.IntN(3) == 0}
		if i > 1 { // Two of them are of one profile.
			g.who = fmt.Sprint("profile ", i/2)
		}
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
		if rng.IntN(10) == 0 {
			w.restart()
		}
	}
	// All is well from here on: away members come back or are given up, and everybody with company plays.
	run(2500, false)
	for _, g := range w.clients {
		g.started, g.leftOut = 0, 0
	}
	run(1000, false)
	for i, g := range w.clients {
		r := w.lobby.rooms[key("g", g.code)]
		if r == nil || r.member(g.self) == nil {
			t.Fatalf("seed %d: guest %d thinks it is %d in %s", seed, i, g.self, g.code)
		}
		if g.broken != "" && !w.forgot { // A server that has forgotten what it passed on is told again what was kept.
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
		answer := 0
		for _, o := range w.clients {
			if !o.mute && w.lobby.conns[o.conn] != nil && w.lobby.conns[o.conn].room == r {
				answer++
			}
		}
		if !g.mute && answer >= 2 && g.started == 0 && (g.leftOut == 0 || len(r.members) <= r.max) {

			t.Fatalf("seed %d: guest %d is stuck in %s with %d others:\n%s", seed, i, g.code, len(r.members)-1, w.tell(r))
		}
	}
	// And when all are gone, nothing is left.
	for _, g := range w.clients {
		if g.conn != 0 {
			w.lose(g)
		}
	}
	for range 31 {
		w.lobby.Tick()
	}
	if rooms, members := w.lobby.Count(); rooms+members+len(w.lobby.open)+len(w.lobby.public)+len(w.lobby.conns)+len(w.lobby.waiting) != 0 {
		t.Fatalf("seed %d: %d rooms and %d members are ghosts", seed, rooms, members)
	}
	return resumed, signals
}

// tell shows a room and those who think that they are in it.
func (w *world) tell(r *room) (text string) {
	for _, m := range r.members {
		text += fmt.Sprintf("member %d, connection %d, round %d of %d, linked to %v, ill since %d of %d, playing %t\n", m.id, m.conn, m.round, r.round, m.linked, m.ill, r.box.now, m.playing())
	}
	for i, g := range w.clients {
		if key("g", g.code) == key(r.game, r.code) {
			text += fmt.Sprintf("guest %d is %d, connection %d, mute %t, round %d, next %d, playing %t, started %d, left out %d, %d to say, %d to hear, members %v\n", i, g.self, g.conn, g.mute, g.round, g.next, g.playing, g.started, g.leftOut, len(g.up), len(g.down), g.members)
		}
	}
	return text
}
