package netcode

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// cheap is the game of all benchmarks: 256 bytes of state, one multiply-add
// per player and step. Its state is kept as it is saved, so that Save and Load
// are one copy each and what is measured is the engine.
type cheap struct {
	state [256]byte
}

func (g *cheap) word(i int) uint64       { return binary.LittleEndian.Uint64(g.state[8*i:]) }
func (g *cheap) setWord(i int, v uint64) { binary.LittleEndian.PutUint64(g.state[8*i:], v) }

func (g *cheap) Step(in []Input) {
	for p := range in {
		g.setWord(p, g.word(p)*6364136223846793005+in[p].Bits)
	}
	g.setWord(31, g.word(31)+1)
}

func (g *cheap) Save(dst []byte) []byte { return append(dst, g.state[:]...) }

func (g *cheap) Load(src []byte) { copy(g.state[:], src) }

// lagBus is a bus on which every packet takes some ticks: bus itself delivers
// at once, so the packets wait here.
type lagBus struct {
	bus   *bus
	ring  [64][]sent
	tick  int
	delay int
}

type sent struct {
	to   Peer
	size int
	data [256]byte
}

func (l *lagBus) Send(to Peer, packet []byte) {
	if l.delay == 0 {
		l.bus.Send(to, packet)
		return
	}
	slot := &l.ring[(l.tick+l.delay)%len(l.ring)]
	if len(*slot) < cap(*slot) {
		*slot = (*slot)[:len(*slot)+1]
	} else {
		*slot = append(*slot, sent{})
	}
	x := &(*slot)[len(*slot)-1]
	x.to, x.size = to, copy(x.data[:], packet)
}

func (l *lagBus) Recv(dst []byte) (int, Peer, bool) { return l.bus.Recv(dst) }

func (l *lagBus) step() {
	l.tick++
	slot := &l.ring[l.tick%len(l.ring)]
	for i := range *slot {
		x := &(*slot)[i]
		l.bus.Send(x.to, x.data[:x.size])
	}
	*slot = (*slot)[:0]
}

// match makes n sessions, one seat each, with delay ticks between them.
func match(tb testing.TB, n, delay, window int, game func() Game, saving ...Saving) ([]*Session, []*lagBus) {
	tb.Helper()
	seats := make([]Peer, n)
	for i := range seats {
		seats[i] = Peer(i)
	}
	ends := newBus(n)
	var sessions []*Session
	var lags []*lagBus
	for i := range n {
		lag := &lagBus{bus: ends[i], delay: delay}
		c := Config{Terms: Terms{Players: n}, Seats: seats, Self: Peer(i), Delay: NoDelay, Window: window}
		for _, c.Saving = range saving {
		}
		s, err := NewSession(game(), lag, c)
		if err != nil {
			tb.Fatal(err)
		}
		sessions = append(sessions, s)
		lags = append(lags, lag)
	}
	return sessions, lags
}

func play1(tb testing.TB, sessions []*Session, lags []*lagBus, bits func(i int) uint64) {
	for i, s := range sessions {
		in := [1]Input{{Bits: bits(i)}}
		if err := s.Advance(in[:]...); err != nil {
			tb.Fatal(err)
		}
	}
	for _, l := range lags {
		l.step()
	}
}

func newCheap() Game { return &cheap{} }

// BenchmarkFloor is what a rollback engine can't do without: the game's step, a
// copy of its state into a ring, and a hash of it (FNV-1a by words).
func BenchmarkFloor(b *testing.B) { floor(b, 0) }

// BenchmarkFloorRollback7 loads and steps seven frames again in every frame.
func BenchmarkFloorRollback7(b *testing.B) { floor(b, 7) }

func floor(b *testing.B, depth int) {
	g := &cheap{}
	var ring [16][256]byte
	var hashes [16]uint64
	in := make([]Input, 2)
	save := func(now int) {
		slot := &ring[now%len(ring)]
		*slot = g.state
		h := uint64(14695981039346656037)
		for i := 0; i < len(slot); i += 8 {
			h = (h ^ binary.LittleEndian.Uint64(slot[i:])) * 1099511628211
		}
		hashes[now%len(ring)] = h
	}
	now := 0
	b.ReportAllocs()
	for b.Loop() {
		if depth > 0 {
			g.state = ring[(now-depth)&(len(ring)-1)]
			for f := now - depth + 1; f <= now; f++ {
				g.Step(in)
				save(f & (len(ring) - 1))
			}
		}
		now++
		in[0].Bits = uint64(now)
		g.Step(in)
		save(now)
	}
	if hashes[now%len(ring)] == 1 {
		b.Fatal("unlikely")
	}
}

// The time of these is that of one session's frame: n sessions share a loop.
func perSession(b *testing.B, n, delay int, changing bool) {
	sessions, lags := match(b, n, delay, 0, newCheap)
	frame := uint64(0)
	bits := func(i int) uint64 {
		if changing {
			return (frame + uint64(i)) & 0xff
		}
		return frame / 10 & 1
	}
	for range 200 {
		frame++
		play1(b, sessions, lags, bits)
	}
	before := sessions[0].Stats()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		frame++
		play1(b, sessions, lags, bits)
	}
	b.StopTimer()
	after := sessions[0].Stats()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/session-frame")
	b.ReportMetric(float64(after.Steps-before.Steps)/float64(after.Frame-before.Frame), "steps/frame")
	b.ReportMetric(float64(after.BytesSent-before.BytesSent)/float64(after.PacketsSent-before.PacketsSent), "B/packet")
	b.ReportMetric(float64(after.Waited-before.Waited)/float64(b.N), "waited/frame")
}

func BenchmarkAdvance(b *testing.B) {
	for _, n := range []int{2, 4, 8} {
		b.Run(fmt.Sprintf("players=%d", n), func(b *testing.B) { perSession(b, n, 0, false) })
	}
}

func BenchmarkRollback7(b *testing.B) {
	for _, n := range []int{2, 4} {
		b.Run(fmt.Sprintf("players=%d", n), func(b *testing.B) { perSession(b, n, 7, true) })
	}
}
