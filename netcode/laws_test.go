package netcode_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

var (
	onlySeed  = flag.Uint64("seed", 0, "run only this seed of the laws")
	lawsSeeds = flag.Int("laws", 320, "how many seeds of the laws to run")
)

// dice is xorshift: the tests' own source of chance, apart from the network's.
type dice uint64

func (d *dice) next() uint64 {
	x := uint64(*d)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*d = dice(x)
	return x
}

func (d *dice) below(n int) int { return int(d.next() >> 11 % uint64(n)) }

func newDice(seed uint64) *dice {
	d := dice(seed*0x9e3779b97f4a7c15 | 1)
	for range 8 {
		d.next()
	}
	return &d
}

// tape is a Recorder that keeps a copy of every row.
type tape struct {
	rows   []row
	broken string
}

type row struct {
	inputs []netcode.Input
	hash   uint64
}

func (t *tape) Record(r *netcode.Row) error {
	if int(r.Frame) != len(t.rows)+1 && t.broken == "" {
		t.broken = fmt.Sprintf("row %d came after %d rows", r.Frame, len(t.rows))
	}
	c := row{hash: r.Hash, inputs: make([]netcode.Input, len(r.Inputs))}
	for p, in := range r.Inputs {
		c.inputs[p] = netcode.Input{Bits: in.Bits, Command: bytes.Clone(in.Command), Absent: in.Absent}
	}
	t.rows = append(t.rows, c)
	return nil
}

// world is one seed's match: machines, the network between them, and what is
// still going to happen to both.
type world struct {
	seed     uint64
	net      *simnet.Net
	dice     *dice
	cfgs     []netcode.Config
	games    []*netcode.Toy
	sessions []*netcode.Session
	tapes    []*tape
	held     [][]uint64
	asleep   []int // ticks left
	path     simnet.Path
	given    []uint64 // Commands accepted per machine
}

func newWorld(seed uint64, fault netcode.Fault) (*world, error) {
	d := newDice(seed)
	n := 2 + d.below(3)
	w := &world{seed: seed, dice: d, net: simnet.New(seed, n), asleep: make([]int, n), given: make([]uint64, n)}
	players := n + d.below(netcode.MaxPlayers-n+1)
	if d.below(2) == 0 {
		players = n
	}
	seats := make([]netcode.Peer, players)
	for p := range seats {
		if p < n {
			seats[p] = netcode.Peer(p)
		} else {
			seats[p] = netcode.Peer(d.below(n))
			if d.below(4) == 0 {
				seats[p] = netcode.Nobody
			}
		}
	}
	for p := len(seats) - 1; p > 0; p-- {
		q := d.below(p + 1)
		seats[p], seats[q] = seats[q], seats[p]
	}
	w.path = simnet.Path{Latency: d.below(12001), Jitter: d.below(6001), Loss: d.below(301), Duplicate: d.below(200), Reorder: d.below(200)}
	w.net.SetAll(w.path)
	windows := []int{0, 0, netcode.Lockstep, 1, 3, 8, 12, 20}
	window := windows[d.below(len(windows))]
	for m := range n {
		cfg := netcode.Config{Seats: seats, Self: netcode.Peer(m)}
		cfg.Players = players
		cfg.Seed = seed
		cfg.Nonce = [16]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 7}
		cfg.Build = "laws"
		cfg.Timeout = 2000
		cfg.Window = window
		cfg.Delay = d.below(8) - 1
		if d.below(4) == 0 {
			cfg.Window = windows[d.below(len(windows))]
		}
		t := &tape{}
		cfg.Recorders = []netcode.Recorder{t}
		g := &netcode.Toy{}
		s, err := netcode.NewSession(g, w.net.Peer(netcode.Peer(m)), cfg)
		if err != nil {
			return nil, err
		}
		netcode.Plant(s, fault)
		local := 0
		for _, id := range seats {
			if int(id) == m {
				local++
			}
		}
		w.cfgs = append(w.cfgs, cfg)
		w.games = append(w.games, g)
		w.sessions = append(w.sessions, s)
		w.tapes = append(w.tapes, t)
		w.held = append(w.held, make([]uint64, local))
	}
	return w, nil
}

