package netcode_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// table is a few sessions over one simnet, one seat each.
type table struct {
	t        testing.TB
	net      *simnet.Net
	sessions []*netcode.Session
	games    []*netcode.Toy
	tapes    []*tape
	errs     []error
	asleep   []bool
	events   [][]netcode.Event
	bits     func(m int) uint64
	ticks    int
}

func newTable(t testing.TB, n int, path simnet.Path, change func(m int, c *netcode.Config)) *table {
	t.Helper()
	return newTableWith(t, n, path, change, func(int) *netcode.Toy { return &netcode.Toy{} })
}

func newTableOf(t testing.TB, n int, path simnet.Path, game func(m int) *netcode.Toy) *table {
	t.Helper()
	return newTableWith(t, n, path, nil, game)
}

func newTableWith(t testing.TB, n int, path simnet.Path, change func(m int, c *netcode.Config), game func(m int) *netcode.Toy) *table {
	t.Helper()
	b := &table{t: t, net: simnet.New(1, n), errs: make([]error, n), asleep: make([]bool, n), events: make([][]netcode.Event, n)}
	b.net.SetAll(path)
	b.bits = func(m int) uint64 { return uint64(b.ticks / (5 + m)) }
	seats := make([]netcode.Peer, n)
	for i := range seats {
		seats[i] = netcode.Peer(i)
	}
	for m := range n {
		tp := &tape{}
		c := netcode.Config{Terms: netcode.Terms{Players: n, Build: "toy 1", Nonce: [16]byte{5}}, Seats: seats, Self: netcode.Peer(m), Recorders: []netcode.Recorder{tp}}
		if change != nil {
			change(m, &c)
		}
		g := game(m)
		s, err := netcode.NewSession(g, b.net.Peer(netcode.Peer(m)), c)
		if err != nil {
			t.Fatal(err)
		}
		b.sessions = append(b.sessions, s)
		b.games = append(b.games, g)
		b.tapes = append(b.tapes, tp)
	}
	return b
}

// run plays ticks; a machine whose match is over is not called any more.
func (b *table) run(ticks int) {
	for range ticks {
		b.ticks++
		for m, s := range b.sessions {
			if b.asleep[m] || b.errs[m] != nil || s.Done() {
				continue
			}
			b.errs[m] = s.Advance(netcode.Input{Bits: b.bits(m)})
			for e := range s.Events() {
				b.events[m] = append(b.events[m], e)
			}
		}
		b.net.Tick()
	}
}

func (b *table) healthy() {
	b.t.Helper()
	for m, err := range b.errs {
		if err != nil {
			b.t.Fatalf("machine %d: %v", m, err)
		}
	}
}

// same checks that all tapes are prefixes of one another.
func (b *table) same() {
	b.t.Helper()
	for m, tp := range b.tapes {
		if tp.broken != "" {
			b.t.Fatal(tp.broken)
		}
		for f := range min(len(tp.rows), len(b.tapes[0].rows)) {
			if tp.rows[f].hash != b.tapes[0].rows[f].hash {
				b.t.Fatalf("frame %d: machines 0 and %d differ", f+1, m)
			}
		}
	}
}

func (b *table) count(m int, kind netcode.EventKind) (n int) {
	for _, e := range b.events[m] {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestTwoPlay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 3000}, nil)
	b.run(300)
	b.healthy()
	b.same()
	for m, s := range b.sessions {
		st := s.Stats()
		if s.Frame() < 280 || s.Confirmed() < 260 || st.Rollbacks == 0 || st.MaxDepth > 8 {
			t.Errorf("machine %d: %+v", m, st)
		}
		if b.count(m, netcode.Synced) != 1 || len(b.events[m]) != 1 {
			t.Errorf("machine %d: events %v", m, b.events[m])
		}
		if p := st.Peers[0]; p.RTT < 6000 || p.RTT > 8000 || p.Ahead < -1000 || p.Ahead > 1000 || p.Confirmed < 200 {
			t.Errorf("machine %d: %+v", m, p)
		}
	}
}

