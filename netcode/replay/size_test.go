package replay_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

// calm changes one byte of each player in each tenth frame, all in the same
// frame or each in another.
func calm(apart int) func(netcode.Frame, []netcode.Input) {
	r := rand.New(rand.NewPCG(1, 2))
	held := make([]uint64, netcode.MaxPlayers)
	return func(f netcode.Frame, in []netcode.Input) {
		for p := range in {
			if (int(f)+p*apart)%10 == 0 {
				held[p] = uint64(byte(held[p]) + byte(1+r.IntN(255)))
			}
			in[p].Bits = held[p]
		}
	}
}

// noise is two random bytes of each player in each frame.
func noise() func(netcode.Frame, []netcode.Input) {
	r := rand.New(rand.NewPCG(3, 4))
	return func(f netcode.Frame, in []netcode.Input) {
		for p := range in {
			in[p].Bits = uint64(uint16(r.Uint32()))
		}
	}
}

// Ten minutes of four players, with a hash each second and without states.
func TestSize(t *testing.T) {
	const frames, raw = 36000, 2 * 4 * 36000
	for _, c := range []struct {
		name   string
		script func(netcode.Frame, []netcode.Input)
		limit  int
	}{
		{"one byte of everybody in each 10th frame", calm(0), 60000},
		{"one byte of everybody in each 10th frame, not in the same", calm(3), 60000},
		{"two random bytes of everybody in each frame", noise(), raw * 11 / 10},
		{"nothing", func(netcode.Frame, []netcode.Input) {}, 20000},
	} {
		var file bytes.Buffer
		m := newMatch(t, &file, terms, replay.Options{Keyframes: replay.None})
		m.keep = false
		m.play(frames, c.script)
		m.close()
		t.Logf("%-60s %6d bytes of at most %6d, raw %d", c.name, file.Len(), c.limit, raw)
		if file.Len() > c.limit {
			t.Errorf("%s: %d bytes, must be at most %d", c.name, file.Len(), c.limit)
		}
		r := open(t, file.Bytes())
		if v, err := replay.Verify(r, newSums); err != nil || v.Agreed != frames-1 || v.Marks < frames/60 {
			t.Errorf("%s: %+v, %v", c.name, v, err)
		}
	}
}

// What a state costs is what it holds besides zeros.
func TestStatesTakeNoZeros(t *testing.T) {
	var file bytes.Buffer
	w, err := replay.NewWriter(&file, terms, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	row := netcode.Row{Inputs: make([]netcode.Input, 4), State: make([]byte, 100000)}
	for i := range 100 {
		row.State[i*1000] = 7
	}
	if err := w.Record(&row); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if file.Len() > 600 {
		t.Errorf("100 bytes among 100,000 take %d", file.Len())
	}
	var got netcode.Row
	if ok, err := open(t, file.Bytes()).Next(&got); !ok || err != nil || !bytes.Equal(got.State, row.State) {
		t.Errorf("%v, %v, %d bytes", ok, err, len(got.State))
	}
}

// Little is lost in a crash, however much is said.
func TestBlocksEndEarlyWhenMuchIsSaid(t *testing.T) {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{})
	m.play(50, func(f netcode.Frame, in []netcode.Input) {
		for p := range in {
			in[p].Command = make([]byte, netcode.MaxCommand)
		}
	})
	if r := open(t, file.Bytes()); r.Last() < 33 {
		t.Errorf("after 49 frames of a kilobyte each the file ends at frame %d", r.Last())
	}
	m.close()
	if r := open(t, file.Bytes()); r.Last() != 49 || r.Damage() != nil {
		t.Errorf("%d, %v", r.Last(), r.Damage())
	}
}

// recorded are rows to write again and again.
func recorded(t testing.TB, n, keyframes int, script func(netcode.Frame, []netcode.Input)) []netcode.Row {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Keyframes: keyframes})
	m.play(n, script)
	return m.kept
}

