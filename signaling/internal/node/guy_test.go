package node

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// guy is a client that behaves: it links to everybody it hears of, signals to
// them, plays what starts, wants a rematch, and comes back when its socket ends.
type guy struct {
	w       *world
	game    string
	sock    *sock
	here    bool // welcomed on this socket
	heardAt time.Duration
	token   string
	self    protocol.ID
	code    string
	members []protocol.ID
	round   int
	next    int
	playing bool
	started int
	stream  protocol.Stream
	told    map[protocol.ID]int
	heard   map[protocol.ID]int
	resumed int
}

func (g *guy) place() protocol.Place {
	return protocol.Place{Game: g.game, Code: g.code, Min: 2, Max: 2}
}

// later comes back after a pause.
func (g *guy) later() {
	g.here = false
	g.w.after(100*time.Millisecond+g.w.some(200*time.Millisecond), g.connect)
}

// connect goes to any machine that lets it in.
func (g *guy) connect() {
	w := g.w
	m := w.nodes[w.rng.IntN(len(w.nodes))]
	if g.sock != nil {
		return
	}
	if m.dead || w.now < m.asleep || !m.node.Ready() {
		g.later()
		return
	}
	m.last++
	s := &sock{m: m, id: m.last, guy: g}
	m.socks[s.id] = s
	g.sock, g.here, g.heardAt = s, false, w.now
	s.hear(protocol.Message{Kind: protocol.Hello, Build: "1", Resume: g.token, Open: len(g.members), Self: g.self, Round: g.next, Ack: g.stream.Heard})
}

// think is done once in a while.
func (g *guy) think() {
	w := g.w
	w.after(w.some(time.Second), g.think)
	if g.sock == nil {
		return
	}
	if d := w.now - g.heardAt; d > 15*time.Second || d > 5*time.Second && !g.here {
		g.sock.end()
		return
	}
	if w.faults && w.rng.IntN(60) == 0 {
		g.sock.end()
		return
	}
	if !g.here {
		return
	}
	switch w.rng.IntN(3) {
	case 0:
		g.say(protocol.Message{Kind: protocol.Ping})
	case 1:
		for _, id := range g.members {
			if id != g.self {
				g.told[id]++
				g.say(protocol.Message{Kind: protocol.Signal, To: id, Payload: binary.AppendUvarint(nil, uint64(g.told[id]))})
			}
		}
	case 2:
		if g.playing {
			g.playing, g.round = false, g.next
			g.state()
		}
	}
}

func (g *guy) say(m protocol.Message) {
	g.stream.Say(&m)
	m.Ack = g.stream.Heard
	if g.here {
		g.sock.hear(m)
	}
}

func (g *guy) fresh() {
	g.stream.Fresh()
	g.told, g.heard = map[protocol.ID]int{}, map[protocol.ID]int{}
}

func (g *guy) state() {
	s := protocol.Message{Kind: protocol.State, Round: g.round, Ready: true}
	for _, id := range g.members {
		if id != g.self {
			s.Linked = append(s.Linked, id)
		}
	}
	g.say(s)
}

func (g *guy) hear(m protocol.Message) {
	g.heardAt = g.w.now
	if m.Kind != protocol.Welcome && !g.stream.Hear(&m) {
		return
	}
	switch m.Kind {
	case protocol.Error:
		g.fresh()
		g.token, g.self, g.code, g.members, g.playing, g.round = "", 0, "", nil, false, 0 // Elsewhere, as a new one.
	case protocol.Welcome:
		g.stream.Heard, g.here = m.Seq, true
		if m.Self != g.self {
			g.fresh()
		}
		g.token, g.self, g.code = m.Token, m.Self, m.Code
		kept, _ := g.stream.Since(m.Ack)
		for _, k := range kept {
			g.sock.hear(k)
		}
		if m.Resumed {
			g.resumed++
			g.state()
			return
		}
		g.heard = map[protocol.ID]int{} // What was missed of the signals is lost.
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
		if last, known := g.heard[m.From]; known && int(n) != last+1 && g.w.fault == "" {
			g.w.fault = fmt.Sprintf("%v: %d in %s/%s heard signal %d of %d after %d", g.w.now, g.self, g.game, g.code, n, m.From, last)
		}
		g.heard[m.From] = int(n)
	case protocol.Left:
		g.members = slices.DeleteFunc(g.members, func(id protocol.ID) bool { return id == m.From })
		delete(g.heard, m.From)
		g.state()
	case protocol.Start:
		if g.next = m.Match.Round + 1; !slices.Contains(m.Match.Seats, g.self) {
			return
		}
		g.round, g.playing = m.Match.Round, true
		g.started++
		g.w.played++
	}
}
