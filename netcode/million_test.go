package netcode

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// slow tells that this test is built with the race detector or for js/wasm, or
// run with -short: then it plays fewer frames.
func slow() bool {
	if testing.Short() || runtime.GOARCH == "wasm" {
		return true
	}
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			return true
		}
	}
	return false
}

// long is a match of four that goes on and on, three ticks apart, with a
// rollback in a quarter of its ticks.
type long struct {
	t        *testing.T
	sessions []*Session
	lags     []*lagBus
	tick     uint64
	events   int
}

func newLong(t *testing.T) *long {
	l := &long{t: t}
	l.sessions, l.lags = match(t, 4, 3, 0, newCheap)
	l.run(2000)
	return l
}

func (l *long) run(ticks int) {
	bits := func(i int) uint64 { return (l.tick + uint64(3*i)) / 12 & 0xff }
	for range ticks {
		l.tick++
		play1(l.t, l.sessions, l.lags, bits)
	}
	for _, s := range l.sessions {
		for range s.Events() {
			l.events++
		}
	}
}

// footprint is the size of everything that v holds, the capacity of slices
// included. What stands behind interfaces is not the session's own.
func footprint(v reflect.Value) uint64 {
	return uint64(v.Type().Size()) + behind(v, map[uintptr]bool{})
}

func behind(v reflect.Value, seen map[uintptr]bool) (n uint64) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return 0
		}
		seen[v.Pointer()] = true
		return uint64(v.Type().Elem().Size()) + behind(v.Elem(), seen)
	case reflect.Slice:
		n = uint64(v.Cap()) * uint64(v.Type().Elem().Size())
		if !holds(v.Type().Elem()) {
			return n
		}
		v = v.Slice(0, v.Cap())
		for i := range v.Len() {
			n += behind(v.Index(i), seen)
		}
	case reflect.Array:
		if holds(v.Type().Elem()) {
			for i := range v.Len() {
				n += behind(v.Index(i), seen)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += behind(v.Field(i), seen)
		}
	case reflect.String:
		n = uint64(v.Len())
	case reflect.Map:
		panic("a map: its size can't be told")
	}
	return n
}

// holds tells whether a value of type t can hold anything beyond itself.
func holds(t reflect.Type) bool { return t.Kind() > reflect.Complex128 }

// A match of a million frames costs in its last frames what it costs in its
// first: time (printed), allocations, heap and the size of every structure. It
// passes 65,536, beyond which packets tell frames by their low bits.
func TestMillionFrames(t *testing.T) {
	frames, block := 1_000_000, 1000
	if slow() {
		frames, block = 70_000, 100
	}
	old := newLong(t)
	var sizes [4]uint64
	for i, s := range old.sessions {
		sizes[i] = footprint(reflect.ValueOf(s))
	}
	young := newLong(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	old.run(frames - 12*block)
	var times [2]time.Duration // of ten blocks each, in turn, so that the machine's moods hit both
	for i := range 20 {
		l := []*long{young, old}[i%2]
		start := time.Now()
		l.run(block)
		times[i%2] += time.Since(start)
	}
	runtime.ReadMemStats(&after)
	allocations := after.Mallocs - before.Mallocs
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	runtime.KeepAlive(young)

	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(10*block*4) }
	t.Logf("%d frames at 4 players: %.0f ns per session-frame in %d warm frames, %.0f ns in the last as many (x %.2f)",
		frames, per(times[0]), 10*block, per(times[1]), float64(times[1])/float64(times[0]))
	t.Logf("%d allocations, heap %+d bytes, each session %d bytes", allocations, heap, sizes[0])
	if allocations > 0 {
		t.Errorf("%d allocations, want none", allocations)
	}
	if heap > 4096 { // the collector keeps a few things of its own
		t.Errorf("the heap grew by %d bytes", heap)
	}
	for i, s := range old.sessions {
		if size := footprint(reflect.ValueOf(s)); size != sizes[i] {
			t.Errorf("session %d holds %d bytes, after its first frames %d", i, size, sizes[i])
		}
		if st := s.Stats(); int(st.Confirmed) < frames-12*block || st.Rollbacks*5 < st.Ticks || st.Waited > 0 {
			t.Errorf("session %d did not play what this is to measure: confirmed %d, %d rollbacks, waited %d times", i, st.Confirmed, st.Rollbacks, st.Waited)
		}
		f := old.sessions[0].Confirmed() - 20
		want, _ := old.sessions[0].Hash(f)
		if got, ok := s.Hash(f); got != want || !ok {
			t.Errorf("frame %d: sessions 0 and %d differ", f, i)
		}
	}
}
