package plain

import (
	"testing"
	"time"
	"unsafe"

	"github.com/punchback/punchback/netcode"
)

// Two states of 4 KB: one without padding, and the same with a bool where it
// hurts.
type (
	tight struct {
		All [128]struct{ X, Y, VX, VY, Angle, Health, Ammo, Owner int32 }
	}
	padded struct {
		All [170]struct {
			X, Y, VX, VY int32
			Alive        bool
			Health       int32
		}
		Tick uint64
	}
	gappy struct {
		All [4096]struct {
			X, Y  int64
			Alive bool // 3 bytes are free after it
			A     uint16
			B     uint8 // and one here
		}
	}
	crumbs struct {
		All [512]struct {
			Kind uint8
			At   int32
		}
	}
)

// TestTheCostOfSave prints what BenchmarkSave measures, as ratios to copy.
func TestTheCostOfSave(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	buf := make([]byte, 8192)
	src := make([]byte, 4096)
	floor := measure(func() { copy(buf, src) })
	t.Logf("copy of 4096 bytes %v", floor)
	show := func(name string, g netcode.Game) {
		size := len(g.Save(buf[:0]))
		save := measure(func() { g.Save(buf[:0]) })
		load := measure(func() { g.Load(buf[:size]) })
		t.Logf("%-18s saves %d bytes in %6v, %4.1f x copy; loads in %6v, %4.1f x", name, size, save, float64(save)/float64(floor), load, float64(load)/float64(floor))
	}
	show("without padding", New(new(tight), func(*tight, []netcode.Input) {}))
	show("with padding", New(new(padded), func(*padded, []netcode.Input) {}))
	show("mostly padding", New(new(crumbs), func(*crumbs, []netcode.Input) {}))
}

// measure is the best of a few, since a machine has other things to do, too.
func measure(f func()) time.Duration {
	best := time.Duration(1 << 62)
	for range 20 {
		const n = 2000
		start := time.Now()
		for range n {
			f()
		}
		best = min(best, time.Since(start)*100/n)
	}
	return best / 100
}

func BenchmarkSave(b *testing.B) {
	buf, src := make([]byte, 8192), make([]byte, 4096)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	tight := New(new(tight), func(*tight, []netcode.Input) {})
	padded := New(new(padded), func(*padded, []netcode.Input) {})
	run("copy", func() { copy(buf, src) })
	run("tight", func() { tight.Save(buf[:0]) })
	run("padded", func() { padded.Save(buf[:0]) })
	entities, large := New(new(gappy), func(*gappy, []netcode.Input) {}), make([]byte, 1<<17)
	raw := make([]byte, unsafe.Sizeof(gappy{}))
	run("copy of entities with two gaps", func() { copy(large, raw) })
	run("entities with two gaps", func() { entities.Save(large[:0]) })
	saved := entities.Save(nil)
	run("entities with two gaps, load", func() { entities.Load(saved) })
}
