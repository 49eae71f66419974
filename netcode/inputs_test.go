package netcode_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

func TestCommandsArriveOnce(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 3000, Jitter: 3000, Loss: 250, Duplicate: 200}, nil)
	b.run(60)
	var want []string
	for k := range 40 {
		order := fmt.Sprintf("order %d", k)
		want = append(want, order)
		if err := b.sessions[0].Advance(netcode.Input{Command: []byte(order)}); err != nil {
			t.Fatal(err)
		}
		if err := b.sessions[1].Advance(netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		b.net.Tick()
		b.run(2)
	}
	b.net.SetAll(simnet.Path{})
	b.run(60)
	b.healthy()
	b.same()
	for m, tp := range b.tapes {
		var got []string
		for _, r := range tp.rows {
			if c := r.inputs[0].Command; len(c) > 0 {
				got = append(got, string(c))
			}
			if len(r.inputs[1].Command) > 0 {
				t.Fatal("player 1 gave no Command")
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("machine %d: got %q", m, got)
		}
	}
}

func TestRefusedInputsChangeNothing(t *testing.T) {
	b := newTable(t, 2, simnet.Path{}, nil)
	b.run(20)
	b.net.CutAll(true)
	b.run(20) // the window is full: Commands wait
	s := b.sessions[0]
	for k := range netcode.MaxQueued {
		if err := s.Advance(netcode.Input{Command: []byte{byte(k)}}); err != nil {
			t.Fatalf("command %d: %v", k, err)
		}
	}
	before := s.Stats()
	for _, c := range []struct {
		want string
		in   []netcode.Input
	}{
		{"netcode: number of queued Commands of player 0 is 17, must be at most 16 (MaxQueued)", []netcode.Input{{Command: []byte{1}}}},
		{"netcode: length of Command of player 0 is 257, must be at most 256 (MaxCommand)", []netcode.Input{{Command: make([]byte, 257)}}},
		{"netcode: number of Inputs is 0, must be 1", nil},
		{"netcode: number of Inputs is 2, must be 1", make([]netcode.Input, 2)},
	} {
		err := s.Advance(c.in...)
		var refused *netcode.InputError
		if !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if s.Stats() != before {
			t.Errorf("%s: something happened", c.want)
		}
	}
	b.net.CutAll(false)
	b.run(60)
	b.healthy()
	n := 0
	for _, r := range b.tapes[1].rows {
		if c := r.inputs[0].Command; len(c) > 0 {
			if int(c[0]) != n {
				t.Fatalf("command %d came as number %d", c[0], n)
			}
			n++
		}
	}
	if n != netcode.MaxQueued {
		t.Errorf("%d Commands arrived, want %d", n, netcode.MaxQueued)
	}
}

func TestSetDelay(t *testing.T) {
	b := newTable(t, 2, simnet.Path{Latency: 2000, Jitter: 2000, Loss: 100}, nil)
	for _, frames := range []int{0, 4, 1, 9, netcode.NoDelay, 30, 2} {
		b.run(60)
		if err := b.sessions[0].SetDelay(0, frames); err != nil {
			t.Fatal(err)
		}
	}
	b.run(100)
	b.healthy()
	b.same()
	if got := b.sessions[0].Confirmed(); got < 400 {
		t.Errorf("confirmed %d", got)
	}
	if err := b.sessions[0].SetDelay(1, 2); err == nil {
		t.Error("the delay of a player elsewhere was changed")
	}
	if err := b.sessions[0].SetDelay(0, 31); err == nil {
		t.Error("a delay of 31 was taken")
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := netcode.Config{Terms: netcode.Terms{Players: 2}, Seats: []netcode.Peer{0, 1}}
	for want, change := range map[string]func(c *netcode.Config){
		"Players is 9, must be 1 to 8 (MaxPlayers)": func(c *netcode.Config) { c.Players = 9 },
		"Players is 0, must be 1 to 8":              func(c *netcode.Config) { c.Players = 0 },
		"length of Seats is 1, must be 2 to 2":      func(c *netcode.Config) { c.Seats = c.Seats[:1] },
		"Window is 31, must be 0 to 30":             func(c *netcode.Config) { c.Window = 31 },
		"Delay is -3, must be 0 to 30":              func(c *netcode.Config) { c.Delay = -3 },
		"Rate is -1, must be 1 to 1000":             func(c *netcode.Config) { c.Rate = -1 },
		"Timeout is -1, must be 1 to":               func(c *netcode.Config) { c.Timeout = -1 },
		"length of Build is 129, must be 0 to ":     func(c *netcode.Config) { c.Build = strings.Repeat("x", 129) },
		"Recorders[1] is nil":                       func(c *netcode.Config) { c.Recorders = []netcode.Recorder{&failing{}, nil} },
		"Self is 7 and has no seat":                 func(c *netcode.Config) { c.Self = 7 },
	} {
		c := good
		change(&c)
		_, err := netcode.NewSession(&netcode.Toy{}, simnet.New(1, 2).Peer(0), c)
		if err == nil || !strings.HasPrefix(err.Error(), "netcode: "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := netcode.NewSession(nil, nil, good); err == nil {
		t.Error("no Game was taken")
	}
	if _, err := netcode.NewSession(&netcode.Toy{}, nil, good); err == nil {
		t.Error("no Transport was taken")
	}
}

// forgetful forgets part of its state, unsaved does not even save it.
type forgetful struct{ netcode.Toy }

func (g *forgetful) Load([]byte) {}

type unsaved struct {
	netcode.Toy
	n uint64
}

func (g *unsaved) Step(in []netcode.Input) {
	g.n++
	in[0].Bits += g.n
	g.Toy.Step(in)
}

func TestForgottenStateIsNamedAtTheStart(t *testing.T) {
	c := netcode.Config{Terms: netcode.Terms{Players: 1}, Seats: []netcode.Peer{0}}
	if _, err := netcode.NewSession(&forgetful{}, nil, c); err == nil || !strings.Contains(err.Error(), "Load does not bring back what Save wrote: byte 0 ") {
		t.Error(err)
	}
	if _, err := netcode.NewSession(&unsaved{}, nil, c); err == nil || !strings.Contains(err.Error(), "part of the state is not saved") {
		t.Error(err)
	}
}

// Seven people at one keyboard all shout at once: more than a packet holds, so
// some wait for later frames, and none is starved.
func TestManyLongCommands(t *testing.T) {
	net := simnet.New(1, 2)
	net.SetAll(simnet.Path{Latency: 2000, Loss: 100})
	seats := []netcode.Peer{0, 0, 0, 0, 1, 0, 0, 0}
	var sessions [2]*netcode.Session
	tp := &tape{}
	for m := range sessions {
		c := netcode.Config{Terms: netcode.Terms{Players: 8}, Seats: seats, Self: netcode.Peer(m)}
		if m == 1 {
			c.Recorders = []netcode.Recorder{tp}
		}
		s, err := netcode.NewSession(&netcode.Toy{}, net.Peer(netcode.Peer(m)), c)
		if err != nil {
			t.Fatal(err)
		}
		sessions[m] = s
	}
	for tick := range 440 {
		in := make([]netcode.Input, 7)
		if tick < 320 && tick%5 == 0 {
			for i := range in {
				in[i].Command = make([]byte, netcode.MaxCommand)
				in[i].Command[0] = byte(tick / 5)
			}
		}
		if err := sessions[0].Advance(in...); err != nil {
			t.Fatal(err)
		}
		if err := sessions[1].Advance(netcode.Input{}); err != nil {
			t.Fatal(err)
		}
		net.Tick()
	}
	var got [8]int
	for _, r := range tp.rows {
		for p, in := range r.inputs {
			if len(in.Command) > 0 {
				if int(in.Command[0]) != got[p] {
					t.Fatalf("player %d: Command %d came as number %d", p, in.Command[0], got[p])
				}
				got[p]++
			}
		}
	}
	if got != [8]int{64, 64, 64, 64, 0, 64, 64, 64} {
		t.Errorf("Commands that arrived: %v", got)
	}
}
