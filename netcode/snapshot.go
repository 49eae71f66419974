package netcode

import "github.com/cespare/xxhash/v2"

// HashState is the hash of a state as Save wrote it: xxhash64 with seed 0. It
// is what Row.Hash and Session.Hash hold, so a solo simulation of recorded
// rows can compute the same.
func HashState(state []byte) uint64 { return xxhash.Sum64(state) }

// stateRing is the largest number of states that a session holds.
const stateRing = 128

// snapshots holds the states of the last frames in slots that are used again.
type snapshots struct {
	slots [][]byte
	mask  int
}

func newSnapshots(n, size int) snapshots {
	count := 16
	for count < n {
		count *= 2
	}
	if count > stateRing {
		panic("netcode: more states than stateRing")
	}
	s := snapshots{slots: make([][]byte, count), mask: count - 1}
	for i := range s.slots {
		s.slots[i] = make([]byte, 0, size+size/4)
	}
	return s
}

func (s *snapshots) save(g Game, f Frame) {
	i := int(f) & s.mask
	s.slots[i] = g.Save(s.slots[i][:0])
}

func (s *snapshots) at(f Frame) []byte { return s.slots[int(f)&s.mask] }