func TestSolo(t *testing.T) {
	tp := &tape{}
	s, err := netcode.NewSession(&netcode.Toy{}, nil, netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{3, 3}, Self: 3, Recorders: []netcode.Recorder{tp}})
	if err != nil {
		t.Fatal(err)
	}
	for f := range 100 {
		if err := s.Advance(netcode.Input{Bits: uint64(f)}, netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		if int(s.Frame()) != f+1 || int(s.Confirmed()) != f+1 {
			t.Fatalf("frame %d, confirmed %d after %d ticks", s.Frame(), s.Confirmed(), f+1)
		}
	}
	// The default delay is two frames: the first Bits that matter lead to frame 3.
	for f, r := range tp.rows {
		if want := uint64(max(0, f-2)); r.inputs[0].Bits != want {
			t.Fatalf("row %d has Bits %d, want %d", f+1, r.inputs[0].Bits, want)
		}
	}
	s.Leave()
	if !s.Done() {
		s.Advance(netcode.Input{}, netcode.Input{})
		if !s.Done() {
			t.Error("a machine alone is not done")
		}
	}
}

func TestLockstepNeedsOneTripNotTwo(t *testing.T) {
	// With a delay of the latency, lockstep neither waits nor rolls back.
	b := newTable(t, 2, simnet.Path{Latency: 4000}, func(m int, c *netcode.Config) {
		c.Window, c.Delay = netcode.Lockstep, 5
	})
	b.run(60)
	before := [2]netcode.Stats{b.sessions[0].Stats(), b.sessions[1].Stats()}
	b.run(300)
	b.healthy()
	for m, s := range b.sessions {
		st := s.Stats()
		if waited := st.Waited - before[m].Waited; waited > 4 || st.Rollbacks != 0 {
			t.Errorf("machine %d waited %d times and rolled back %d times: %+v", m, waited, st.Rollbacks, st)
		}
	}
	b.same()
}

func TestLockstepSilentPeer(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Window, c.Delay = netcode.Lockstep, netcode.NoDelay })
	b.run(50)
	at := b.sessions[0].Frame()
	steps := b.sessions[0].Stats().Steps
	b.net.CutAll(true)
	b.run(200)
	if got := b.sessions[0].Frame(); got > at+1 {
		t.Errorf("frame %d, want %d at most", got, at+1)
	}
	if got := b.sessions[0].Stats().Steps; got > steps+1 {
		t.Errorf("%d steps while nobody was heard", got-steps)
	}
	b.net.CutAll(false)
	b.run(100)
	b.healthy()
	if got := b.sessions[0].Frame(); got < at+45 {
		t.Errorf("frame %d after healing, want %d", got, at+45)
	}
	b.same()
}

func TestWindowIsTheLimit(t *testing.T) {
	for _, window := range []int{1, 2, 8, 12} {
		b := newTable(t, 2, simnet.Path{Latency: 1000}, func(m int, c *netcode.Config) { c.Window = window })
		b.run(100)
		b.net.CutAll(true)
		b.run(50)
		for m, s := range b.sessions {
			st := s.Stats()
			if int(st.Frame-st.Complete) != window {
				t.Errorf("window %d: machine %d is %d frames beyond Complete", window, m, st.Frame-st.Complete)
			}
			if !st.Waiting || st.Waited == 0 {
				t.Errorf("window %d: machine %d does not wait", window, m)
			}
		}
		b.net.CutAll(false)
		b.run(50)
		b.healthy()
		b.same()
		for m, s := range b.sessions {
			if st := s.Stats(); st.MaxDepth > window {
				t.Errorf("window %d: machine %d rolled back %d frames", window, m, st.MaxDepth)
			}
		}
	}
}