// tick lets one machine play one tick.
func (w *world) tick(m int, quiet bool) error {
	if w.dice.below(100) == 0 {
		k := w.dice.below(len(w.held[m]))
		for p, id := range w.cfgs[m].Seats {
			if int(id) != m {
				continue
			}
			if k--; k < 0 {
				if err := w.sessions[m].SetDelay(netcode.Player(p), w.dice.below(10)+netcode.Auto); err != nil {
					return err
				}
				break
			}
		}
	}
	in := make([]netcode.Input, len(w.held[m]))
	for i := range in {
		if !quiet && w.dice.below(6) == 0 {
			w.held[m][i] ^= 1 << w.dice.below(64)
		}
		in[i].Bits = w.held[m][i]
		if !quiet && w.dice.below(40) == 0 {
			size := 1 + w.dice.below(20)
			if w.dice.below(10) == 0 {
				size = 1 + w.dice.below(netcode.MaxCommand)
			}
			in[i].Command = bytes.Repeat([]byte{byte(w.dice.next())}, size)
		}
	}
	err := w.sessions[m].Advance(in...)
	var left *netcode.LeftError
	var desync *netcode.DesyncError
	var terms *netcode.TermsError
	if err != nil && !errors.As(err, &left) && !errors.As(err, &desync) && !errors.As(err, &terms) {
		// Too many Commands queued: nothing happened, so play the tick without.
		for i := range in {
			in[i].Command = nil
		}
		return w.sessions[m].Advance(in...)
	}
	for i := range in {
		if len(in[i].Command) > 0 {
			w.given[m]++
		}
	}
	return err
}

func (w *world) run(ticks int, quiet, trouble bool) error {
	n := len(w.sessions)
	for t := range ticks {
		if trouble {
			if w.dice.below(60) == 0 {
				w.net.Cut(netcode.Peer(w.dice.below(n)), netcode.Peer(w.dice.below(n)), true)
			}
			if w.dice.below(60) == 0 {
				w.net.CutAll(false)
			}
			if m := w.dice.below(n); w.dice.below(150) == 0 {
				w.asleep[m] = 1 + w.dice.below(120)
			}
			if w.dice.below(100) == 0 {
				p := w.path
				p.Latency = w.dice.below(p.Latency + 1)
				w.net.Set(netcode.Peer(w.dice.below(n)), netcode.Peer(w.dice.below(n)), p)
			}
		}
		first := w.dice.below(n)
		for k := range n {
			m := (first + k) % n
			if w.asleep[m] > 0 {
				w.asleep[m]--
				continue
			}
			if err := w.tick(m, quiet); err != nil {
				return fmt.Errorf("machine %d at tick %d: %w", m, t, err)
			}
			if err := w.agreed(m); err != nil {
				return err
			}
		}
		w.net.Tick()
	}
	return nil
}

// agreed checks that machine m has confirmed only what every machine holds: if
// any one of them vanished now, the others could still go on from there.
func (w *world) agreed(m int) error {
	confirmed := w.sessions[m].Confirmed()
	for k, s := range w.sessions {
		if c := s.Stats().Complete; c < confirmed {
			return fmt.Errorf("machine %d confirmed frame %d, machine %d is complete only up to %d", m, confirmed, k, c)
		}
	}
	return nil
}

// safe checks that confirmed histories are prefixes of one another, that each
// row's hash is what a solo simulation makes of the rows, and that no Command
// was made up.
func (w *world) safe() error {
	longest := w.tapes[0]
	for m, t := range w.tapes {
		if t.broken != "" {
			return fmt.Errorf("machine %d: %s", m, t.broken)
		}
		if got := w.sessions[m].Confirmed(); int(got) != len(t.rows) {
			return fmt.Errorf("machine %d confirmed frame %d, recorded %d rows", m, got, len(t.rows))
		}
		if len(t.rows) > len(longest.rows) {
			longest = t
		}
	}
	solo := &netcode.Toy{}
	var state []byte
	for i, want := range longest.rows {
		solo.Step(want.inputs)
		state = solo.Save(state[:0])
		hash := netcode.HashState(state)
		for m, t := range w.tapes {
			if i >= len(t.rows) {
				continue
			}
			got := t.rows[i]
			for p := range want.inputs {
				a, b := want.inputs[p], got.inputs[p]
				if a.Absent != (w.cfgs[m].Seats[p] == netcode.Nobody) || a.Absent != b.Absent || a.Bits != b.Bits || !bytes.Equal(a.Command, b.Command) {
					return fmt.Errorf("frame %d: machine %d confirmed other inputs for player %d", i+1, m, p)
				}
			}
			if got.hash != hash {
				return fmt.Errorf("frame %d: machine %d confirmed hash %016x, a solo simulation of the rows makes %016x", i+1, m, got.hash, hash)
			}
			if h, ok := w.sessions[m].Hash(netcode.Frame(i + 1)); ok && h != hash {
				return fmt.Errorf("frame %d: machine %d tells hash %016x, want %016x", i+1, m, h, hash)
			}
		}
	}
	return nil
}

