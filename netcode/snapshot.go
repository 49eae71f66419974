package netcode

import "github.com/cespare/xxhash/v2"

// HashState is the hash of a state as Save wrote it: xxhash64 with seed 0. It
// is what Row.Hash and Session.Hash hold, so a solo simulation of recorded
// rows can compute the same.
func HashState(state []byte) uint64 { return xxhash.Sum64(state) }

// stateRing is the largest number of states that a session holds, and fewStates how
// many it has room for at first: what lies between the screen and the confirmed frame
// is less in most matches.
const (
	stateRing = 128
	fewStates = 16
	moreSlots = 4
)

// snapshots holds the states of the last frames in slots that are used again. It gets
// more of them when the confirmed frame falls back.
type snapshots struct {
	slots [][]byte
	most  int // slots
}

func newSnapshots(most, size int) snapshots {
	if most > stateRing {
		panic("netcode: more states than stateRing")
	}
	s := snapshots{slots: make([][]byte, min(most, fewStates)), most: most}
	for i := range s.slots {
		s.slots[i] = make([]byte, 0, size)
	}
	return s
}

// room makes room for the states from frame from to frame to, which is new, or
// reports false.
func (s *snapshots) room(from, to Frame) bool {
	n := len(s.slots)
	if enough := int(to-from) < n; enough || n == s.most {
		return enough
	}
	more := make([][]byte, min(n+moreSlots, s.most))
	for f := from; f < to; f++ {
		more[int(f)%len(more)] = s.at(f)
	}
	s.slots = more
	return true
}

func (s *snapshots) save(g Game, f Frame) {
	i := int(f) % len(s.slots)
	s.slots[i] = g.Save(s.slots[i][:0])
}

func (s *snapshots) at(f Frame) []byte { return s.slots[int(f)%len(s.slots)] }
