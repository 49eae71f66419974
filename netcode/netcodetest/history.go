package netcodetest

import (
	"bytes"
	"fmt"

	"github.com/punchback/punchback/netcode"
)

// history is what a match has confirmed so far. The machine that confirms a
// frame first writes it; every other one must confirm the same. Beside it a
// solo simulation of the rows says what their hashes must be.
type history struct {
	story  *story
	solo   netcode.Game
	state  []byte
	start  []byte
	bits   []uint64
	absent []bool
	ends   []int // of each Command in said
	said   []byte
	hashes []uint64
	first  []int      // which machine confirmed each frame first
	taken  []int      // Commands confirmed per player
	given  []int      // Commands given per player
	orders [][][]byte // and which, per player, if the game's author makes them
	want   [netcode.MaxCommand]byte
}

func (h *history) reset(s *story, solo netcode.Game, orders bool) {
	players := len(s.seats)
	h.story, h.solo, h.start, h.orders = s, solo, solo.Save(h.start[:0]), nil
	if orders {
		h.orders = make([][][]byte, players)
	}
	h.bits, h.absent, h.ends, h.said = h.bits[:0], h.absent[:0], append(h.ends[:0], 0), h.said[:0]
	h.hashes, h.first = h.hashes[:0], h.first[:0]
	h.taken, h.given = make([]int, players), make([]int, players)
}

// give notes a Command of the author's, if there is one.
func (h *history) give(p int, command []byte) {
	if len(command) > 0 {
		h.given[p]++
		h.orders[p] = append(h.orders[p], command)
	}
}

// takeBack forgets a Command that was refused.
func (h *history) takeBack(p int, command []byte) {
	if len(command) == 0 {
		return
	}
	if h.given[p]--; h.orders != nil {
		h.orders[p] = h.orders[p][:h.given[p]]
	}
}

// order is the k-th Command that player p gave.
func (h *history) order(p, k int) []byte {
	if h.orders != nil {
		return h.orders[p][k]
	}
	return command(h.story.seed, p, k, h.want[:0])
}

// differs says where the state of a row is another than that of a solo simulation. The
// match is over then.
func (h *history) differs(r *netcode.Row) string {
	h.solo.Load(h.start)
	in := make([]netcode.Input, len(r.Inputs))
	for f := range int(r.Frame) {
		for p := range in {
			i := f*len(in) + p
			in[p] = netcode.Input{Bits: h.bits[i], Absent: h.absent[i], Command: h.said[h.ends[i]:h.ends[i+1]:h.ends[i+1]]}
		}
		h.solo.Step(in)
	}
	if d := netcode.FirstDifference(h.solo, r.State, h.solo.Save(nil)); d != "" {
		return ": " + d
	}
	return ""
}

// record takes a row that a machine confirmed and tells what is wrong with it.
func (h *history) record(m int, r *netcode.Row) *breach {
	f := int(r.Frame) - 1
	if f > len(h.hashes) {
		return broken("one history", "machine %d confirms frame %d, nobody has confirmed frame %d", m, r.Frame, len(h.hashes)+1)
	}
	if f == len(h.hashes) {
		if b := h.write(m, r); b != nil {
			return b
		}
	} else if b := h.match(m, f, r); b != nil {
		return b
	}
	hashed := r.Frame%32 == 0 || h.story.saving() != netcode.SaveSparse
	if r.Hash != h.hashes[f] && (hashed || r.Hash != 0) {
		return broken("the right state", "machine %d confirms frame %d with hash %016x, a solo simulation of the rows makes %016x%s", m, r.Frame, r.Hash, h.hashes[f], h.differs(r))
	}
	return nil
}

// write keeps a new row, when its Commands are those that were given, in
// order, each once.
func (h *history) write(m int, r *netcode.Row) *breach {
	for p, in := range r.Inputs {
		if len(in.Command) > 0 {
			k := h.taken[p]
			if k >= h.given[p] {
				return broken("Commands as given", "machine %d confirms frame %d with Command %d of player %d, who gave %d", m, r.Frame, k, p, k)
			}
			if want := h.order(p, k); !bytes.Equal(in.Command, want) {
				return broken("Commands as given", "machine %d confirms frame %d with Command %.8x of player %d, whose Command %d is %.8x", m, r.Frame, in.Command, p, k, want)
			}
			h.taken[p]++
		}
		if in.Absent && (in.Bits != 0 || len(in.Command) > 0) {
			return broken("nobody holds nothing", "machine %d confirms frame %d with inputs of player %d, who is absent", m, r.Frame, p)
		}
		h.bits = append(h.bits, in.Bits)
		h.absent = append(h.absent, in.Absent)
		h.said = append(h.said, in.Command...)
		h.ends = append(h.ends, len(h.said))
	}
	h.solo.Step(r.Inputs)
	h.state = h.solo.Save(h.state[:0])
	h.hashes = append(h.hashes, netcode.HashState(h.state))
	h.first = append(h.first, m)
	return nil
}

func (h *history) match(m, f int, r *netcode.Row) *breach {
	for p, in := range r.Inputs {
		i := f*len(r.Inputs) + p
		said := h.said[h.ends[i]:h.ends[i+1]]
		if in.Bits != h.bits[i] || in.Absent != h.absent[i] || !bytes.Equal(in.Command, said) {
			return broken("one history", "machine %d confirms frame %d with %s of player %d, machine %d did with %s",
				m, r.Frame, held(in.Bits, in.Absent, in.Command), p, h.first[f], held(h.bits[i], h.absent[i], said))
		}
	}
	return nil
}

func held(bits uint64, absent bool, command []byte) string {
	if absent {
		return "nothing"
	}
	if len(command) > 0 {
		return fmt.Sprintf("Bits %x and Command %.8x", bits, command)
	}
	return fmt.Sprintf("Bits %x", bits)
}

// command makes the k-th Command of player p. Most are short, some as long as
// can be.
func command(seed uint64, p, k int, dst []byte) []byte {
	r := random(seed ^ uint64(p+1)<<56 ^ uint64(k)<<32)
	n := 1 + r.below(20)
	if r.below(10) == 0 {
		n = 1 + r.below(netcode.MaxCommand)
	}
	dst = append(dst, byte(k))
	for c := r.next(); len(dst) < n; c = c>>8 | c<<56 {
		dst = append(dst, byte(c))
	}
	return dst
}

// breach is a law that was broken.
type breach struct {
	law  string
	text string
	tick int
}

func broken(law, format string, args ...any) *breach {
	return &breach{law: law, text: fmt.Sprintf(format, args...)}
}
