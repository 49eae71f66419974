package netcode

import (
	"cmp"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// slow says that this test is built with the race detector or for js/wasm, or
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

// footprint is how many bytes a pointer leads to, the capacity of slices
// included, and bytes that several lead to counted once. What stands behind
// interfaces is not the session's own.
func footprint(p any) (n uint64) {
	var spans [][2]uintptr
	reach(reflect.ValueOf(p), &spans)
	slices.SortFunc(spans, func(a, b [2]uintptr) int { return cmp.Compare(a[0], b[0]) })
	end := uintptr(0)
	for _, s := range spans {
		n += uint64(max(s[1], end) - max(s[0], end))
		end = max(end, s[1])
	}
	return n
}

// reach collects the memory behind v.
func reach(v reflect.Value, spans *[][2]uintptr) {
	span := func(start, size uintptr) bool {
		s := [2]uintptr{start, start + size}
		known := slices.Contains(*spans, s)
		*spans = append(*spans, s)
		return !known
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && span(v.Pointer(), v.Type().Elem().Size()) {
			reach(v.Elem(), spans)
		}
	case reflect.Slice:
		span(v.Pointer(), uintptr(v.Cap())*v.Type().Elem().Size())
		for i := range v.Cap() {
			if !holds(v.Type().Elem()) {
				break
			}
			reach(v.Slice(0, v.Cap()).Index(i), spans)
		}
	case reflect.Array:
		for i := range v.Len() {
			if !holds(v.Type().Elem()) {
				break
			}
			reach(v.Index(i), spans)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			reach(v.Field(i), spans)
		}
	case reflect.Map, reflect.Chan:
		panic("the size of a map or channel can't be told")
	}
}

// holds reports whether a value of type t can hold anything beyond itself.
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
		sizes[i] = footprint(s)
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
	if allocations > 16 { // none of ours; a busy runtime makes a few of its own
		t.Errorf("%d allocations, want none", allocations)
	}
	if heap > 1<<16 { // a frame that leaked a byte would be over; the collector keeps a few things of its own
		t.Errorf("the heap grew by %d bytes", heap)
	}
	for i, s := range old.sessions {
		if size := footprint(s); size != sizes[i] {
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
