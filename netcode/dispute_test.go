package netcode_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

func TestTermsDiffer(t *testing.T) {
	for name, change := range map[string]func(c *netcode.Config){
		`Build "toy 2" here, "toy 1" there`:                                func(c *netcode.Config) { c.Build = "toy 2" },
		`Seed 0x7 here, 0x0 there`:                                         func(c *netcode.Config) { c.Seed = 7 },
		`Rate 30 here, 60 there`:                                           func(c *netcode.Config) { c.Rate = 30 },
		`Timeout 10 here, 60 there`:                                        func(c *netcode.Config) { c.Timeout = 10 },
		`length of Setup 1 here, 3 there`:                                  func(c *netcode.Config) { c.Setup = []byte{1} },
		`Setup byte 2 0x04 here, 0x03 there`:                               func(c *netcode.Config) { c.Setup = []byte{1, 2, 4} },
		`Saving (in how many frames one state is hashed) 32 here, 1 there`: func(c *netcode.Config) { c.Saving = netcode.SaveSparse },
		`Players 3 here, 2 there`:                                          func(c *netcode.Config) { c.Players = 3; c.Seats = []netcode.Peer{0, 1, 1} },
		`Seats [0 1] here, [1 0] there`:                                    func(c *netcode.Config) {},
		`fingerprint of the game (its start and`:                           func(c *netcode.Config) {},
	} {
		n := simnet.New(1, 2)
		a := netcode.Config{Terms: netcode.Terms{Players: 2, Build: "toy 1", Setup: []byte{1, 2, 3}}, Seats: []netcode.Peer{0, 1}, Self: 0}
		b := a
		b.Self = 1
		change(&a)
		ga, gb := &netcode.Toy{}, &netcode.Toy{}
		if strings.HasPrefix(name, "Seats") {
			b.Seats = []netcode.Peer{1, 0}
			// Machines are counted in order of their lowest seat, so a swap alone
			// is no difference: the numbers of transports may differ, too.
			b.Players, a.Players = 3, 3
			a.Seats, b.Seats = []netcode.Peer{0, 1, 0}, []netcode.Peer{0, 1, 1}
			name = "Seats [0 1 0] here, [0 1 1] there"
		}
		if strings.HasPrefix(name, "fingerprint") {
			ga.Step([]netcode.Input{{}, {}})
		}
		sa, err := netcode.NewSession(ga, n.Peer(0), a)
		if err != nil {
			t.Fatal(err)
		}
		sb, err := netcode.NewSession(gb, n.Peer(1), b)
		if err != nil {
			t.Fatal(err)
		}
		in := func(c netcode.Config, self netcode.Peer) []netcode.Input {
			k := 0
			for _, id := range c.Seats {
				if id == self {
					k++
				}
			}
			return make([]netcode.Input, k)
		}
		var ea, eb error
		for range 8 {
			if ea == nil {
				ea = sa.Advance(in(a, 0)...)
			}
			if eb == nil {
				eb = sb.Advance(in(b, 1)...)
			}
			n.Tick()
		}
		var terms *netcode.TermsError
		if !errors.As(ea, &terms) || !strings.HasPrefix(ea.Error(), "netcode: terms differ: "+name) {
			t.Errorf("%s: here %v", name, ea)
		}
		if !errors.As(eb, &terms) {
			t.Errorf("%s: there %v", name, eb)
		}
		if sa.Frame() != 0 || sb.Frame() != 0 {
			t.Errorf("%s: a frame was played", name)
		}
	}
}

func TestOtherMatchIsNotOurs(t *testing.T) {
	for n := 2; n <= 3; n++ {
		b := newTable(t, n, simnet.Path{}, func(m int, c *netcode.Config) { c.Nonce[0] = byte(m); c.Timeout = 50 })
		b.run(60)
		for m, err := range b.errs {
			if err == nil || strings.Count(err.Error(), "another match") != n-1 {
				t.Errorf("machine %d of %d: %v", m, n, err)
			}
		}
	}
}

