package netcode_test

import (
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
	ends     [][]error // what each machine's transport heard, see netcode.Ender
	asleep   []bool
	events   [][]netcode.Event
	bits     func(m int) uint64
	ticks    int
}

// ear is a transport that hears how its match ends.
type ear struct {
	netcode.Transport
	heard *[]error
}

func (e ear) Disconnected(p netcode.Peer) bool {
	return e.Transport.(netcode.Disconnecter).Disconnected(p)
}

func (e ear) Ended(err error) { *e.heard = append(*e.heard, err) }

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
	b := &table{t: t, net: simnet.New(1, n), errs: make([]error, n), ends: make([][]error, n), asleep: make([]bool, n), events: make([][]netcode.Event, n)}
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
		s, err := netcode.NewSession(g, ear{b.net.Peer(netcode.Peer(m)), &b.ends[m]}, c)
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
			if ends := b.ends[m]; b.errs[m] == nil && len(ends) > 0 || b.errs[m] != nil && (len(ends) != 1 || ends[0] != b.errs[m]) {
				b.t.Fatalf("machine %d: Advance says %v, its transport heard %v", m, b.errs[m], ends)
			}
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