// The same inputs by frame lead to the same confirmed history, whatever the
// network, window and delay.
func TestNetworkDoesNotMatter(t *testing.T) {
	var want []row
	for _, path := range []simnet.Path{{}, {Latency: 5000}, {Latency: 2000, Jitter: 4000, Loss: 200, Reorder: 100, Duplicate: 100}} {
		for _, window := range []int{netcode.Lockstep, 1, 8, 12} {
			b := newTable(t, 2, path, func(m int, c *netcode.Config) { c.Window, c.Delay = window, netcode.NoDelay })
			b.bits = func(m int) uint64 { return uint64(m) } // held, since ticks and frames don't go together
			b.run(900)
			b.healthy()
			rows := b.tapes[0].rows
			if len(rows) < 60 {
				t.Fatalf("%+v window %d: only %d rows", path, window, len(rows))
			}
			if want == nil {
				want = rows
			}
			for f := range min(len(rows), len(want)) {
				if rows[f].hash != want[f].hash {
					t.Fatalf("%+v window %d: frame %d differs", path, window, f+1)
				}
			}
		}
	}
}

func TestSleeperCatchesUp(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, nil)
	b.run(120)
	b.asleep[1] = true
	b.run(200)
	if b.count(0, netcode.Quiet) != 1 {
		t.Errorf("events of machine 0: %v", b.events[0])
	}
	b.asleep[1] = false
	b.run(10)
	behind := b.sessions[0].Frame() - b.sessions[1].Frame()
	b.run(100)
	b.healthy()
	b.same()
	if behind > 4 {
		t.Errorf("the sleeper was still %d frames behind 10 ticks after waking", behind)
	}
	if d := b.sessions[0].Frame() - b.sessions[1].Frame(); d > 1 || d < -1 {
		t.Errorf("screens are %d frames apart", d)
	}
	if b.count(0, netcode.Back) != 1 {
		t.Errorf("events of machine 0: %v", b.events[0])
	}
}

func TestSilenceEndsTheMatch(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, func(m int, c *netcode.Config) { c.Timeout = 100 })
	b.run(120)
	b.asleep[1] = true
	b.run(99)
	b.healthy()
	b.run(5)
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 1 || !left.Timeout || left.Frame < 110 || left.Frame > 130 {
		t.Fatalf("error %v", b.errs[0])
	}
	if b.count(0, netcode.Quiet) != 1 || b.count(0, netcode.Left) != 1 {
		t.Errorf("events %v", b.events[0])
	}
	if again := b.sessions[0].Advance(netcode.Input{}); again != b.errs[0] {
		t.Errorf("the next Advance says %v", again)
	}
}

func TestPeerThatNeverAnswers(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Timeout = 60 })
	b.asleep[1] = true
	b.run(70)
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 1 || !left.Timeout || left.Frame != 0 {
		t.Fatalf("error %v", b.errs[0])
	}
}

// Everybody plays up to the leaver's last frame, confirms it, and ends there.
func TestLeave(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		for seed := range uint64(30) {
			b := newTable(t, n, simnet.Path{Latency: int(seed%6) * 1000, Jitter: int(seed%3) * 1500, Loss: int(seed%4) * 80}, nil)
			b.bits = func(m int) uint64 { return uint64(b.ticks) }
			b.run(100 + int(seed))
			b.sessions[1].Leave()
			b.run(120)
			if !b.sessions[1].Done() || b.errs[1] != nil {
				t.Fatalf("n=%d seed=%d: the leaver is not done after 120 ticks: %v", n, seed, b.errs[1])
			}
			end := b.sessions[1].Confirmed()
			for m := range n {
				if m == 1 {
					continue
				}
				var left *netcode.LeftError
				if !errors.As(b.errs[m], &left) || left.Peer != 1 || left.Timeout || left.Frame != end {
					t.Fatalf("n=%d seed=%d: machine %d ends with %v, want a clean end at %d", n, seed, m, b.errs[m], end)
				}
				if b.sessions[m].Confirmed() != end || b.sessions[m].Frame() != end {
					t.Fatalf("n=%d seed=%d: machine %d confirmed %d, shows %d, want %d", n, seed, m, b.sessions[m].Confirmed(), b.sessions[m].Frame(), end)
				}
				if b.count(m, netcode.Left) != 1 {
					t.Fatalf("n=%d seed=%d: machine %d: events %v", n, seed, m, b.events[m])
				}
				// The game itself is at the end, not at a prediction beyond.
				if h, _ := b.sessions[m].Hash(end); netcode.HashState(b.games[m].Save(nil)) != h {
					t.Fatalf("n=%d seed=%d: the game of machine %d is not at frame %d", n, seed, m, end)
				}
			}
			b.same()
		}
	}
}

