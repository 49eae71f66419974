package netcode_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
)

// reel is a Keyframer and a Source in memory.
type reel struct {
	terms netcode.Terms
	every netcode.Frame // a state
	rows  []netcode.Row
	at    int
	fail  error // of Next
}

func (r *reel) Wants(f netcode.Frame) bool { return r.every > 0 && f%r.every == 0 }

func (r *reel) Record(row *netcode.Row) error {
	c := *row
	c.Inputs = append([]netcode.Input(nil), row.Inputs...)
	for p := range c.Inputs {
		c.Inputs[p].Command = bytes.Clone(c.Inputs[p].Command)
	}
	c.State = bytes.Clone(row.State)
	r.rows = append(r.rows, c)
	return nil
}

func (r *reel) Terms() netcode.Terms { return r.terms }

func (r *reel) Next(row *netcode.Row) (bool, error) {
	if r.fail != nil || r.at == len(r.rows) {
		return false, r.fail
	}
	*row = r.rows[r.at]
	r.at++
	return true, nil
}

func (r *reel) Behind() int { return len(r.rows) - r.at }

func (r *reel) Seek(f netcode.Frame) error {
	if len(r.rows) == 0 || f > r.rows[len(r.rows)-1].Frame {
		return fmt.Errorf("reel: frame %d is beyond the last", f)
	}
	for i := len(r.rows) - 1; i >= 0; i-- {
		if row := &r.rows[i]; i == 0 || row.Frame <= f && row.State != nil {
			r.at = i
			return nil
		}
	}
	return nil
}

// filmed is a match of one machine, n frames long, with a state in every every-th row.
func filmed(t *testing.T, n int, every netcode.Frame) (*reel, *netcode.Session) {
	t.Helper()
	r := &reel{terms: netcode.Terms{Players: 2}, every: every}
	s, err := netcode.NewSession(netcode.NewToy(16), nil, netcode.Config{Terms: r.terms, Seats: []netcode.Peer{3, 3}, Self: 3, Recorders: []netcode.Recorder{r}})
	if err != nil {
		t.Fatal(err)
	}
	for f := range n {
		a, b := netcode.Input{Bits: uint64(f / 5)}, netcode.Input{Bits: uint64(f * f)}
		if f%9 == 0 {
			b.Command = []byte("go")
		}
		if err := s.Advance(a, b); err != nil {
			t.Fatal(err)
		}
	}
	return r, s
}

func viewer(t *testing.T, r *reel, pad int) (*netcode.Toy, *netcode.Viewer) {
	t.Helper()
	g := netcode.NewToy(pad)
	v, err := netcode.NewViewer(g, r)
	if err != nil {
		t.Fatal(err)
	}
	return g, v
}

// hashAt is the recorded hash of frame f.
func (r *reel) hashAt(f netcode.Frame) uint64 { return r.rows[f-r.rows[0].Frame].Hash }

func TestKeyframersGetStates(t *testing.T) {
	r, _ := filmed(t, 100, 10)
	for i, row := range r.rows {
		if row.Frame != netcode.Frame(i) {
			t.Fatalf("row %d is of frame %d", i, row.Frame)
		}
		if want := i%10 == 0; want != (row.State != nil) {
			t.Fatalf("row %d: %d bytes of State", i, len(row.State))
		}
		if row.State != nil && netcode.HashState(row.State) != row.Hash {
			t.Fatalf("row %d: its State is not the one that its Hash is of", i)
		}
	}
	if r, _ := filmed(t, 100, 0); r.rows[0].Frame != 1 {
		t.Errorf("a recorder that wants no states got frame %d first", r.rows[0].Frame)
	}
}

