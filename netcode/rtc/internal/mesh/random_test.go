package mesh

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

var seed = flag.Uint64("seed", 0, "play only this seed")

// TestRandomOrders plays rooms of two to four with the lobby of the server. The
// server is restarted, connections and links break, signals are lost; machines
// sleep, die and are started again, and some answer nobody, in every order that a
// seed may think of. Whatever happened, once it is over all that answer are in one
// room, linked, play the same match, and the next one after it.
func TestRandomOrders(t *testing.T) {
	var sum world
	const parts = 4
	t.Run("all", func(t *testing.T) {
		sums := make([]world, parts)
		for part := range uint64(parts) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for s := part + 1; s <= interleavings; s += parts {
					if *seed != 0 {
						s = *seed
					}
					w := playRoom(s)
					if w.err != nil {
						t.Fatalf("%v\ngo test ./netcode/rtc/internal/mesh -run TestRandomOrders -seed %d", w.err, s)
					}
					if *seed != 0 {
						return
					}
					sums[part].add(w)
				}
			})
		}
		t.Cleanup(func() {
			for i := range sums {
				sum.add(&sums[i])
			}
		})
	})
	t.Logf("%d restarts, %d lost, %d slept, %d died, %d rooms with a mute one, %d left out, %d numbered anew",
		sum.restarts, sum.lost, sum.sleeps, sum.deaths, sum.mutes, sum.leftOut, sum.anew)
	if *seed == 0 && !t.Failed() && min(sum.restarts, sum.lost, sum.sleeps, sum.deaths, sum.mutes, sum.leftOut, 10*sum.anew) < interleavings/10 {
		t.Error("too few to say anything")
	}
}

// A room of machines, the server, and what is on its way.
type world struct {
	*rand.Rand
	lobby    *lobby.Lobby
	limits   lobby.Limits
	machines []*machine
	links    []*link // that signalled
	conn     lobby.Conn
	ticks    int
	loss     float64
	trouble  bool
	down     int // ticks until the server is back
	err      error

	restarts, lost, sleeps, deaths, mutes, leftOut, anew int
}

func (w *world) add(o *world) {
	w.restarts, w.lost, w.sleeps, w.deaths = w.restarts+o.restarts, w.lost+o.lost, w.sleeps+o.sleeps, w.deaths+o.deaths
	w.mutes, w.leftOut, w.anew = w.mutes+o.mutes, w.leftOut+o.leftOut, w.anew+o.anew
}

type machine struct {
	Mesh
	name   string
	mute   bool
	conn   lobby.Conn // zero: none
	cut    bool       // the server has closed it
	token  string
	ack    uint64
	links  map[protocol.ID]*link
	inbox  []protocol.Message
	starts []string // matches
	asleep int      // ticks that it will sleep
	slept  int      // ticks that it has slept
	dead   int      // ticks until it is started again
	alone  int      // ticks in a match without anybody
}

type link struct {
	of          *machine
	offer, open bool
	confused    bool // it heard what was for another link, and will never open
	closed      bool
	age         int
	peer        *link // of the offer or answer that this end heard
}

const code = "FOX-DEN" // a name, and a room that no stranger is put into

func playRoom(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{Rand: r, loss: 0.2, limits: lobby.Limits{Key: []byte{byte(seed)}}}
	w.lobby = lobby.New(w.limits, r.Uint64)
	for i := range 2 + r.IntN(3) {
		w.machines = append(w.machines, w.boot(&machine{name: fmt.Sprint("m", i)}))
	}
	if r.IntN(3) == 0 {
		w.machines = append(w.machines, w.boot(&machine{name: "mute", mute: true}))
		w.mutes++
	}
	w.Shuffle(len(w.machines), func(i, j int) { w.machines[i], w.machines[j] = w.machines[j], w.machines[i] })
	w.run(200, nil)
	w.trouble, w.loss = true, 0.5
	w.run(200+r.IntN(500), nil)
	w.trouble, w.loss = false, 0
	last := ""
	for range 3 {
		if !w.run(3000, func() bool { m := w.together(); return m != "" && m != last }) {
			w.fail("no match of all that answer")
			break
		}
		last = w.together()
		for _, i := range r.Perm(len(w.machines)) {
			w.machines[i].EndMatch()
			w.obey(w.machines[i])
			w.run(r.IntN(5), nil)
		}
	}
	return w
}

