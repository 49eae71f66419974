package cluster

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever dies, sleeps or is cut off, no two nodes act for one slot, nobody
// hears a signal twice or out of order, and when all is well again, everybody
// who has company plays.
func TestThreeNodesAndTheirTroubles(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			w := trouble(seed)
			if w.fault != "" {
				t.Fatalf("seed %d: %s", seed, w.fault)
			}
			for i, g := range w.clients {
				if g.started == 0 && len(g.members) > 1 || !g.here {
					t.Errorf("seed %d: client %d (%d in %s/%s, members %v, here %v, playing %v) is stuck", seed, i, g.self, g.game, g.code, g.members, g.here, g.playing)
				}
			}
			if w.claims == 0 || w.played == 0 {
				t.Errorf("seed %d: %d claims and %d starts say nothing", seed, w.claims, w.played)
			}
		})
	}
}

// trouble is one minute of it, and one without.
func trouble(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), leases: map[string]Lease{}, lines: map[string]time.Duration{}}
	for range 3 {
		w.boot()
	}
	for i := range 12 {
		g := &guy{w: w, game: fmt.Sprint("game", i%3)}
		g.fresh()
		w.clients = append(w.clients, g)
		w.after(w.some(time.Second), g.connect)
		w.after(w.some(time.Second), g.think)
	}
	w.faults = true
	for range 20 {
		w.run(w.some(6 * time.Second))
		m := w.nodes[w.rng.IntN(len(w.nodes))]
		switch w.rng.IntN(6) {
		case 0:
			w.kill(m)
		case 1:
			m.asleep = max(m.asleep, w.now+w.some(5*time.Second))
			w.sleeps++
		case 2, 3:
			m.cut = true
			w.cuts++
		default:
			w.heal()
		}
	}
	w.heal()
	w.faults = false
	w.run(40 * time.Second)
	for _, g := range w.clients {
		g.started = 0
	}
	w.run(40 * time.Second)
	return w
}

// kill ends a machine at once, and starts another in its place.
func (w *world) kill(m *machine) {
	w.kills++
	m.dead = true
	for i, o := range w.nodes {
		if o == m {
			w.nodes = append(w.nodes[:i:i], w.nodes[i+1:]...)
		}
	}
	for _, id := range sorted(m.socks) {
		m.socks[id].end()
	}
	w.boot()
}

// heal puts everybody back, who then hears how things are.
func (w *world) heal() {
	for _, m := range w.nodes {
		if m.cut {
			m.cut = false
			for _, k := range sorted(w.leases) {
				m.hears(w.leases[k])
			}
		}
	}
}
