package netcode_test

import (
	"encoding/binary"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// seer is a game whose players hold a number that grows by one each frame, and
// that knows it.
type seer struct {
	scripted
	t      *testing.T
	self   netcode.Player
	guess  func(g *seer, last uint64, age int) uint64
	calls  int
	oldest int
}

func (g *seer) frame() uint64 { return binary.LittleEndian.Uint64(g.Save(nil)) }

func (g *seer) Predict(p netcode.Player, last uint64, age int) uint64 {
	g.calls++
	g.oldest = max(g.oldest, age)
	if p == g.self || p > 1 {
		g.t.Fatalf("asked for the Bits of player %d", p)
	}
	// last is what was held in frame last, or nothing before frame 7; age is how
	// long ago that is, seen from the frame about to be stepped.
	next := g.frame() + 1
	if age < 1 || last == 0 && next-uint64(age) > 6 || last != 0 && last+uint64(age) != next {
		g.t.Fatalf("before frame %d: last is %d, age %d", next, last, age)
	}
	return g.guess(g, last, age)
}

func counted(_ netcode.Player, f netcode.Frame) netcode.Input {
	if f <= 6 {
		return netcode.Input{}
	}
	return netcode.Input{Bits: uint64(f)}
}

func predicted(t *testing.T, path simnet.Path, window int, guess func(g *seer, last uint64, age int) uint64) (*netcode.Session, *seer) {
	net := simnet.New(1, 2)
	net.SetAll(path)
	seats := []netcode.Peer{0, 1, netcode.Nobody}
	var sessions [2]*netcode.Session
	var games [2]*seer
	for m := range sessions {
		g := &seer{t: t, self: netcode.Player(m), guess: guess}
		s, err := netcode.NewSession(g, net.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: 3}, Seats: seats, Self: netcode.Peer(m), Window: window})
		if err != nil {
			t.Fatal(err)
		}
		if g.calls != 0 {
			t.Error("a guess was asked for before the match")
		}
		g.hold = func() { netcode.Hold(s, 0, counted) }
		sessions[m], games[m] = s, g
	}
	for range 300 {
		for _, s := range sessions {
			if err := s.Advance(netcode.Hold(s, 0, counted)); err != nil {
				t.Fatal(err)
			}
		}
		net.Tick()
	}
	a, _ := sessions[0].Hash(250)
	b, _ := sessions[1].Hash(250)
	if a != b || a == 0 {
		t.Error("the machines differ at frame 250")
	}
	return sessions[0], games[0]
}

// A game that guesses rightly is never taken back, one that guesses wrongly in
// every frame, and the guess may look at the state.
func TestPredictor(t *testing.T) {
	from := func(last uint64, age int, g *seer) uint64 {
		if last == 0 && g.frame() < 6 {
			return 0
		}
		return g.frame() + 1
	}
	path := simnet.Path{Latency: 6000}
	s, g := predicted(t, path, 0, func(g *seer, last uint64, age int) uint64 { return from(last, age, g) })
	if st := s.Stats(); st.Rollbacks != 0 || g.calls < 200 || g.oldest < 4 || g.oldest > 8 {
		t.Errorf("right guesses: %d rollbacks, %d calls, ages to %d", st.Rollbacks, g.calls, g.oldest)
	}
	// Whether a late input is right is judged by what was used for its frame: at
	// first this guesses wrongly, then rightly, and must be taken back all the same.
	s, _ = predicted(t, path, 0, func(g *seer, last uint64, age int) uint64 {
		if age > 2 {
			return 1 << 40
		}
		return from(last, age, g)
	})
	if st := s.Stats(); st.Rollbacks < 85 { // every third frame: after a repair two guesses are right
		t.Errorf("guesses that are wrong first and right later: %d rollbacks", st.Rollbacks)
	}
	_, g = predicted(t, simnet.Path{Latency: 1000}, netcode.Lockstep, func(*seer, uint64, int) uint64 { return 0 })
	if g.calls != 0 {
		t.Errorf("lockstep asked for %d guesses", g.calls)
	}
	s, _ = predicted(t, simnet.Path{Latency: 3000, Jitter: 4000, Loss: 200, Reorder: 200}, 12, func(g *seer, last uint64, age int) uint64 { return from(last, age, g) })
	if st := s.Stats(); st.Rollbacks != 0 {
		t.Errorf("right guesses on a bad network: %d rollbacks", st.Rollbacks)
	}
}

// Bits are predicted to stay as they were and Commands to be nothing: what is
// held costs no repair, what changes or is done costs one.
func TestHeldBitsAreNotRepaired(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 5000}, nil)
	b.bits = func(m int) uint64 { return uint64(b.ticks / 50) }
	b.run(120)
	before := b.sessions[0].Stats().Rollbacks
	b.run(500)
	if got := b.sessions[0].Stats().Rollbacks - before; got != 10 {
		t.Errorf("%d rollbacks for 10 changes", got)
	}
	before = b.sessions[0].Stats().Rollbacks
	b.bits = func(int) uint64 { return 77 }
	b.run(20)
	for range 5 {
		b.sessions[0].Advance(netcode.Input{Bits: 77})
		b.sessions[1].Advance(netcode.Input{Bits: 77, Command: []byte("go")})
		b.net.Tick()
		b.run(20)
	}
	if got := b.sessions[0].Stats().Rollbacks - before; got != 6 {
		t.Errorf("%d rollbacks for one change and 5 Commands", got)
	}
	b.healthy()
	b.same()
}