func TestBothLeave(t *testing.T) {
	for gap := range 12 {
		b := newTable(t, 2, simnet.Path{Latency: 3000, Loss: 100}, nil)
		b.run(100)
		b.sessions[0].Leave()
		b.run(gap)
		b.sessions[1].Leave()
		b.run(100)
		b.healthy()
		for m, s := range b.sessions {
			if !s.Done() {
				t.Errorf("gap %d: machine %d is not done: %+v", gap, m, s.Stats())
			}
		}
		if a, b := b.sessions[0].Confirmed(), b.sessions[1].Confirmed(); a != b {
			t.Errorf("gap %d: ends differ: %d and %d", gap, a, b)
		}
	}
}

func TestLeaveBeforeTheStart(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 2000}, nil)
	b.asleep[2] = true
	b.run(20)
	b.sessions[1].Leave()
	b.run(30)
	if !b.sessions[1].Done() {
		t.Error("the leaver is not done")
	}
	var left *netcode.LeftError
	if !errors.As(b.errs[0], &left) || left.Peer != 1 || left.Timeout {
		t.Errorf("error %v", b.errs[0])
	}
}

func TestLeaverWhoseFriendIsGone(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Timeout = 90 })
	b.run(60)
	b.asleep[1] = true
	b.sessions[0].Leave()
	b.run(95)
	b.healthy()
	if !b.sessions[0].Done() {
		t.Errorf("not done after the timeout: %+v", b.sessions[0].Stats())
	}
}

func TestTermsDiffer(t *testing.T) {
	for name, change := range map[string]func(c *netcode.Config){
		`Build "toy 2" here, "toy 1" there`:      func(c *netcode.Config) { c.Build = "toy 2" },
		`Seed 0x7 here, 0x0 there`:               func(c *netcode.Config) { c.Seed = 7 },
		`Rate 30 here, 60 there`:                 func(c *netcode.Config) { c.Rate = 30 },
		`Timeout 10 here, 300 there`:             func(c *netcode.Config) { c.Timeout = 10 },
		`length of Setup 1 here, 3 there`:        func(c *netcode.Config) { c.Setup = []byte{1} },
		`Setup byte 2 0x04 here, 0x03 there`:     func(c *netcode.Config) { c.Setup = []byte{1, 2, 4} },
		`Players 3 here, 2 there`:                func(c *netcode.Config) { c.Players = 3; c.Seats = []netcode.Peer{0, 1, 1} },
		`Seats [0 1] here, [1 0] there`:          func(c *netcode.Config) {},
		`fingerprint of the game (its start and`: func(c *netcode.Config) {},
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
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) { c.Nonce[0] = byte(m); c.Timeout = 50 })
	b.run(60)
	for m, err := range b.errs {
		if err == nil || !strings.Contains(err.Error(), "another match") {
			t.Errorf("machine %d: %v", m, err)
		}
	}
}

