package netcode

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A timeline that is saved sparsely plays as one that is saved whole: the same on screen
// after every tick, and the same states of marks when they are confirmed. It holds four
// states as long as at most 23 frames are not confirmed.
func TestSparseTimeline(t *testing.T) {
	const players = 2
	longest := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var lines [2]*timeline // whole, sparse
		var games [2]*toy
		for i := range lines {
			games[i], lines[i] = &toy{}, &timeline{}
			lines[i].begin(games[i], players, 100, games[i].Save(nil), i == 1)
		}
		most := 1 + r.IntN(23)
		if seed%10 == 9 {
			most = 70
		}
		confirmed, marks := Frame(0), 0
		for range 400 {
			now, heads := lines[0].now, [players]Frame{}
			lines[0].tick()
			lines[1].tick()
			for p := range players {
				more := r.IntN(3) * r.IntN(3)
				bits := r.Uint64N(3) / 2
				for _, l := range lines {
					q := &l.queues[p]
					for range more {
						if q.head < now+1 && q.put(bits, nil, l.now) {
							l.suspect(q.head)
						}
					}
					heads[p] = q.head
				}
			}
			for _, l := range lines {
				l.repair(confirmed)
				if int(l.now-confirmed) < most && !l.full(confirmed) {
					l.advance(confirmed)
				}
			}
			if whole, sparse := games[0].Save(nil), games[1].Save(nil); !bytes.Equal(whole, sparse) {
				t.Fatalf("seed %d: at frame %d the state is %x, saved sparsely %x", seed, lines[0].now, whole, sparse)
			}
			for to := min(lines[0].now, heads[0], heads[1]); confirmed < to; {
				confirmed++
				whole, sparse := lines[0].states.at(confirmed), lines[1].states.at(confirmed)
				if sparse == nil && confirmed%markEvery == 0 || sparse != nil && !bytes.Equal(whole, sparse) {
					t.Fatalf("seed %d: frame %d is confirmed as %x, saved sparsely %x", seed, confirmed, whole, sparse)
				}
				if sparse != nil && confirmed%markEvery == 0 {
					marks++
				}
			}
			if n := len(lines[1].states.slots); most <= 23 && n != sparseStates || n > 6 {
				t.Fatalf("seed %d: %d states are held for %d frames", seed, n, most)
			}
			longest = max(longest, int(lines[1].now-confirmed))
		}
		if marks == 0 {
			t.Errorf("seed %d: no mark is confirmed", seed)
		}
	}
	if longest < 60 {
		t.Errorf("at most %d frames were not confirmed", longest)
	}
}
