package server

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// guessed is a lobby of many rooms, and a server's brake before it.
type guessed struct {
	guard  *guard
	lobby  *lobby.Lobby
	random *rand.Rand
	codes  []string
	last   lobby.Conn
	looked int
}

func newGuessed(rooms int) *guessed {
	g := &guessed{guard: limited(Limits{}), random: rand.New(rand.NewPCG(1, 2))}
	g.lobby = lobby.New(lobby.Limits{Rooms: 2 * rooms}, g.random.Uint64)
	for range rooms {
		g.last++
		for _, o := range g.lobby.Enter(g.last, protocol.Place{Game: "toy", Min: 2, Max: 4, New: true}, newcomer, lobby.From{}) {
			if o.Message.Kind == protocol.Welcome {
				g.codes = append(g.codes, o.Message.Code)
			}
		}
	}
	return g
}

var newcomer = protocol.Message{Kind: protocol.Hello, Build: "1"}

// ask is what a server does about a code that somebody asks for.
func (g *guessed) ask(at netip.Addr, code string, now time.Time) (in bool) {
	s := &source{address: at, guard: g.guard}
	g.last++
	tired := s.tired(now)
	for _, o := range g.lobby.Enter(g.last, protocol.Place{Game: "toy", Code: code, Min: 2, Max: 2}, newcomer, lobby.From{Tired: tired}) {
		if o.To == g.last && o.Message.Kind == protocol.Welcome {
			in = true
		} else if o.To == g.last && miss(o.Message.Code) {
			s.missed(now)
		}
	}
	if !tired {
		g.looked++
	}
	if in {
		g.lobby.Hear(g.last, &protocol.Message{Kind: protocol.Leave})
	}
	return in
}

// guess is a code of as many letters as the code of one of the rooms, so that the most
// likely ones are guessed the most.
func (g *guessed) guess(letters int) string {
	code := make([]byte, letters)
	for i := range code {
		code[i] = protocol.Letters[g.random.IntN(len(protocol.Letters))]
	}
	return string(code)
}

// A million guesses in a minute, from a hundred thousand addresses of as many networks,
// find at most one of a thousand rooms, while whoever has a code comes in by it.
func TestAMillionGuesses(t *testing.T) {
	g := newGuessed(1000)
	const guesses, addresses = 1_000_000, 100_000
	found, honest, in := 0, 0, 0
	for i := range guesses {
		now := begin.Add(time.Duration(i) * time.Minute / guesses)
		n := i % addresses * 167 // over all of IPv4, hardly two in a network
		if g.ask(netip.AddrFrom4([4]byte{byte(n >> 16), byte(n >> 8), byte(n), 66}), g.guess(5+i%3), now) {
			found++
		}
		if i%100 == 50 { // Another player, from somewhere else, who has a code.
			honest++
			if g.ask(netip.AddrFrom4([4]byte{byte(g.random.Uint32()), byte(g.random.Uint32()), byte(g.random.Uint32()), byte(g.random.Uint32())}), g.codes[g.random.IntN(len(g.codes))], now) {
				in++
			}
		}
	}
	t.Logf("%d of %d guesses were looked at, %d found a room; %d of %d who have a code came in", g.looked-in, guesses, found, in, honest)
	if found > 1 || g.looked-in > guesses*2/5 {
		t.Errorf("%d guesses of %d looked at found a room", found, g.looked-in)
	}
	if in < honest*99/100 {
		t.Errorf("%d of %d who have a code came in", in, honest)
	}
	if n := g.guard.guesses.len(); n > 2*maxNetworks {
		t.Errorf("%d networks are remembered", n)
	}
}

// One network guesses little, however many addresses it has.
func TestGuessesOfANetwork(t *testing.T) {
	for _, c := range []struct {
		of   string
		at   func(i int) string
		most int // in a minute: those that it has at once, and those that it gets back
	}{
		{"an address", func(int) string { return "203.0.113.5" }, 10 + 10},
		{"a /24", func(i int) string { return fmt.Sprintf("203.0.113.%d", i%256) }, 40 + 40},
		{"a /64", func(i int) string { return fmt.Sprintf("2001:db8::%x", i%65536) }, 10 + 10},
		{"a /56", func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i%256) }, 20 + 20},
		{"800 networks of a /48", func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i%800*81) }, 40 + 40},
	} {
		g := newGuessed(1000)
		g.looked = 0
		for i := range 8000 {
			g.ask(netip.MustParseAddr(c.at(i)), g.guess(5), begin.Add(time.Duration(i)*time.Minute/8000))
		}
		if g.looked > c.most {
			t.Errorf("%s: %d guesses of 8000 were looked at, in a minute", c.of, g.looked)
		}
		if g.looked < c.most-2 {
			t.Errorf("%s: %d guesses may be looked at, and were not", c.of, c.most-g.looked)
		}
	}
}

// Whoever has a token comes back by it, however much is guessed.
func TestTokensAreNoGuesses(t *testing.T) {
	g := newGuessed(1)
	tired := lobby.From{Tired: true}
	place := protocol.Place{Game: "toy", Code: g.codes[0], Min: 2, Max: 2}
	w := g.lobby.Enter(1000, place, newcomer, lobby.From{})[0].Message
	g.lobby.Lost(1000)
	back := protocol.Message{Kind: protocol.Hello, Build: "1", Resume: w.Token, Self: w.Self}
	if m := g.lobby.Enter(1001, place, back, tired)[0].Message; m.Kind != protocol.Welcome {
		t.Errorf("a member that is away hears %+v", m)
	}
	g.lobby.Hear(1001, &protocol.Message{Kind: protocol.Leave})
	if m := g.lobby.Enter(1002, place, back, tired)[0].Message; m.Kind != protocol.Welcome || m.Self != w.Self {
		t.Errorf("a member that has left hears %+v", m)
	}
	forged := back
	forged.Resume = w.Token[:31] + "x"
	for c, h := range map[lobby.Conn]*protocol.Message{1003: &newcomer, 1004: &forged} {
		if m := g.lobby.Enter(c, place, *h, tired)[0].Message; m.Code != protocol.CodeRate {
			t.Errorf("who proves nothing hears %+v", m)
		}
	}
}

// Whoever asks for many rooms at the same moment is asked to wait for all of them.
func TestGuessesAtOnceCount(t *testing.T) {
	g := limited(Limits{})
	now := begin
	s, _, _, _ := g.enter(netip.MustParseAddr("203.0.113.5"), now)
	looked := 0
	for range 3600 {
		now = now.Add(time.Second)
		if !s.tired(now) {
			for range 60 {
				looked++
				s.missed(now)
			}
		}
	}
	if looked > 720 { // 600 an hour, and those that it begins with
		t.Errorf("%d guesses in an hour", looked)
	}
}
