package cues_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/simnet"
)

const bump uint8 = 2

// hall is a state in which two players clap when they press, and a ball bumps
// into a wall a little later when they hold.
type hall struct {
	Frame netcode.Frame
	Held  [2]uint64
	Ball  int32
}

// band is a hall as a game, with its cues.
type band struct {
	netcode.Game
	hall
	ring cues.Ring
}

func newBand(slack netcode.Frame) *band {
	b := &band{ring: cues.Ring{Slack: slack}}
	b.Game = plain.New(&b.hall, func(h *hall, in []netcode.Input) {
		h.Frame++
		b.ring.Begin(h.Frame)
		h.Ball += 12
		for p := range h.Held {
			if in[p].Bits != 0 && h.Held[p] == 0 {
				b.ring.Emit(clap, netcode.Player(p), int32(p), 0, 0)
			}
			h.Held[p] = in[p].Bits
			h.Ball -= int32(in[p].Bits)
		}
		if h.Ball > 200 {
			h.Ball = 0
			b.ring.Emit(bump, 0, h.Ball, 0, 0)
		}
	})
	return b
}

// ear keeps what is heard and not taken back.
type ear struct {
	t     *testing.T
	heard map[cues.Cue]int
	gone  int
}

func (e *ear) listen(b *band) {
	for c, happened := range b.ring.Heard(b.hall.Frame) {
		if happened {
			e.heard[c]++
			continue
		}
		e.gone++
		if e.heard[c]--; e.heard[c] < 0 {
			e.t.Fatalf("%v is taken back and was never heard", c)
		} else if e.heard[c] == 0 {
			delete(e.heard, c)
		}
	}
}

// kinds counts what was heard by kind and player.
func (e *ear) kinds() string {
	var n [2][2]int
	for c, k := range e.heard {
		n[c.Kind-clap][c.Who] += k
	}
	return fmt.Sprint(n)
}

// film is the rows of a match.
type film struct {
	rows []netcode.Row
	at   int
}

func (f *film) Record(r *netcode.Row) error {
	f.rows = append(f.rows, netcode.Row{Frame: r.Frame, Inputs: append([]netcode.Input(nil), r.Inputs...), State: bytes.Clone(r.State)})
	return nil
}
func (f *film) Wants(n netcode.Frame) bool { return n%100 == 0 }
func (f *film) Terms() netcode.Terms       { return netcode.Terms{Players: 2} }
func (f *film) Next(r *netcode.Row) (bool, error) {
	if f.at == len(f.rows) {
		return false, nil
	}
	*r = f.rows[f.at]
	f.at++
	return true, nil
}
func (f *film) Seek(n netcode.Frame) error {
	for f.at = len(f.rows) - 1; f.at > 0 && (f.rows[f.at].Frame > n || f.rows[f.at].State == nil); f.at-- {
	}
	return nil
}

// Two play over a bad network, and hear what happened: to the frame when no
// cue may slip, and as often when it may, with less that is taken back. Then
// the match is viewed.
func TestAMatchIsHeard(t *testing.T) {
	const frames = 1200
	gone := map[netcode.Frame]int{}
	for _, slack := range []netcode.Frame{cues.Exact, 0} {
		net := simnet.New(5, 2)
		net.SetAll(simnet.Path{Latency: 4000, Jitter: 3000, Loss: 100})
		var bands [2]*band
		var ears [2]*ear
		var sessions [2]*netcode.Session
		tape := &film{}
		for i := range sessions {
			bands[i], ears[i] = newBand(slack), &ear{t: t, heard: map[cues.Cue]int{}}
			cfg := netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(i), Delay: netcode.NoDelay}
			if i == 0 {
				cfg.Recorders = []netcode.Recorder{tape}
			}
			var err error
			if sessions[i], err = netcode.NewSession(bands[i], net.Peer(netcode.Peer(i)), cfg); err != nil {
				t.Fatal(err)
			}
		}
		for tick := 0; sessions[0].Confirmed() < frames || sessions[1].Confirmed() < frames; tick++ {
			if tick > 3*frames {
				t.Fatal("nothing is confirmed")
			}
			for i, s := range sessions {
				bits := uint64(0)
				if s.Frame() < frames-100 && (tick/(7+6*i))%3 == 0 { // the end is quiet, so that all is settled
					bits = 1
				}
				if err := s.Advance(netcode.Input{Bits: bits}); err != nil {
					t.Fatal(err)
				}
				if tick%3 > 0 { // it draws less often than it ticks
					ears[i].listen(bands[i])
				}
			}
			net.Tick()
		}
		truth, solo := &ear{t: t, heard: map[cues.Cue]int{}}, newBand(cues.Exact)
		for _, r := range tape.rows {
			if r.Frame > 0 {
				solo.Step(r.Inputs)
				truth.listen(solo)
			}
		}
		if len(truth.heard) < 50 || sessions[1].Stats().Rollbacks < 50 {
			t.Fatalf("%d cues and %d repairs are too few to show anything", len(truth.heard), sessions[1].Stats().Rollbacks)
		}
		for i, e := range ears {
			e.listen(bands[i])
			gone[slack] += e.gone
			if got, want := e.kinds(), truth.kinds(); got != want {
				t.Errorf("slack %d: machine %d heard %s, and %s happened", slack, i, got, want)
			}
			if slack == cues.Exact && fmt.Sprint(e.heard) != fmt.Sprint(truth.heard) {
				t.Errorf("machine %d heard %v, and %v happened", i, e.heard, truth.heard)
			}
		}
		if slack == 0 {
			view(t, tape, truth)
		}
	}
	t.Logf("taken back: %d when no cue may slip, %d when it may slip by a few frames", gone[cues.Exact], gone[0])
	if gone[0] >= gone[cues.Exact] {
		t.Error("slack spares nothing")
	}
}

// view plays a film, and winds it back and forward: after each leap, every cue
// that is played is heard once.
func view(t *testing.T, tape *film, truth *ear) {
	b, e := newBand(0), &ear{t: t, heard: map[cues.Cue]int{}}
	v, err := netcode.NewViewer(b, tape)
	if err != nil {
		t.Fatal(err)
	}
	for _, leap := range []struct{ to, until netcode.Frame }{{0, 400}, {390, 450}, {210, 300}, {800, 900}, {50, 60}} {
		if err := v.Seek(leap.to); err != nil {
			t.Fatal(err)
		}
		e.listen(b) // what is faded, and what is heard of the way there
		clear(e.heard)
		for v.Frame() < leap.until {
			if err := v.Advance(); err != nil {
				t.Fatal(err)
			}
			e.listen(b)
		}
		for c := range truth.heard {
			want := 0
			if c.Frame > leap.to && c.Frame <= leap.until {
				want = 1
			}
			if e.heard[c] != want {
				t.Errorf("from %d to %d: %v is heard %d times, want %d", leap.to, leap.until, c, e.heard[c], want)
			}
		}
	}
}