func TestDesyncIsNamedOnBothSides(t *testing.T) {
	for _, path := range []simnet.Path{{}, {Latency: 4000}, {Latency: 4000, Jitter: 4000, Loss: 200, Duplicate: 100, Reorder: 100}} {
		for _, after := range []int{0, 1, 20, 77, 300} {
			b := newTable(t, 2, path, nil)
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
		if want := 80 + size - 1; size > 0 && size <= 30_000 && e.Offset != want || e.Detail == "" {
			t.Errorf("size %d: %v, want byte %d", size, e, want)
		} else if size == 200_000 && (e.Offset > want || e.Offset < want-size/64-1) {
			t.Errorf("size %d: %v, want byte %d or a little before", size, e, want)
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
	if !errors.As(b.errs[1], &e) || !strings.Contains(e.Error(), "does not repeat itself") {
		t.Errorf("%v", b.errs[1])
	}
	if !errors.As(b.errs[0], &e) || strings.Contains(e.Error(), "does not repeat itself") {
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

func TestCommandsArriveOnce(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 3000, Jitter: 3000, Loss: 250, Duplicate: 200}, nil)
	b.run(60)
	var want []string
	for k := range 40 {
		order := fmt.Sprintf("order %d", k)
		want = append(want, order)
		if err := b.sessions[0].Advance(netcode.Input{Command: []byte(order)}); err != nil {
			t.Fatal(err)
		}
		if err := b.sessions[1].Advance(netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		b.net.Tick()
		b.run(2)
	}
	b.net.SetAll(simnet.Path{})
	b.run(60)
	b.healthy()
	b.same()
	for m, tp := range b.tapes {
		var got []string
		for _, r := range tp.rows {
			if c := r.inputs[0].Command; len(c) > 0 {
				got = append(got, string(c))
			}
			if len(r.inputs[1].Command) > 0 {
				t.Fatal("player 1 gave no Command")
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("machine %d: got %q", m, got)
		}
	}
}

func TestRefusedInputsChangeNothing(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, nil)
	b.run(20)
	b.net.CutAll(true)
	b.run(20) // the window is full: Commands wait
	s := b.sessions[0]
	for k := range netcode.MaxQueued {
		if err := s.Advance(netcode.Input{Command: []byte{byte(k)}}); err != nil {
			t.Fatalf("command %d: %v", k, err)
		}
	}
	before := s.Stats()
	for _, c := range []struct {
		want string
		in   []netcode.Input
	}{
		{"netcode: queued Commands of player 0 are 16", []netcode.Input{{Command: []byte{1}}}},
		{"netcode: Command of player 0 is 257 bytes, must be at most 256", []netcode.Input{{Command: make([]byte, 257)}}},
		{"netcode: inputs are 0, must be 1", nil},
		{"netcode: inputs are 2, must be 1", make([]netcode.Input, 2)},
	} {
		err := s.Advance(c.in...)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if s.Stats() != before {
			t.Errorf("%s: something happened", c.want)
		}
	}
	b.net.CutAll(false)
	b.run(60)
	b.healthy()
	n := 0
	for _, r := range b.tapes[1].rows {
		if c := r.inputs[0].Command; len(c) > 0 {
			if int(c[0]) != n {
				t.Fatalf("command %d came as number %d", c[0], n)
			}
			n++
		}
	}
	if n != netcode.MaxQueued {
		t.Errorf("%d Commands arrived, want %d", n, netcode.MaxQueued)
	}
}

func TestSetDelay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000, Jitter: 2000, Loss: 100}, nil)
	for _, frames := range []int{0, 4, 1, 9, netcode.NoDelay, 32, 2} {
		b.run(60)
		if err := b.sessions[0].SetDelay(0, frames); err != nil {
			t.Fatal(err)
		}
	}
	b.run(100)
	b.healthy()
	b.same()
	if got := b.sessions[0].Confirmed(); got < 400 {
		t.Errorf("confirmed %d", got)
	}
	if err := b.sessions[0].SetDelay(1, 2); err == nil {
		t.Error("the delay of a player elsewhere was changed")
	}
	if err := b.sessions[0].SetDelay(0, 33); err == nil {
		t.Error("a delay of 33 was taken")
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}}
	for want, change := range map[string]func(c *netcode.Config){
		"Players is 9, must be 1 to 8":          func(c *netcode.Config) { c.Players = 9 },
		"Players is 0, must be 1 to 8":          func(c *netcode.Config) { c.Players = 0 },
		"length of Seats is 1, must be 2 to 2":  func(c *netcode.Config) { c.Seats = c.Seats[:1] },
		"Window is 33, must be 0 to 32":         func(c *netcode.Config) { c.Window = 33 },
		"Delay is -2, must be 0 to 32":          func(c *netcode.Config) { c.Delay = -2 },
		"Rate is -1, must be 1 to 1000":         func(c *netcode.Config) { c.Rate = -1 },
		"Timeout is -1, must be 1 to":           func(c *netcode.Config) { c.Timeout = -1 },
		"length of Build is 129, must be 0 to ": func(c *netcode.Config) { c.Build = strings.Repeat("x", 129) },
		"Self is 7 and has no seat":             func(c *netcode.Config) { c.Self = 7 },
	} {
		c := good
		change(&c)
		_, err := netcode.NewSession(&netcode.Toy{}, simnet.New(1, 2).Peer(0), c)
		if err == nil || !strings.HasPrefix(err.Error(), "netcode: "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := netcode.NewSession(nil, nil, good); err == nil {
		t.Error("no Game was taken")
	}
	if _, err := netcode.NewSession(&netcode.Toy{}, nil, good); err == nil {
		t.Error("no Transport was taken")
	}
}

// forgetful forgets part of its state, unsaved does not even save it.
type forgetful struct{ netcode.Toy }

func (g *forgetful) Load([]byte) {}

type unsaved struct {
	netcode.Toy
	n uint64
}

func (g *unsaved) Step(in []netcode.Input) {
	g.n++
	in[0].Bits += g.n
	g.Toy.Step(in)
}

func TestForgottenStateIsNamedAtTheStart(t *testing.T) {
	c := netcode.Config{Terms: netcode.Terms{Players: 1}, Seats: []netcode.Peer{0}}
	if _, err := netcode.NewSession(&forgetful{}, nil, c); err == nil || !strings.Contains(err.Error(), "Load does not bring back what Save wrote: byte 0 ") {
		t.Error(err)
	}
	if _, err := netcode.NewSession(&unsaved{}, nil, c); err == nil || !strings.Contains(err.Error(), "part of the state is not saved") {
		t.Error(err)
	}
}

type failing struct{ calls int }

func (f *failing) Record(r *netcode.Row) error {
	f.calls++
	if r.Frame == 10 {
		return errors.New("disk full")
	}
	return nil
}

func TestFailingRecorderDoesNotEndTheMatch(t *testing.T) {
	f := &failing{}
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) {
		if m == 0 {
			c.Recorders = append([]netcode.Recorder{f}, c.Recorders...)
		}
	})
	b.run(60)
	b.healthy()
	if f.calls != 10 || len(b.tapes[0].rows) < 40 {
		t.Errorf("%d calls, %d rows", f.calls, len(b.tapes[0].rows))
	}
	if err := b.sessions[0].RecordError(); err == nil || err.Error() != "netcode: recorder 0 at frame 10: disk full" {
		t.Error(err)
	}
}

