package mesh

import (
	"fmt"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// end is one of two machines whose signals take some quarters of a tick to the
// other. Its link opens when it has heard of the other's.
type end struct {
	Mesh
	other   *end
	delay   int
	from    protocol.ID
	offers  bool
	number  byte // of the link, zero: none
	last    byte
	opens   int
	age     int
	mail    []letter
	phase   int
	waiting int // quarters of a tick until its first link fails
}

type letter struct {
	at      int
	payload []byte
}

// A link signals its number and that of the other's which it knows; the end that
// offers says so again and again, the other end answers.
func (e *end) live(now int) {
	for len(e.mail) > 0 && e.mail[0].at <= now {
		e.Hear(protocol.Message{Kind: protocol.Signal, From: e.from, Payload: e.mail[0].payload})
		e.mail = e.mail[1:]
		e.obey(now)
	}
	if e.waiting--; e.waiting == 0 {
		e.number = 0
		e.Closed(e.from, "it was cut")
	}
	if now%4 == e.phase {
		if e.number != 0 && e.peers[0].Link == Connecting {
			if e.age++; e.offers && e.age%3 == 0 {
				e.Carry(e.from, []byte{e.number, 0})
			}
			if e.age > 8*TickRate {
				e.number = 0
				e.Closed(e.from, "it takes too long")
			}
		}
		e.Tick()
	}
	e.obey(now)
}

func (e *end) obey(now int) {
	for o, ok := e.Next(); ok; o, ok = e.Next() {
		switch o.Kind {
		case Open:
			e.last++
			e.number, e.age = e.last, 0
			if e.opens++; e.offers {
				e.Carry(e.from, []byte{e.number, 0})
			}
		case Close:
			e.number = 0
		case Signal:
			theirs, ours := o.Payload[0], o.Payload[1]
			if !e.offers && ours == 0 {
				e.Carry(e.from, []byte{e.number, theirs})
			} else if ours == e.number {
				e.Carry(e.from, []byte{e.number, theirs})
				e.Opened(e.from)
			}
		case Say:
			if o.Message.Kind == protocol.Signal {
				e.other.mail = append(e.other.mail, letter{now + e.delay, o.Message.Payload})
			}
		}
	}
}

// Two ends that lose their link, each in its own time, find each other within a few
// tries, however long signals take and in whatever order their tries cross.
func TestTriesThatCross(t *testing.T) {
	for delay := range 24 {
		for phase := range 4 {
			for second := 1; second < 120; second++ {
				for ahead := range 4 {
					cross(t, delay, phase, second, ahead)
				}
			}
		}
	}
}

func cross(t *testing.T, delay, phase, second, ahead int) {
	t.Helper()
	a, b := &end{from: 2, delay: delay, waiting: 60}, &end{from: 1, delay: delay, phase: phase, waiting: second, offers: true}
	a.other, b.other = b, a
	a.Hear(welcome(1, 2, 2, 2))
	b.Hear(welcome(2, 2, 2, 1))
	for _, e := range []*end{a, b} {
		e.obey(0)
		e.Opened(e.from)
		e.obey(0)
	}
	a.peers[0].try += uint64(ahead) // It has tried in vain meanwhile, and its signals were lost.
	linked := func() bool {
		return a.waiting < 0 && b.waiting < 0 && a.peers[0].Link == Linked && b.peers[0].Link == Linked
	}
	for now := 1; now < 1200 && !linked(); now++ {
		a.live(now)
		b.live(now)
	}
	most := max(a.opens, b.opens)
	if what := fmt.Sprintf("signals take %d, the ends' ticks are %d apart, they lose their link after 60 and %d, one is %d tries ahead", delay, phase, second, ahead); !linked() {
		t.Fatalf("%s: %d tries, and no link", what, most)
	} else if most > 4 {
		t.Fatalf("%s: %d tries", what, most)
	}
}
