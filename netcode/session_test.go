package netcode_test

import (
	"errors"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

func TestTwoPlay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 3000}, nil)
	b.run(300)
	b.healthy()
	b.same()
	for m, s := range b.sessions {
		st := s.Stats()
		if s.Frame() < 280 || s.Confirmed() < 260 || st.Rollbacks == 0 || st.MaxDepth > 8 {
			t.Errorf("machine %d: %+v", m, st)
		}
		if b.count(m, netcode.Synced) != 1 || len(b.events[m]) != 1 {
			t.Errorf("machine %d: events %v", m, b.events[m])
		}
		if p := st.Peers[0]; p.RTT < 6000 || p.RTT > 8000 || p.Ahead < -1000 || p.Ahead > 1000 || p.Confirmed < 200 {
			t.Errorf("machine %d: %+v", m, p)
		}
	}
}

func TestSolo(t *testing.T) {
	tp := &tape{}
	s, err := netcode.NewSession(&netcode.Toy{}, nil, netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{3, 3}, Self: 3, Recorders: []netcode.Recorder{tp}})
	if err != nil {
		t.Fatal(err)
	}
	for f := range 100 {
		if err := s.Advance(netcode.Input{Bits: uint64(f)}, netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		if int(s.Frame()) != f+1 || int(s.Confirmed()) != f+1 {
			t.Fatalf("frame %d, confirmed %d after %d ticks", s.Frame(), s.Confirmed(), f+1)
		}
	}
	// The default delay is two frames: the first Bits that matter lead to frame 3.
	for f, r := range tp.rows {
		if want := uint64(max(0, f-2)); r.inputs[0].Bits != want {
			t.Fatalf("row %d has Bits %d, want %d", f+1, r.inputs[0].Bits, want)
		}
	}
	s.Leave()
	if !s.Done() {
		s.Advance(netcode.Input{}, netcode.Input{})
		if !s.Done() {
			t.Error("a machine alone is not done")
		}
	}
}

func TestWindowIsTheLimit(t *testing.T) {
	for _, window := range []int{1, 2, 8, 12, netcode.MaxWindow} {
		b := newTable(t, 2, simnet.Path{Latency: 1000}, func(m int, c *netcode.Config) { c.Window = window })
		b.bits = func(m int) uint64 { return uint64(b.ticks) }
		b.run(100)
		b.net.CutAll(true)
		b.run(50)
		for m, s := range b.sessions {
			st := s.Stats()
			if int(st.Frame-st.Complete) != window {
				t.Errorf("window %d: machine %d is %d frames beyond Complete", window, m, st.Frame-st.Complete)
			}
			if !st.Waiting || st.Waited == 0 {
				t.Errorf("window %d: machine %d does not wait", window, m)
			}
		}
		b.net.CutAll(false)
		b.run(50)
		b.healthy()
		b.same()
		for m, s := range b.sessions {
			if st := s.Stats(); st.MaxDepth != window { // back to the oldest state there is
				t.Errorf("window %d: machine %d rolled back %d frames", window, m, st.MaxDepth)
			}
		}
	}
}

func TestSleeperCatchesUp(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000}, func(_ int, c *netcode.Config) { c.Timeout = 300 })
	b.run(120)
	b.asleep[1] = true
	b.run(200)
	if b.count(0, netcode.Quiet) != 1 {
		t.Errorf("events of machine 0: %v", b.events[0])
	}
	b.asleep[1] = false
	b.run(10)
	behind := b.sessions[0].Frame() - b.sessions[1].Frame()
	b.run(100)
	b.healthy()
	b.same()
	if behind > 4 {
		t.Errorf("the sleeper was still %d frames behind 10 ticks after waking", behind)
	}
	if d := b.sessions[0].Frame() - b.sessions[1].Frame(); d > 1 || d < -1 {
		t.Errorf("screens are %d frames apart", d)
	}
	if b.count(0, netcode.Back) != 1 {
		t.Errorf("events of machine 0: %v", b.events[0])
	}
}

type failing struct{ calls int }

func (f *failing) Record(r *netcode.Row) error {
	f.calls++
	if r.Frame == 10 {
		return errors.New("disk full")
	}
	return nil
}