// boot makes a new process of a machine.
func (w *world) boot(m *machine) *machine {
	*m = machine{name: m.name, mute: m.mute, links: map[protocol.ID]*link{}, dead: m.dead}
	m.SetReady(true)
	w.obey(m)
	return m
}

// together names the match in which all are that answer, if they are in one.
func (w *world) together() (match string) {
	for _, m := range w.machines {
		if m.mute {
			continue
		}
		if m.Match() == nil || match != "" && match != string(m.Match().Nonce) {
			return ""
		}
		match = string(m.Match().Nonce)
	}
	return match
}

func (w *world) fail(what string) {
	for _, m := range w.machines {
		what += fmt.Sprintf("\n  %s is %d, connection %d, round %d, match %v, stranded %t", m.name, m.self, m.conn, m.Round(), m.Match(), m.stranded)
		for _, p := range m.peers {
			what += fmt.Sprintf("\n    %d: %+v", p.ID, *p)
		}
	}
	if w.err == nil {
		w.err = fmt.Errorf("%s", what)
	}
}

// run lets ticks pass until ok, and reports whether it came to that.
func (w *world) run(ticks int, ok func() bool) bool {
	for range ticks {
		if ok != nil && ok() || w.err != nil {
			return w.err == nil
		}
		w.tick()
	}
	return ok != nil && ok()
}

func (w *world) tick() {
	w.ticks++
	if w.trouble && w.down == 0 && w.IntN(200) == 0 { // The server is killed, and started again with nothing in its head but its key.
		w.down = 1 + w.IntN(80)
		w.restarts++
		if w.IntN(4) == 0 { // Not even that.
			w.limits.Key = []byte{byte(w.Uint64())}
		}
		w.lobby = lobby.New(w.limits, w.Uint64)
		for _, m := range w.machines {
			m.conn, m.cut = 0, false
		}
	}
	if w.down > 0 {
		w.down--
	} else if w.ticks%TickRate == 0 {
		w.deliver(w.lobby.Tick())
	}
	for _, i := range w.Perm(len(w.machines)) {
		w.live(w.machines[i])
	}
}

// live lets a machine live for a tick, if it does.
func (w *world) live(m *machine) {
	if w.trouble && m.dead+m.asleep == 0 {
		w.harm(m)
	}
	if m.dead > 0 {
		if m.dead--; m.dead == 0 {
			w.boot(m)
		}
		return
	}
	if m.slept++; m.asleep > 0 {
		m.asleep--
		if m.slept == 200 { // It was silent for too long.
			w.lose(m)
		}
		return
	}
	m.slept = 0
	up := m.conn != 0 && !m.cut && m.token != ""
	switch {
	case m.cut && len(m.inbox) == 0:
		w.lose(m)
	case m.conn == 0 && w.down == 0 && w.IntN(5) == 0:
		w.enter(m)
	}
	m.Server(up)
	if m.conn != 0 && w.ticks%50 == 0 {
		w.deliver(w.lobby.Hear(m.conn, &protocol.Message{Kind: protocol.Ping}))
	}
	for len(m.inbox) > 0 && w.IntN(4) > 0 {
		msg := m.inbox[0]
		m.inbox = m.inbox[1:]
		w.hear(m, msg)
	}
	for _, p := range m.Peers(nil) {
		if l := m.links[p.ID]; l != nil {
			w.drive(m, p.ID, l)
		}
	}
	w.play(m)
	m.Tick()
	w.obey(m)
}

// harm does something to a machine.
func (w *world) harm(m *machine) {
	switch w.IntN(300) {
	case 0:
		m.asleep = 1 + w.IntN(500)
		w.sleeps++
	case 1:
		m.dead = 1 + w.IntN(100)
		w.deaths++
		w.lose(m)
		for _, l := range m.links {
			l.closed = true
		}
	case 2:
		w.lost++
		w.lose(m)
	}
}

func (w *world) lose(m *machine) {
	c := m.conn
	m.conn, m.cut = 0, false
	if c != 0 {
		w.deliver(w.lobby.Lost(c))
	}
}

// play is what a game does: it ends its match now and then, and when nobody is
// left in it.
func (w *world) play(m *machine) {
	if m.Match() == nil {
		m.alone = 0
		return
	}
	m.alone++
	for _, o := range w.machines {
		if o != m && o.Match() != nil && string(o.Match().Nonce) == string(m.Match().Nonce) && o.dead == 0 && o.slept < 50 {
			m.alone = 0
		}
	}
	often := 400
	if !w.trouble && w.together() == "" { // Let's all play.
		often = 100
	}
	if m.alone > 50 || w.IntN(often) == 0 {
		m.EndMatch()
	}
}

