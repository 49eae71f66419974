package netcode

import "github.com/cespare/xxhash/v2"

// HashState is the hash of a state as Save wrote it: xxhash64 with seed 0. It
// is what Row.Hash and Session.Hash hold, so a solo simulation of recorded
// rows can compute the same.
func HashState(state []byte) uint64 { return xxhash.Sum64(state) }

// stateRing is the largest number of frames whose states are gone back to, and
// fewStates of how many there is room at first: what lies between the screen and the
// confirmed frame is less in most matches. Of a game that is saved sparsely,
// sparseStates are held: one at or before the confirmed frame, marks, and of the frames
// between one in sparseEvery, while there are slots.
const (
	stateRing    = 128
	fewStates    = 16
	moreSlots    = 4
	sparseStates = 4
	sparseEvery  = 8
)

// snapshot is the state at a frame; none is at frame -1.
type snapshot struct {
	frame Frame
	state []byte
}

// snapshots holds states to go back to: those of the last frames in slots that are used
// again, of which there are more when the confirmed frame falls back; or a few.
type snapshots struct {
	slots  []snapshot
	most   int // frames
	sparse bool
}

func newSnapshots(most, size int, sparse bool) snapshots {
	if most > stateRing {
		panic("netcode: more states than stateRing")
	}
	s := snapshots{slots: make([]snapshot, min(most, fewStates)), most: most, sparse: sparse}
	if sparse {
		s.slots = s.slots[:min(most, sparseStates)]
	}
	for i := range s.slots {
		s.slots[i] = snapshot{-1, make([]byte, 0, size)}
	}
	return s
}

// room makes room for the states from frame from to frame to, which is new, or
// reports false.
func (s *snapshots) room(from, to Frame) bool {
	n := len(s.slots)
	if s.sparse {
		return int(to-from) < s.most
	}
	if enough := int(to-from) < n; enough || n == s.most {
		return enough
	}
	more := make([]snapshot, min(n+moreSlots, s.most))
	for f := from; f < to; f++ {
		more[int(f)%len(more)] = s.slots[s.place(f)]
	}
	s.slots = more
	return true
}

// place is where the state at a frame is held, unless the game is saved sparsely.
func (s *snapshots) place(f Frame) int { return int(uint32(f) % uint32(len(s.slots))) }

// save holds the state at frame f. Of a sparse game it is that of one frame in every,
// and between marks only if a slot is free for what may not be needed.
func (s *snapshots) save(g Game, f, confirmed, every Frame) {
	i := s.place(f)
	if s.sparse {
		if f%every != 0 {
			return
		}
		if i = s.free(confirmed, every != sparseEvery || f%markEvery == 0); i < 0 {
			return
		}
	}
	s.slots[i].frame, s.slots[i].state = f, g.Save(s.slots[i].state[:0])
}

// free is a slot whose state is not needed. If there must be one, it is that of the
// last frame that is no mark, or a new one. It is -1 if there is none.
func (s *snapshots) free(confirmed Frame, must bool) int {
	base, last := s.before(confirmed).frame, -1
	for i := range s.slots {
		switch f := s.slots[i].frame; {
		case f < base, f < 0:
			return i
		case must && f > base && f%markEvery != 0 && (last < 0 || f > s.slots[last].frame):
			last = i
		}
	}
	if must && last < 0 {
		last = len(s.slots)
		s.slots = append(s.slots, snapshot{})
	}
	return last
}

// before is the last state at or before frame f.
func (s *snapshots) before(f Frame) *snapshot {
	if !s.sparse {
		return &s.slots[s.place(f)]
	}
	best := &s.slots[0]
	for i := range s.slots {
		if x := &s.slots[i]; x.frame <= f && (x.frame > best.frame || best.frame > f) {
			best = x
		}
	}
	return best
}

// back is the last state at or before frame f. Those after it are forgotten.
func (s *snapshots) back(f Frame) *snapshot {
	for i := range s.slots {
		if x := &s.slots[i]; x.frame > f {
			x.frame = -1
		}
	}
	return s.before(f)
}

// at is the state at frame f, nil if it is not held.
func (s *snapshots) at(f Frame) []byte {
	if x := s.before(f); x.frame == f {
		return x.state
	}
	return nil
}