func TestViewerSeesTheMatchAgain(t *testing.T) {
	for _, every := range []netcode.Frame{0, 1, 7} {
		r, s := filmed(t, 200, every)
		g, v := viewer(t, r, 16)
		for f := netcode.Frame(1); f <= s.Confirmed(); f++ {
			if n := v.Behind(); n < int(s.Confirmed()-f+1) {
				t.Fatalf("frame %d: %d rows wait", f, n)
			}
			if err := v.Advance(); err != nil {
				t.Fatal(err)
			}
			if want := r.hashAt(f); v.Frame() != f || netcode.HashState(g.Save(nil)) != want {
				t.Fatalf("states each %d: frame %d is %d, or has another state", every, f, v.Frame())
			}
		}
		before := v.Frame()
		if err := v.Advance(); err != nil || v.Frame() != before || v.Behind() != 0 {
			t.Errorf("nothing new: frame %d after %d, %v", v.Frame(), before, err)
		}
	}
}

func TestViewerSeeks(t *testing.T) {
	for _, every := range []netcode.Frame{0, 1, 7, 50} {
		r, s := filmed(t, 200, every)
		g, v := viewer(t, r, 16)
		for i := range 300 {
			f := netcode.Frame(i*i*31) % (s.Confirmed() + 1)
			if i%7 == 0 {
				f = v.Frame() // where it is
			}
			before := v.Frame()
			if err := v.Seek(f); err != nil {
				t.Fatalf("from %d: %v", before, err)
			}
			for step := range netcode.Frame(3) {
				if f+step > s.Confirmed() {
					break
				}
				if step > 0 {
					if err := v.Advance(); err != nil {
						t.Fatalf("after Seek from %d to %d: %v", before, f, err)
					}
				}
				if v.Frame() != f+step || f+step > 0 && netcode.HashState(g.Save(nil)) != r.hashAt(f+step) {
					t.Fatalf("states each %d: after Seek from %d to %d and %d steps: frame %d, or another state", every, before, f, step, v.Frame())
				}
			}
		}
		at := v.Frame()
		if err := v.Seek(s.Confirmed() + 1); err == nil || v.Frame() != at {
			t.Errorf("Seek beyond the end: %v, frame %d", err, v.Frame())
		}
		if err := v.Seek(-1); err == nil {
			t.Error("Seek to frame -1 was taken")
		}
	}
}

// stepper counts its steps.
type stepper struct {
	*netcode.Toy
	steps int
}

func (c *stepper) Step(in []netcode.Input) { c.steps++; c.Toy.Step(in) }

// A seek steps from whatever is nearest: the screen, a state, or the start.
func TestSeekStepsLittle(t *testing.T) {
	r, _ := filmed(t, 1000, 100)
	g := &stepper{Toy: netcode.NewToy(16)}
	v, err := netcode.NewViewer(g, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to    netcode.Frame
		steps int
	}{{950, 50}, {951, 1}, {960, 9}, {960, 0}, {101, 1}, {99, 99}, {100, 1}, {100, 0}, {0, 0}, {1000, 0}, {999, 99}} {
		g.steps = 0
		from := v.Frame()
		if err := v.Seek(c.to); err != nil || v.Frame() != c.to || g.steps != c.steps {
			t.Errorf("from %d to %d: %d steps, should be %d; frame %d, %v", from, c.to, g.steps, c.steps, v.Frame(), err)
		}
	}
}

// Whoever comes late starts at the first row with a state.
func TestViewerStartsInTheMiddle(t *testing.T) {
	r, s := filmed(t, 100, 40)
	r.rows = r.rows[40:]
	g, v := viewer(t, r, 16)
	for f := netcode.Frame(40); f <= s.Confirmed(); f++ {
		if err := v.Advance(); err != nil || v.Frame() != f {
			t.Fatalf("frame %d, should be %d: %v", v.Frame(), f, err)
		}
	}
	if netcode.HashState(g.Save(nil)) != r.hashAt(s.Confirmed()) {
		t.Error("another state")
	}
	r.rows = r.rows[1:]
	r.at = 0
	_, v = viewer(t, r, 16)
	if err := v.Advance(); err == nil || v.Frame() != 0 || !strings.Contains(err.Error(), "frame 41 has no State") {
		t.Errorf("%v at frame %d", err, v.Frame())
	}
}