func TestDesyncIsNamedOnBothSides(t *testing.T) {
	for _, saving := range []netcode.Saving{netcode.SaveAll, netcode.SaveSparse} {
		testDesyncIsNamed(t, saving)
	}
}

func testDesyncIsNamed(t *testing.T, saving netcode.Saving) {
	for _, path := range []simnet.Path{{}, {Latency: 4000}, {Latency: 4000, Jitter: 4000, Loss: 200, Duplicate: 100, Reorder: 100}} {
		for _, after := range []int{0, 1, 20, 77, 300} {
			b := newTable(t, 2, path, func(_ int, c *netcode.Config) { c.Saving = saving })
			b.bits = func(m int) uint64 { return uint64(b.ticks) }
			b.run(60 + after)
			at := b.sessions[1].Frame() + 1
			b.games[1].Corrupt(at)
			b.run(300)
			var e [2]*netcode.DesyncError
			for m := range e {
				if !errors.As(b.errs[m], &e[m]) {
					t.Fatalf("%+v after %d: machine %d: %v, %+v", path, after, m, b.errs[m], b.sessions[m].Stats())
				}
				// A rollback can bring the fault back to earlier frames, never to confirmed ones.
				if e[m].Frame < at-8 || e[m].Frame > at || e[m].Agreed != e[m].Frame-1 {
					t.Errorf("%+v after %d: machine %d: %v, the fault was at %d", path, after, m, e[m], at)
				}
				if e[m].Field != "seats[0]" || e[m].Offset != 9 {
					t.Errorf("%+v after %d: machine %d: %v", path, after, m, e[m])
				}
				if netcode.HashState(e[m].State) != e[m].Ours {
					t.Errorf("machine %d: State is not what Ours is the hash of", m)
				}
				if h, ok := b.sessions[m].Hash(e[m].Agreed); !ok || netcode.HashState(e[m].Before) != h {
					t.Errorf("machine %d: Before is not the state at %d", m, e[m].Agreed)
				}
			}
			if e[0].Frame != e[1].Frame || e[0].Ours != e[1].Theirs || e[0].Theirs != e[1].Ours {
				t.Errorf("the two do not mirror each other: %v, %v", e[0], e[1])
			}
			if string(e[0].Before) != string(e[1].Before) {
				t.Error("the states before differ")
			}
			if e[0].Here != e[1].There || e[0].There != e[1].Here || e[0].Here == e[0].There {
				t.Errorf("the values do not mirror each other: %v, %v", e[0], e[1])
			}
			if string(e[0].State) != string(e[1].Their) || string(e[0].Their) != string(e[1].State) {
				t.Error("the states do not mirror each other")
			}
			for m := range e {
				if len(e[m].Players) != 1 || e[m].Players[0] != netcode.Player(1-m) || len(e[m].Dump) == 0 {
					t.Errorf("machine %d: %v, %d bytes of Dump", m, e[m].Players, len(e[m].Dump))
				}
			}
		}
	}
}

func TestDesyncOfBigStates(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 30_000, 200_000} {
		b := newTableOf(t, 2, simnet.Path{Latency: 2000}, func(m int) *netcode.Toy { return netcode.NewToy(size) })
		b.run(60)
		b.games[1].CorruptPad(b.sessions[1].Frame()+1, size-1)
		if size == 0 {
			b.games[1].Corrupt(b.sessions[1].Frame() + 1)
		}
		b.run(150)
		var e *netcode.DesyncError
		if !errors.As(b.errs[0], &e) {
			t.Fatalf("size %d: %v", size, b.errs[0])
		}
		if want := 80 + size - 1; size > 0 && (e.Offset != want || e.Field != "pad" || e.Here != "0x00" || e.There != "0x01") {
			t.Errorf("size %d: %v, want byte %d", size, e, want)
		}
		if netcode.HashState(e.Their) != e.Theirs {
			t.Errorf("size %d: Their is not what Theirs is the hash of", size)
		}
	}
}