func TestThreeMachinesOneDrops(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 2000}, func(m int, c *netcode.Config) { c.Timeout = 100 })
	b.run(120)
	b.asleep[2] = true
	b.run(120)
	for m := range 2 {
		var left *netcode.LeftError
		if !errors.As(b.errs[m], &left) || left.Peer != 2 || !left.Timeout {
			t.Errorf("machine %d: %v", m, b.errs[m])
		}
	}
	b.same()
}

// One machine runs as far ahead of the confirmed frame as the others let it:
// machine 1 does not hear machine 2, but both are heard by machine 0.
func TestRingsAreLargeEnough(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 1000}, func(m int, c *netcode.Config) {
		c.Window, c.Delay = netcode.MaxWindow, netcode.MaxDelay
		if m == 0 {
			c.Window = 8
		}
	})
	b.bits = func(m int) uint64 { return uint64(b.ticks * (m + 1)) }
	for range 3 {
		b.run(100)
		b.net.Cut(2, 1, true)
		b.run(200)
		b.net.Cut(2, 1, false)
		b.run(100)
	}
	b.healthy()
	b.same()
	for m, tp := range b.tapes {
		if len(tp.rows) < 400 {
			t.Errorf("machine %d: %+v", m, b.sessions[m].Stats())
		}
	}
}