func TestViewerNamesADesync(t *testing.T) {
	r, _ := filmed(t, 100, 20)
	for i := range r.rows {
		if i%5 != 0 {
			r.rows[i].Hash = 0
		}
	}
	g, v := viewer(t, r, 16)
	g.CorruptPad(33, 3)
	var err error
	for err == nil && v.Behind() > 0 {
		err = v.Advance()
	}
	var desync *netcode.DesyncError
	if !errors.As(err, &desync) || desync.Frame != 35 || desync.Agreed != 30 || desync.Peer != netcode.Nobody || desync.Theirs != r.hashAt(35) {
		t.Fatalf("%+v", err)
	}
	if again := v.Advance(); again != err || v.Frame() != 35 {
		t.Errorf("after it: %v at frame %d", again, v.Frame())
	}
	// From a state on, the field is known.
	for i := range r.rows {
		r.rows[i].Hash = 0
	}
	if err := v.Seek(25); err != nil {
		t.Fatal(err)
	}
	g.CorruptPad(33, 3)
	for err = nil; err == nil && v.Behind() > 0; {
		err = v.Advance()
	}
	if !errors.As(err, &desync) || desync.Frame != 40 || desync.Agreed != 20 || desync.Offset != 83 || desync.Field != "pad" {
		t.Fatalf("%+v", err)
	}
	if want := "netcode: desync at frame 40 with the rows in pad at byte 83: 0x08 here, 0x00 there"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%q, want %q", err, want)
	}
	// What was equal before a seek back says nothing of the steps after it.
	whole := r.rows
	r.rows = r.rows[1:] // no frame 0 to compare
	if err := v.Seek(0); err != nil {
		t.Fatal(err)
	}
	g.CorruptPad(2, 3)
	for err = nil; err == nil; {
		err = v.Advance()
	}
	if !errors.As(err, &desync) || desync.Frame != 20 || desync.Agreed != -1 {
		t.Fatalf("%+v", err)
	}
	// Another start is seen before the first step, however like a state it is.
	g.Repent()
	r.rows = whole
	g.Load(r.rows[20].State)
	if v, err = netcode.NewViewer(g, r); err != nil {
		t.Fatal(err)
	}
	r.at = 0
	if err := v.Advance(); !errors.As(err, &desync) || desync.Frame != 0 || desync.Field != "frame" || desync.Agreed != -1 || !strings.Contains(err.Error(), "in frame at byte 0: 20 here, 0 there (hash 641ea82ec54d2eda here, c088fb75504a22bf there)") {
		t.Errorf("another start: %v", err)
	}
	_, v = viewer(t, r, 8)
	r.at = 0
	if err := v.Advance(); !errors.As(err, &desync) || desync.Frame != 0 {
		t.Errorf("another start: %v", err)
	}
}

func TestViewerRefuses(t *testing.T) {
	r, _ := filmed(t, 50, 10)
	if _, err := netcode.NewViewer(nil, r); err == nil {
		t.Error("no game was taken")
	}
	if _, err := netcode.NewViewer(netcode.NewToy(0), nil); err == nil {
		t.Error("no source was taken")
	}
	_, v := viewer(t, r, 16)
	r.fail = errors.New("the cable is out")
	if err := v.Advance(); err != r.fail {
		t.Errorf("%v", err)
	}
	r.fail = nil
	if err := v.Seek(20); err != nil || v.Frame() != 20 {
		t.Errorf("after a failure: %v at frame %d", err, v.Frame())
	}
	r.rows[21].Inputs = r.rows[21].Inputs[:1]
	if err := v.Advance(); err == nil || !strings.Contains(err.Error(), "has 1 inputs, must be 2") {
		t.Errorf("too few inputs: %v", err)
	}
	// A game that panics at a state that is not its own.
	r.rows[30].State = r.rows[30].State[:40]
	if err := v.Seek(35); err == nil || !strings.Contains(err.Error(), "State of frame 30, 40 bytes, is not of this game") {
		t.Errorf("a short State: %v", err)
	}
}

func TestViewerAllocatesNothing(t *testing.T) {
	r, _ := filmed(t, 1000, 10)
	_, v := viewer(t, r, 16)
	for range 10 {
		if err := v.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(900, func() {
		if err := v.Advance(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations each Advance", n)
	}
	if v.Frame() < 900 {
		t.Errorf("only frame %d was reached", v.Frame())
	}
}