func (w *world) hear(m *machine, msg protocol.Message) {
	if msg.Ends() {
		if m.self == 0 || msg.Code == protocol.CodeKicked {
			w.boot(m) // The player tries again.
		}
		return
	}
	if msg.Kind == protocol.Welcome {
		if m.token != "" && msg.Self != m.self {
			w.anew++
		}
		m.token = msg.Token
	}
	m.ack = max(m.ack, msg.Seq)
	if msg.Kind == protocol.Start && !slices.Contains(msg.Match.Seats, m.self) && !m.mute {
		w.leftOut++
	}
	m.Hear(msg)
	w.obey(m)
}

// drive lets one end of a link live for a tick.
func (w *world) drive(m *machine, id protocol.ID, l *link) {
	l.age++
	switch {
	case l.open && (l.peer.closed || l.peer.peer != l || l.peer.of.slept > 80), // The other end is gone.
		w.trouble && w.IntN(200) == 0, !l.open && l.age > 80:
		w.drop(m, id)
		m.Closed(id, "broken")
	case m.mute:
	case !l.open && l.offer && l.age%5 == 1:
		m.Carry(id, w.name(l))
	case !l.open && !l.confused && l.peer != nil && !l.peer.closed && (l.offer || l.peer.open):
		l.open = true
		m.Opened(id)
	}
	w.obey(m)
}

func (w *world) drop(m *machine, id protocol.ID) {
	m.links[id].closed = true
	delete(m.links, id)
}

// name is the signal of a link: which it is.
func (w *world) name(l *link) []byte {
	i := slices.Index(w.links, l)
	if i < 0 {
		i = len(w.links)
		w.links = append(w.links, l)
	}
	return fmt.Append(nil, i)
}

func (w *world) enter(m *machine) {
	w.conn++
	m.conn, m.cut, m.inbox = w.conn, false, nil
	hello := protocol.Message{Kind: protocol.Hello, Who: m.name, Resume: m.token, Self: m.self, Round: m.next}
	w.deliver(w.lobby.Enter(m.conn, protocol.Place{Game: "g", Code: code, Min: 2, Max: 4}, hello, lobby.From{}))
}

func (w *world) deliver(outs []lobby.Out) {
	for _, o := range outs {
		for _, m := range w.machines {
			if m.conn == o.To {
				if o.Message.Kind != "" {
					m.inbox = append(m.inbox, o.Message)
				}
				m.cut = m.cut || o.Close
			}
		}
	}
}

// obey carries out what a mesh wants, and looks whether it may.
func (w *world) obey(m *machine) {
	for o, ok := m.Next(); ok; o, ok = m.Next() {
		l := m.links[o.Peer]
		bad := func(what string) { w.fail(fmt.Sprintf("%s: %s: %+v", m.name, what, o)) }
		switch o.Kind {
		case Open:
			if l != nil {
				bad("opened twice")
			}
			if o.Offer != (m.self > o.Peer) {
				bad("wrong end offers")
			}
			m.links[o.Peer] = &link{of: m, offer: o.Offer}
		case Close:
			if l == nil {
				bad("nothing to close")
				continue
			}
			w.drop(m, o.Peer)
		case Signal:
			if l == nil {
				bad("signal for no link")
				continue
			}
			var i int
			fmt.Sscan(string(o.Payload), &i)
			heard := w.links[i]
			l.confused = l.confused || heard.offer == l.offer || l.peer != nil && heard != l.peer
			if l.peer = heard; !l.offer && !m.mute {
				m.Carry(o.Peer, w.name(l))
			}
		case Start:
			if nonce := string(o.Match.Nonce); slices.Contains(m.starts, nonce) {
				bad("started again")
			} else {
				m.starts = append(m.starts, nonce)
			}
		case Anew:
			w.lose(m)
		case Say:
			if m.conn == 0 || m.cut || o.Message.Kind == protocol.Signal && w.Float64() < w.loss {
				continue
			}
			o.Message.Ack = m.ack
			w.deliver(w.lobby.Hear(m.conn, &o.Message))
		}
	}
}