func TestNoRowAllocates(t *testing.T) {
	for _, keyframes := range []int{replay.None, 60} {
		rows := recorded(t, 2400, keyframes, wild(3))
		w, err := replay.NewWriter(io.Discard, terms, replay.Options{Keyframes: keyframes})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		record := func() {
			if err := w.Record(&rows[i]); err != nil {
				t.Fatal(err)
			}
			i++
		}
		for range 600 {
			record()
		}
		if n := testing.AllocsPerRun(1700, record); n != 0 {
			t.Errorf("states each %d: a row written makes %v allocations", keyframes, n)
		}

		var file bytes.Buffer
		m := newMatch(t, &file, terms, replay.Options{Keyframes: keyframes})
		m.play(2400, wild(3))
		m.close()
		v, err := netcode.NewViewer(newSums(terms), open(t, file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(2300, func() {
			if err := v.Advance(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("states each %d: Viewer.Advance makes %v allocations", keyframes, n)
		}
		if v.Frame() < 2300 {
			t.Errorf("only frame %d was reached", v.Frame())
		}
	}
}

// full is a disk that takes n more bytes.
type full struct{ n int }

var errFull = errors.New("the disk is full")

func (d *full) Write(b []byte) (int, error) {
	if len(b) > d.n {
		return d.n, errFull
	}
	d.n -= len(b)
	return len(b), nil
}

func TestWriterRefuses(t *testing.T) {
	row := func(f netcode.Frame) *netcode.Row { return &netcode.Row{Frame: f, Inputs: make([]netcode.Input, 4)} }
	with := func(r *netcode.Row, change func(*netcode.Row)) *netcode.Row { change(r); return r }
	for name, rows := range map[string][]*netcode.Row{
		"begins with frame 2":     {row(2)},
		"frame 0 without a state": {row(0)},
		"frame -1":                {with(row(-1), func(r *netcode.Row) { r.State = []byte{1} })},
		"a gap":                   {row(1), row(3)},
		"twice":                   {row(1), row(1)},
		"three seats":             {row(1), with(row(2), func(r *netcode.Row) { r.Inputs = r.Inputs[:3] })},
		"long Command":            {row(1), with(row(2), func(r *netcode.Row) { r.Inputs[2].Command = make([]byte, netcode.MaxCommand+1) })},
		"large State":             {row(1), with(row(2), func(r *netcode.Row) { r.State = make([]byte, replay.MaxState+1) })},
		"last frame there is":     {with(row(1<<31-1), func(r *netcode.Row) { r.State = []byte{1} })},
	} {
		var file bytes.Buffer
		w, err := replay.NewWriter(&file, terms, replay.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows[:len(rows)-1] {
			if err := w.Record(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Record(rows[len(rows)-1]); err == nil {
			t.Errorf("%s: was taken", name)
		}
		if len(rows) == 2 { // and nothing has changed
			if err := w.Record(row(2)); err != nil {
				t.Errorf("%s: the right row after it: %v", name, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if r := open(t, file.Bytes()); r.Damage() != nil || r.Behind() != len(rows)/2*2 {
			t.Errorf("%s: %d rows, %v", name, r.Behind(), r.Damage())
		}
		if w.Record(row(3)) == nil {
			t.Errorf("%s: a row after Close was taken", name)
		}
	}
	for _, c := range []struct {
		t netcode.Terms
		o replay.Options
	}{
		{netcode.Terms{}, replay.Options{}},
		{netcode.Terms{Players: 9}, replay.Options{}},
		{netcode.Terms{Players: 1, Rate: -1}, replay.Options{}},
		{netcode.Terms{Players: 1, Timeout: netcode.MaxTimeout + 1}, replay.Options{}},
		{netcode.Terms{Players: 1, Build: string(make([]byte, netcode.MaxBuild+1))}, replay.Options{}},
		{netcode.Terms{Players: 1, Setup: make([]byte, netcode.MaxSetup+1)}, replay.Options{}},
		{netcode.Terms{Players: 1}, replay.Options{Hashes: -2}},
		{netcode.Terms{Players: 1}, replay.Options{Keyframes: -2}},
	} {
		var file bytes.Buffer
		if _, err := replay.NewWriter(&file, c.t, c.o); err == nil || file.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes were written", c, err, file.Len())
		}
	}
}

// A full disk is an error once, and for ever; the match goes on without the file.
func TestWriterWhoseDiskIsFull(t *testing.T) {
	if _, err := replay.NewWriter(&full{}, terms, replay.Options{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	w, err := replay.NewWriter(&full{n: 500}, terms, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := netcode.NewSession(newSums(terms), nil, netcode.Config{Terms: terms, Seats: []netcode.Peer{0, 0, 0, 0}, Recorders: []netcode.Recorder{w}})
	if err != nil {
		t.Fatal(err)
	}
	for f := range 600 {
		if err := s.Advance(netcode.Input{Bits: uint64(f)}, netcode.Input{}, netcode.Input{}, netcode.Input{}); err != nil {
			t.Fatal(err)
		}
	}
	if !errors.Is(s.RecordError(), errFull) || !errors.Is(w.Close(), errFull) || !errors.Is(w.Flush(), errFull) || s.Frame() != 600 {
		t.Errorf("%v, %v, frame %d", s.RecordError(), w.Close(), s.Frame())
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name   string
		script func(netcode.Frame, []netcode.Input)
	}{{"calm", calm(3)}, {"noise", noise()}, {"wild", wild(1)}} {
		b.Run(c.name, func(b *testing.B) {
			rows := recorded(b, 3600, replay.None, c.script)
			b.ReportAllocs()
			for n := 0; n < b.N; {
				w, err := replay.NewWriter(io.Discard, terms, replay.Options{Keyframes: replay.None})
				if err != nil {
					b.Fatal(err)
				}
				for i := range rows {
					if err := w.Record(&rows[i]); err != nil {
						b.Fatal(err)
					}
				}
				n += len(rows)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name   string
		script func(netcode.Frame, []netcode.Input)
	}{{"calm", calm(3)}, {"noise", noise()}, {"wild", wild(1)}} {
		b.Run(c.name, func(b *testing.B) {
			var file bytes.Buffer
			m := newMatch(b, &file, terms, replay.Options{Keyframes: replay.None})
			m.play(3600, c.script)
			m.close()
			r := open(b, file.Bytes())
			var row netcode.Row
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if r.Behind() == 0 {
					if err := r.Seek(0); err != nil {
						b.Fatal(err)
					}
				}
				if ok, err := r.Next(&row); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