func TestFailingRecorderDoesNotEndTheMatch(t *testing.T) {
	f, second := &failing{}, &failing{}
	b := newTable(t, 2, simnet.Path{}, func(m int, c *netcode.Config) {
		if m == 0 {
			c.Recorders = append([]netcode.Recorder{f, second}, c.Recorders...)
		}
	})
	b.run(60)
	b.healthy()
	if f.calls != 10 || second.calls != 10 || len(b.tapes[0].rows) < 40 {
		t.Errorf("%d calls, %d rows", f.calls, len(b.tapes[0].rows))
	}
	if err := b.sessions[0].RecordError(); err == nil || err.Error() != "netcode: recorder 0 at frame 10: disk full\nnetcode: recorder 1 at frame 10: disk full" {
		t.Error(err)
	}
}

// One machine runs as far ahead of the confirmed frame as the others let it:
// machine 1 does not hear machine 2, but both are heard by machine 0.
func TestRingsAreLargeEnough(t *testing.T) {
	b := newTable(t, 3, simnet.Path{Latency: 1000}, func(m int, c *netcode.Config) {
		c.Window, c.Delay = netcode.MaxWindow, netcode.MaxDelay
		if m == 0 {
			c.Window = 8
		}
	})
	b.bits = func(m int) uint64 { return uint64(b.ticks * (m + 1)) }
	for range 3 {
		b.run(100)
		b.net.Cut(2, 1, true)
		b.run(200)
		b.net.Cut(2, 1, false)
		b.run(100)
	}
	b.healthy()
	b.same()
	for m, tp := range b.tapes {
		if len(tp.rows) < 400 {
			t.Errorf("machine %d: %+v", m, b.sessions[m].Stats())
		}
	}
}

// The round trip is measured from fresh echoes only, so that loss does not
// make it look longer.
func TestRoundTripUnderLoss(t *testing.T) {
	var rtt [2]int
	for i, loss := range []int{0, 400} {
		b := newTable(t, 2, simnet.Path{Latency: 3000, Loss: loss}, nil)
		b.run(400)
		b.healthy()
		rtt[i] = b.sessions[0].Stats().Peers[0].RTT
	}
	if d := rtt[1] - rtt[0]; d > 250 || d < -250 || rtt[0] < 6000 || rtt[0] > 7000 {
		t.Errorf("round trips are %d without loss, %d with", rtt[0], rtt[1])
	}
}

// TestRefusalIsHeard starts matches that NewSession refuses: the transport hears
// why, once. Ends in Advance are looked at by every table.
func TestRefusalIsHeard(t *testing.T) {
	net := simnet.New(1, 2)
	good := netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}}
	for _, c := range []struct {
		name string
		game netcode.Game
		cfg  netcode.Config
	}{
		{"no game", nil, good},
		{"no seats", &netcode.Toy{}, netcode.Config{Terms: netcode.Terms{Players: 2}}},
		{"a game that does not repeat itself", new(restless), good},
	} {
		var heard []error
		if _, err := netcode.NewSession(c.game, ear{net.Peer(0), &heard}, c.cfg); err == nil || len(heard) != 1 || heard[0] != err {
			t.Errorf("%s: NewSession says %v, its transport heard %v", c.name, err, heard)
		}
	}
	var heard []error
	s, err := netcode.NewSession(&netcode.Toy{}, simnet.Shape(ear{net.Peer(0), &heard}, 1, simnet.Path{}), good)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(netcode.Input{Command: make([]byte, netcode.MaxCommand+1)}); err == nil || len(heard) > 0 {
		t.Errorf("a refused Command is no end: %v, heard %v", err, heard)
	}
	for err == nil {
		err = s.Advance(netcode.Input{}) // nobody answers
	}
	if !s.Done() {
		t.Error("the match ended with an error, and Done is false")
	}
	if s.Advance(netcode.Input{}) != err || len(heard) != 1 || heard[0] != err {
		t.Errorf("%v; through a Shaper its transport heard %v", err, heard)
	}
}

// restless has another state at each Save.
type restless struct{ saves byte }

func (r *restless) Step([]netcode.Input)   {}
func (r *restless) Save(dst []byte) []byte { r.saves++; return append(dst, r.saves) }
func (r *restless) Load([]byte)            {}