// obey runs one seed: trouble, then healing, then everybody must go on.
func obey(seed uint64, fault netcode.Fault) (*world, error) {
	w, err := newWorld(seed, fault)
	if err != nil {
		return nil, err
	}
	if err := w.run(500, false, true); err != nil {
		return w, err
	}
	if err := w.safe(); err != nil {
		return w, err
	}
	// Heal: no cuts, nobody sleeps, packets arrive after at most three ticks.
	w.net.CutAll(false)
	w.net.SetAll(simnet.Path{Latency: min(w.path.Latency, 3000)})
	for m := range w.asleep {
		w.asleep[m] = 0
	}
	most := netcode.Frame(0)
	for _, s := range w.sessions {
		most = max(most, s.Frame())
	}
	// The slowest lockstep needs a trip of up to four ticks per frame.
	bound := 60*5 + 150
	if err := w.run(bound, false, false); err != nil {
		return w, err
	}
	if err := w.safe(); err != nil {
		return w, err
	}
	for m, s := range w.sessions {
		if s.Confirmed() < most+60 {
			return w, fmt.Errorf("machine %d confirmed frame %d in %d healthy ticks, want %d: %+v", m, s.Confirmed(), bound, most+60, s.Stats())
		}
	}
	return w, nil
}

func seedOf(i int) uint64 { return uint64(i)*0x10001 + 1 }

func TestLaws(t *testing.T) {
	if *onlySeed != 0 {
		if _, err := obey(*onlySeed, netcode.NoFault); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i := range *lawsSeeds {
		seed := seedOf(i)
		if _, err := obey(seed, netcode.NoFault); err != nil {
			t.Errorf("go test ./netcode -run Laws -seed=%#x\n%v", seed, err)
		}
	}
}

// end runs one seed to its end: somebody leaves in the middle of trouble, and
// then, if the seed says so, somebody's machine dies.
func end(seed uint64) error {
	w, err := newWorld(seed, netcode.NoFault)
	if err != nil {
		return err
	}
	if err := w.run(200, false, true); err != nil {
		return err
	}
	n := len(w.sessions)
	dead := -1
	leaver := w.dice.below(n)
	if seed%3 == 0 {
		dead = w.dice.below(n)
	}
	if dead != leaver {
		w.sessions[leaver].Leave()
	}
	w.net.CutAll(false)
	for m := range w.asleep {
		w.asleep[m] = w.dice.below(60)
	}
	over := make([]error, n)
	clean := dead < 0
	for range 3000 {
		for m := range n {
			if w.asleep[m] > 0 {
				w.asleep[m]--
				continue
			}
			if m == dead || over[m] != nil || w.sessions[m].Done() {
				continue
			}
			over[m] = w.tick(m, false)
		}
		w.net.Tick()
	}
	if err := w.safe(); err != nil {
		return err
	}
	for m, s := range w.sessions {
		if m == dead {
			continue
		}
		if s.Done() {
			continue
		}
		var left *netcode.LeftError
		if !errors.As(over[m], &left) {
			return fmt.Errorf("machine %d of %d is not at its end: %v, dead is %d, leaver is %d: %+v", m, n, over[m], dead, leaver, s.Stats())
		}
		if clean && (left.Timeout || int(left.Peer) != leaver) {
			return fmt.Errorf("machine %d: %w, but %d left", m, left, leaver)
		}
	}
	if !clean {
		return nil
	}
	for m, s := range w.sessions {
		if got, want := s.Confirmed(), w.sessions[leaver].Confirmed(); got != want || s.Frame() != want {
			return fmt.Errorf("machine %d ends at frame %d, confirmed %d, the leaver at %d", m, s.Frame(), got, want)
		}
	}
	return nil
}

func TestLawsOfTheEnd(t *testing.T) {
	for i := range *lawsSeeds / 2 {
		seed := seedOf(i)
		if *onlySeed != 0 {
			seed = *onlySeed
		}
		if err := end(seed); err != nil {
			t.Errorf("go test ./netcode -run LawsOfTheEnd -seed=%#x\n%v", seed, err)
		}
		if *onlySeed != 0 {
			return
		}
	}
}

// The laws must see every mistake that is planted in the engine.
func TestLawsSeeFaults(t *testing.T) {
	for name, fault := range map[string]netcode.Fault{
		"confirm what only this machine has": netcode.ConfirmEarly,
		"compare late inputs with nothing":   netcode.BlindCompare,
		"speak only when there is something": netcode.LostAck,
		"hash the frame on screen":           netcode.HashPredicted,
		"give a Command twice":               netcode.DoubleCommand,
		"don't save repaired frames":         netcode.SkipRepairSave,
	} {
		seen := 0
		const tries = 20
		for i := range tries {
			if _, err := obey(seedOf(i), fault); err != nil {
				if seen == 0 {
					t.Logf("%s: %v", name, err)
				}
				seen++
			}
		}
		t.Logf("%s: %d of %d seeds saw it", name, seen, tries)
		if seen < tries/4 {
			t.Errorf("%s: only %d of %d seeds saw it", name, seen, tries)
		}
	}
}