func TestGameThatDoesNotRepeatItself(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, nil)
	b.run(60)
	b.games[1].Corrupt(b.sessions[1].Frame() + 1)
	b.run(9) // long enough to be confirmed, not long enough to be compared
	b.games[1].Repent()
	b.run(150)
	var e *netcode.DesyncError
	if !errors.As(b.errs[1], &e) || !strings.Contains(e.Error(), "this machine does not repeat itself") {
		t.Errorf("%v", b.errs[1])
	}
	if !errors.As(b.errs[0], &e) || !strings.Contains(e.Error(), "the other machine does not repeat itself") {
		t.Errorf("%v", b.errs[0])
	}
}

func TestDesyncWhoseOtherSideIsGone(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, nil)
	b.run(60)
	b.games[1].Corrupt(b.sessions[1].Frame() + 1)
	for range 60 {
		b.run(1)
		if b.sessions[0].Disputing() {
			break
		}
	}
	b.asleep[1] = true
	b.run(100)
	var e *netcode.DesyncError
	if !errors.As(b.errs[0], &e) || e.Peer != 1 || e.Ours == e.Theirs {
		t.Errorf("%v", b.errs[0])
	}
}

// Of three and more machines all that differ from the wrong one name the same
// frame and field, and everybody knows who is alone.
func TestDesyncTellsWhoIsAlone(t *testing.T) {
	for _, n := range []int{3, 4, 8} {
		for _, path := range []simnet.Path{{}, {Latency: 2500, Jitter: 1000}, {Latency: 3000, Jitter: 3000, Loss: 200}} {
			b := newTable(t, n, path, nil)
			b.bits = func(m int) uint64 { return uint64(b.ticks * m) }
			b.run(70)
			at := b.sessions[1].Frame() + 1
			b.games[1].Corrupt(at)
			b.run(400)
			var e *netcode.DesyncError
			if !errors.As(b.errs[1], &e) {
				t.Fatalf("%d machines, %+v: machine 1: %v", n, path, b.errs[1])
			}
			frame := e.Frame
			if len(e.With) != 0 || len(e.Against) != n-2 {
				t.Errorf("%d machines, %+v: machine 1, which is wrong: %v", n, path, e)
			}
			for m := range n {
				if m == 1 {
					continue
				}
				if !errors.As(b.errs[m], &e) {
					t.Fatalf("%d machines, %+v: machine %d: %v", n, path, m, b.errs[m])
				}
				if e.Peer != 1 || len(e.With) != n-2 || len(e.Against) != 0 {
					t.Errorf("%d machines, %+v: machine %d: %v", n, path, m, e)
				}
				if e.Frame != frame || e.Field != "seats[0]" || e.There == "" {
					t.Errorf("%d machines, %+v: machine %d names %v, the wrong one frame %d", n, path, m, e, frame)
				}
			}
		}
	}
}

// A hash that was not compared for a long time still leads to the first frame.
func TestDesyncThatWasSeenLate(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 1000}, nil)
	b.run(60)
	b.sessions[0].Deafen(true)
	b.sessions[1].Deafen(true)
	at := b.sessions[1].Frame() + 1
	b.games[1].Corrupt(at)
	b.run(75) // and two marks
	b.sessions[0].Deafen(false)
	b.sessions[1].Deafen(false)
	b.run(100)
	for m := range 2 {
		var e *netcode.DesyncError
		if !errors.As(b.errs[m], &e) || e.Frame > at || e.Frame < at-8 || e.Agreed != e.Frame-1 || e.Field != "seats[0]" {
			t.Errorf("machine %d: %v, the fault was at %d", m, b.errs[m], at)
		}
	}
}

// grown is a game whose saved state gets longer when it goes wrong.
type grown struct {
	netcode.Toy
	more int
	at   netcode.Frame
	now  netcode.Frame
}

func (g *grown) Step(in []netcode.Input) {
	g.Toy.Step(in)
	if g.now++; g.at > 0 && g.now >= g.at {
		g.more++
	}
}

func (g *grown) Save(dst []byte) []byte {
	dst = append(dst, byte(g.now), byte(g.now>>8), byte(g.more))
	return append(g.Toy.Save(dst), bytes.Repeat([]byte("entity"), g.more)...)
}

