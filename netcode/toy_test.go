package netcode

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// toy is a game whose state depends on every input it ever got, in order:
// nothing that the engine does wrongly can go unseen.
type toy struct {
	frame    uint64
	seats    [MaxPlayers]uint64
	commands uint64 // how many Commands were given
	pad      []byte // more state
	wrong    uint64 // from this frame on Step does something else
	wrongPad int    // in this byte of pad; -1 is in seats[0]
	blip     uint64 // for eight frames from this one on the last byte of pad is another
}

func (g *toy) Step(in []Input) {
	g.frame++
	if g.wrong > 0 && g.frame >= g.wrong {
		if g.wrongPad >= 0 {
			g.pad[g.wrongPad]++
		} else {
			g.seats[0] ^= 1 << 40
		}
	}
	if g.blip > 0 {
		g.pad[len(g.pad)-1] = 0
		if g.frame >= g.blip && g.frame < g.blip+8 {
			g.pad[len(g.pad)-1] = 7
		}
	}
	for p := range in {
		h := g.seats[p]
		h = h*0x9e3779b97f4a7c15 + in[p].Bits + g.frame
		for _, c := range in[p].Command {
			h = h*31 + uint64(c) + 1
		}
		if len(in[p].Command) > 0 {
			g.commands++
		}
		g.seats[p] = h ^ h>>29
	}
}

func (g *toy) Save(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, g.frame)
	for _, h := range g.seats {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	dst = binary.LittleEndian.AppendUint64(dst, g.commands)
	return append(dst, g.pad...)
}

func (g *toy) Load(src []byte) {
	g.frame = binary.LittleEndian.Uint64(src)
	for p := range g.seats {
		g.seats[p] = binary.LittleEndian.Uint64(src[8+8*p:])
	}
	g.commands = binary.LittleEndian.Uint64(src[72:])
	copy(g.pad, src[80:])
}

// bus is a perfect transport in memory between a few machines, for tests that
// can't use simnet because simnet imports this package.
type bus struct {
	self  Peer
	boxes []box
}

type box struct {
	packets [512][MaxPacket]byte
	size    [512]int
	from    [512]Peer
	head, n int
}

func newBus(n int) []*bus {
	boxes := make([]box, n)
	ends := make([]*bus, n)
	for i := range ends {
		ends[i] = &bus{self: Peer(i), boxes: boxes}
	}
	return ends
}

func (b *bus) Send(to Peer, packet []byte) {
	x := &b.boxes[to]
	if x.n == len(x.packets) {
		return
	}
	i := (x.head + x.n) % len(x.packets)
	x.size[i] = copy(x.packets[i][:], packet)
	x.from[i] = b.self
	x.n++
}

func (b *bus) Recv(dst []byte) (int, Peer, bool) {
	x := &b.boxes[b.self]
	if x.n == 0 {
		x.head = 0 // the same few slots again, warm in the cache
		return 0, 0, false
	}
	i := x.head
	x.head = (x.head + 1) % len(x.packets)
	x.n--
	return copy(dst, x.packets[i][:x.size[i]]), x.from[i], true
}

// Corrupt makes every step to frame f and beyond go wrong.
func (g *toy) Corrupt(f Frame) { g.wrong, g.wrongPad = uint64(f), -1 }

// CorruptPad does so in one byte of the pad.
func (g *toy) CorruptPad(f Frame, i int) { g.wrong, g.wrongPad = uint64(f), i }

// Blip makes the state another from frame f on, and as it was again after eight frames.
func (g *toy) Blip(f Frame) { g.blip = uint64(f) }

// NewToy has a state with size bytes more.
func NewToy(size int) *toy { return &toy{pad: make([]byte, size)} }

// Fields are those of the saved state.
func (g *toy) Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		ok := yield(Field{"frame", 0, 8, Uint})
		for p := range g.seats {
			ok = ok && yield(Field{fmt.Sprintf("seats[%d]", p), 8 + 8*p, 8, Uint})
		}
		_ = ok && yield(Field{"commands", 72, 8, Uint}) && yield(Field{"pad", 80, len(g.pad), Raw})
	}
}

// Repent makes steps go right again, also those that went wrong before.
func (g *toy) Repent() { g.wrong = 0 }
