package netcode_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// teller plays a match and writes down what each machine does in each tick.
// Ticks in which nothing is worth telling are told together.
type teller struct {
	out      strings.Builder
	net      *simnet.Net
	machines []*told
	tick     int
	since    int    // first tick not told yet
	state    string // where everybody was after a calm tick
}

// told is one machine, and a Recorder.
type told struct {
	session *netcode.Session
	game    *netcode.Toy
	id      int
	bits    uint64
	command string
	asleep  bool
	ended   bool
	said    []string // in this tick
	stats   netcode.Stats
}

// Record is part of netcode.Recorder.
func (a *told) Record(r *netcode.Row) error {
	for p, in := range r.Inputs {
		if len(in.Command) > 0 {
			a.say("confirms frame %d with %q of player %d", r.Frame, in.Command, p)
		}
	}
	return nil
}

func (a *told) say(format string, args ...any) { a.said = append(a.said, fmt.Sprintf(format, args...)) }

func newTeller(t *testing.T, n int, path simnet.Path, change func(c *netcode.Config)) *teller {
	w := &teller{net: simnet.New(1, n), since: 1}
	w.net.SetAll(path)
	seats := make([]netcode.Peer, n)
	for m := range seats {
		seats[m] = netcode.Peer(m)
	}
	for m := range n {
		a := &told{id: m, game: &netcode.Toy{}}
		c := netcode.Config{Terms: netcode.Terms{Players: n, Timeout: 60}, Seats: seats, Self: netcode.Peer(m), Recorders: []netcode.Recorder{a}}
		if change != nil {
			change(&c)
		}
		s, err := netcode.NewSession(a.game, w.net.Peer(netcode.Peer(m)), c)
		if err != nil {
			t.Fatal(err)
		}
		a.session = s
		w.machines = append(w.machines, a)
	}
	return w
}

// run plays so many ticks.
func (w *teller) run(ticks int) {
	for range ticks {
		w.tick++
		for _, a := range w.machines {
			if !a.asleep && !a.ended {
				a.advance()
			}
		}
		w.net.Tick()
		w.tell()
	}
}

// note tells what is done from outside before the next tick.
func (w *teller) note(format string, args ...any) {
	w.calm(w.tick)
	fmt.Fprintf(&w.out, "%s\n", fmt.Sprintf(format, args...))
}

func (a *told) advance() {
	in := netcode.Input{Bits: a.bits}
	if a.command != "" {
		a.say("gives %q", a.command)
		in.Command, a.command = []byte(a.command), ""
	}
	err := a.session.Advance(in)
	st := a.session.Stats()
	if from, ok := a.session.RolledBack(); ok {
		before := a.said
		a.said = nil
		a.say("goes back to frame %d and steps %d frame%s again", from-1, st.Depth, "s"[:min(st.Depth-1, 1)])
		a.said = append(a.said, before...)
	}
	switch {
	case st.Waiting && a.stats.Waiting && st.Frame == a.stats.Frame: // said before
	case st.Waited > a.stats.Waited:
		a.say("waits at frame %d for frame %d of the others", st.Frame, st.Complete+1)
	case st.Skipped > a.stats.Skipped:
		a.say("skips a tick at frame %d to let others catch up", st.Frame)
	case st.Doubled > a.stats.Doubled:
		a.say("steps twice to catch up, to frame %d", st.Frame)
	}
	for e := range a.session.Events() {
		switch e.Kind {
		case netcode.Synced:
			a.say("agrees with machine %d", e.Peer)
		case netcode.Quiet:
			a.say("hears nothing of machine %d any more, after frame %d", e.Peer, e.Frame)
		case netcode.Back:
			a.say("hears machine %d again", e.Peer)
		case netcode.Left:
			a.say("goes on without machine %d, %s, after frame %d", e.Peer, map[bool]string{true: "silent for too long", false: "which has left"}[e.Timeout], e.Frame)
		default:
			a.say("is told %v at frame %d", e.Kind, e.Frame)
		}
	}
	if st.Frame == 1 && a.stats.Frame == 0 {
		a.say("shows its first frame")
	}
	a.stats = st
	if err != nil {
		a.ended = true
		a.say("ends with %q", err)
	} else if a.session.Done() {
		a.ended = true
		a.say("is done, with frame %d confirmed", st.Confirmed)
	}
}

// tell writes this tick down, if there is something to tell.
func (w *teller) tell() {
	some := false
	for _, a := range w.machines {
		some = some || len(a.said) > 0
	}
	if !some {
		w.state = w.look()
		return
	}
	w.calm(w.tick - 1)
	w.since = w.tick + 1
	for _, a := range w.machines {
		if len(a.said) > 0 {
			fmt.Fprintf(&w.out, "tick %d: machine %d %s.\n", w.tick, a.id, strings.Join(a.said, "; "))
			a.said = nil
		}
	}
}

// calm tells of the ticks up to one in which nothing happened.
func (w *teller) calm(to int) {
	if w.since < to {
		fmt.Fprintf(&w.out, "tick %d to %d: %s.\n", w.since, to, w.state)
	} else if w.since == to {
		fmt.Fprintf(&w.out, "tick %d: %s.\n", to, w.state)
	}
	w.since = to + 1
}