// Seven people at one keyboard all shout at once: more than a packet holds, so
// some wait for later frames, and none is starved.
func TestManyLongCommands(t *testing.T) {
	net := simnet.New(1, 2)
	net.SetAll(simnet.Path{Latency: 2000, Loss: 100})
	seats := []netcode.Peer{0, 0, 0, 0, 1, 0, 0, 0}
	var sessions [2]*netcode.Session
	tp := &tape{}
	for m := range sessions {
		c := netcode.Config{Terms: netcode.Terms{Players: 8}, Seats: seats, Self: netcode.Peer(m)}
		if m == 1 {
			c.Recorders = []netcode.Recorder{tp}
		}
		s, err := netcode.NewSession(&netcode.Toy{}, net.Peer(netcode.Peer(m)), c)
		if err != nil {
			t.Fatal(err)
		}
		sessions[m] = s
	}
	for tick := range 440 {
		in := make([]netcode.Input, 7)
		if tick < 320 && tick%5 == 0 {
			for i := range in {
				in[i].Command = make([]byte, netcode.MaxCommand)
				in[i].Command[0] = byte(tick / 5)
			}
		}
		if err := sessions[0].Advance(in...); err != nil {
			t.Fatal(err)
		}
		if err := sessions[1].Advance(netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		net.Tick()
	}
	var got [8]int
	for _, r := range tp.rows {
		for p, in := range r.inputs {
			if len(in.Command) > 0 {
				if int(in.Command[0]) != got[p] {
					t.Fatalf("player %d: Command %d came as number %d", p, in.Command[0], got[p])
				}
				got[p]++
			}
		}
	}
	if got != [8]int{64, 64, 64, 64, 0, 64, 64, 64} {
		t.Errorf("Commands that arrived: %v", got)
	}
}

// The round trip is measured from fresh echoes only, so that loss does not
// make it look longer.
func TestRoundTripUnderLoss(t *testing.T) {
	var rtt [2]int
	for i, loss := range []int{0, 400} {
		b := newTable(t, 2, simnet.Path{Latency: 3000, Loss: loss}, nil)
		b.run(400)
		b.healthy()
		rtt[i] = b.sessions[0].Stats().Peers[0].RTT
	}
	if d := rtt[1] - rtt[0]; d > 250 || d < -250 || rtt[0] < 6000 || rtt[0] > 7000 {
		t.Errorf("round trips are %d without loss, %d with", rtt[0], rtt[1])
	}
}

// Who leaves before the start does not start when the others' hellos arrive.
func TestLeaveWhileHellosAreOnTheWay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 9000}, nil)
	b.run(12) // both have heard, neither knows that the other has
	b.sessions[0].Leave()
	b.run(80)
	var left *netcode.LeftError
	if !b.sessions[0].Done() || b.sessions[0].Frame() != 0 || !errors.As(b.errs[1], &left) || left.Timeout || left.Frame != 0 {
		t.Errorf("done %v at frame %d; the other: %v", b.sessions[0].Done(), b.sessions[0].Frame(), b.errs[1])
	}
}