func (g *grown) Load(src []byte) {
	g.now, g.more = netcode.Frame(src[0])|netcode.Frame(src[1])<<8, int(src[2])
	g.Toy.Load(src[3:])
}

func TestDesyncOfStatesThatGrow(t *testing.T) {
	n := simnet.New(1, 2)
	var e [2]*netcode.DesyncError
	var sessions [2]*netcode.Session
	for m := range sessions {
		g := &grown{at: netcode.Frame(m * 50)}
		var err error
		if sessions[m], err = netcode.NewSession(struct{ netcode.Game }{g}, n.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(m)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 300 {
		for m, s := range sessions {
			if e[m] == nil {
				errors.As(s.Advance(netcode.Input{}), &e[m])
			}
		}
		n.Tick()
	}
	for m := range e {
		if e[m] == nil || e[m].Frame != 50 || e[m].Offset != 2 || e[m].Here == "" || !strings.Contains(e[m].Error(), "the state is 8") || netcode.HashState(e[m].Their) != e[m].Theirs {
			t.Errorf("machine %d: %v", m, e[m])
		}
	}
}

// Where one state has become several times as long, both say so, and no value is left
// empty.
func TestDesyncOfStatesOfOtherLengths(t *testing.T) {
	for longer := range 2 {
		net := simnet.New(1, 2)
		var e [2]*netcode.DesyncError
		var sessions [2]*netcode.Session
		for m := range sessions {
			g := &burst{}
			if m == longer {
				g.at = 50
			}
			var err error
			if sessions[m], err = netcode.NewSession(g, net.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(m)}); err != nil {
				t.Fatal(err)
			}
		}
		ticks := 0
		for ; ticks < 400 && (e[0] == nil || e[1] == nil); ticks++ {
			for m, s := range sessions {
				if e[m] == nil {
					errors.As(s.Advance(netcode.Input{}), &e[m])
				}
			}
			net.Tick()
		}
		for m := range e {
			if e[m] == nil || e[m].Frame != 50 || !strings.Contains(e[m].Error(), "the state is ") || strings.Contains(e[m].Error(), " ,") || strings.Contains(e[m].Error(), "  ") {
				t.Errorf("machine %d of which %d is longer: %v", m, longer, e[m])
			}
		}
		if ticks > 200 {
			t.Errorf("machine %d is longer: it took %d ticks", longer, ticks)
		}
	}
}

// burst is a game whose state gets much longer at once.
type burst struct {
	netcode.Toy
	at, now netcode.Frame
}

func (g *burst) Step(in []netcode.Input) { g.Toy.Step(in); g.now++ }
func (g *burst) Save(dst []byte) []byte {
	dst = g.Toy.Save(append(dst, byte(g.now), byte(g.now>>8)))
	if g.at > 0 && g.now >= g.at {
		dst = append(dst, make([]byte, 200_000)...)
	}
	return dst
}
func (g *burst) Load(src []byte) {
	g.now = netcode.Frame(src[0]) | netcode.Frame(src[1])<<8
	g.Toy.Load(src[2:])
}

// A difference that heals before the next hash is sent is found all the same, with the
// frame that it began in.
func TestHealedDesyncIsFound(t *testing.T) {
	for _, at := range []netcode.Frame{9, 31, 32, 33, 50, 57, 63, 64, 65} {
		for _, n := range []int{2, 3} {
			b := newTableOf(t, n, simnet.Path{Latency: 2000, Loss: 50}, func(m int) *netcode.Toy {
				g := netcode.NewToy(8)
				if m == 1 {
					g.Blip(at)
				}
				return g
			})
			b.run(400)
			var e *netcode.DesyncError
			if !errors.As(b.errs[0], &e) || e.Peer != 1 || e.Frame != at || e.Agreed != at-1 || e.Ours == e.Theirs {
				t.Errorf("%d machines, frame %d: %v", n, at, b.errs[0])
				continue
			}
			if netcode.HashState(e.State) != e.Ours || netcode.HashState(e.Their) != e.Theirs {
				t.Errorf("%d machines, frame %d: the states are not those of the hashes", n, at)
			}
		}
	}
}