// look tells where each machine is.
func (w *teller) look() string {
	var all []string
	for _, a := range w.machines {
		switch st := &a.stats; {
		case a.ended || a.asleep:
		case st.Frame == 0:
			all = append(all, fmt.Sprintf("machine %d waits for the start", a.id))
		case st.Waiting:
			all = append(all, fmt.Sprintf("machine %d waits at frame %d", a.id, st.Frame))
		default:
			all = append(all, fmt.Sprintf("machine %d comes to frame %d (complete %d, confirmed %d)", a.id, st.Frame, st.Complete, st.Confirmed))
		}
	}
	if len(all) == 0 {
		return "nothing happens"
	}
	return strings.Join(all, ", ")
}

// stories are short matches to read. Each is kept in testdata/stories.
var stories = []struct {
	name, intro string
	play        func(t *testing.T) *teller
}{
	{"rollback", "Two players, three ticks apart. One presses a button; the other had predicted that it would not.", func(t *testing.T) *teller {
		w := newTeller(t, 2, simnet.Path{Latency: 2500}, nil)
		w.run(20)
		w.note("Machine 0 presses a button.")
		w.machines[0].bits = 1
		w.run(10)
		return w
	}},
	{"late-command", "A Command is predicted to be nothing, so it always comes late; it counts in the frame it was given for, once.", func(t *testing.T) *teller {
		w := newTeller(t, 2, simnet.Path{Latency: 3500}, func(c *netcode.Config) { c.Delay = 1 })
		w.run(20)
		w.machines[1].command = "jump"
		w.run(5)
		w.note("Nothing of machine 1 arrives for a while.")
		w.net.Cut(1, 0, true)
		w.machines[1].command = "duck"
		w.run(16)
		w.note("It does again.")
		w.net.Cut(1, 0, false)
		w.run(12)
		return w
	}},
	{"leave", "Two players; one says goodbye. Both end at the same frame.", func(t *testing.T) *teller {
		w := newTeller(t, 2, simnet.Path{Latency: 1500}, nil)
		w.run(15)
		w.note("Machine 1 leaves.")
		w.machines[1].session.Leave()
		w.run(30)
		return w
	}},
	{"drop", "Three players; one is gone without a word. The others wait for it, agree on its last frame and go on.", func(t *testing.T) *teller {
		w := newTeller(t, 3, simnet.Path{Latency: 1500}, nil)
		w.run(30)
		w.note("Machine 2 dies.")
		w.machines[2].asleep = true
		w.run(90)
		return w
	}},
	{"absent", "Three players; one never comes, and is left out. When it comes after all, it is told so.", func(t *testing.T) *teller {
		w := newTeller(t, 3, simnet.Path{Latency: 1500}, nil)
		w.machines[2].asleep = true
		w.run(80)
		w.note("Machine 2 comes after all.")
		w.net.Forget(2)
		w.machines[2].asleep = false
		w.run(10)
		return w
	}},
	{"relayed", "Three players; two of them have no link from the start on. The third passes on what they say.", func(t *testing.T) *teller {
		w := newTeller(t, 3, simnet.Path{Latency: 1500}, nil)
		w.net.Cut(0, 2, true)
		w.net.Cut(2, 0, true)
		w.run(60)
		return w
	}},
	{"closed", "Three players; the tab of one is closed, and the transports of the others say so.", func(t *testing.T) *teller {
		w := newTeller(t, 3, simnet.Path{Latency: 1500}, nil)
		w.run(30)
		w.note("Machine 2 is closed.")
		w.machines[2].asleep = true
		w.net.Disconnect(0, 2, true)
		w.net.Disconnect(1, 2, true)
		w.run(40)
		return w
	}},
	{"split", "Four players, and a wire breaks between two and two. The side with player 0 goes on; the other can't.", func(t *testing.T) *teller {
		w := newTeller(t, 4, simnet.Path{Latency: 1500}, nil)
		w.run(30)
		w.note("Machines 0 and 1 don't hear 2 and 3 any more, nor do these hear them.")
		for a := range netcode.Peer(2) {
			for b := range netcode.Peer(2) {
				w.net.Cut(a, b+2, true)
				w.net.Cut(b+2, a, true)
			}
		}
		w.run(100)
		return w
	}},
	{"desync", "The game of machine 1 does something else from frame 40 on.", func(t *testing.T) *teller {
		w := newTeller(t, 2, simnet.Path{Latency: 1500}, nil)
		w.machines[1].game.Corrupt(40)
		w.run(100)
		return w
	}},
}

// A story that reads otherwise than before is right, and accepted with
// -rewrite, or it is a mistake.
func TestStories(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			w := s.play(t)
			w.calm(w.tick)
			got := s.intro + "\n\n" + w.out.String()
			file := filepath.Join("testdata", "stories", s.name+".txt")
			if netcode.Rewrite() {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is another story now (accept it with: go test ./netcode -run Stories -rewrite):\n%s\nIt was:\n%s", file, got, want)
			}
		})
	}
}
