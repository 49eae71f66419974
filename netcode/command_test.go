package netcode_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// A seat may spend 8 KiB of Commands a second after a burst of 4; what is more
// waits in the queue, and when that is full, is refused by name.
func TestCommandsHaveABudget(t *testing.T) {
	for _, rate := range []int{30, 60, 144} {
		c := newCouch(t, 1, simnet.Path{}, []netcode.Peer{0}, func(_ int, c *netcode.Config) { c.Rate = rate })
		s := c.sessions[0]
		command := bytes.Repeat([]byte{7}, 200)
		refused := ""
		second := func() {
			for range rate {
				if err := s.Advance(netcode.Input{Command: command}); err != nil {
					refused = err.Error()
					if err := s.Advance(netcode.Input{}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		spent := func() (n int) {
			for _, r := range c.tapes[0].rows {
				n += len(r.inputs[0].Command)
			}
			return n
		}
		for range 3 {
			second()
		}
		first := spent()
		for range 10 {
			second()
		}
		more := spent() - first
		burst := netcode.MaxQueued * netcode.MaxCommand
		if first > 3*netcode.MaxSpend+burst || first < 3*min(netcode.MaxSpend, rate*200-200)-200*3 {
			t.Errorf("rate %d: %d bytes in the first three seconds", rate, first)
		}
		if want := 10 * min(netcode.MaxSpend, rate*200); more > want+200 || more < want-200 {
			t.Errorf("rate %d: %d bytes in ten seconds, want %d", rate, more, want)
		}
		if want := "netcode: number of queued Commands of player 0 is 17, must be at most 16 (MaxQueued)"; rate*200 > netcode.MaxSpend && !strings.HasPrefix(refused, want) {
			t.Errorf("rate %d: got %q, want %q", rate, refused, want)
		}
	}
}

// meter is a transport that notes the longest packet.
type meter struct {
	netcode.Transport
	longest *int
}

func (m meter) Send(to netcode.Peer, packet []byte) {
	*m.longest = max(*m.longest, len(packet))
	m.Transport.Send(to, packet)
}

// spent is a Recorder that counts the bytes of each player's Commands.
type spent [netcode.MaxPlayers]int

func (s *spent) Record(r *netcode.Row) error {
	for p, in := range r.Inputs {
		s[p] += len(in.Command)
	}
	return nil
}

// Everybody spends all that Commands may cost, over a path that loses some: no
// packet is longer than allowed, nothing is allocated, and the match goes on.
func TestCommandsAtTheLimit(t *testing.T) {
	for _, seats := range [][]netcode.Peer{{0, 1}, {0, 1, 0, 1}, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 1}} {
		net := simnet.New(3, 2)
		net.SetAll(simnet.Path{Latency: 1500, Loss: 20})
		longest := 0
		var sessions [2]*netcode.Session
		var local [2]int
		for _, id := range seats {
			local[id]++
		}
		sum := &spent{}
		for m := range sessions {
			recorders := []netcode.Recorder{sum}[m:]
			s, err := netcode.NewSession(&netcode.Toy{}, meter{net.Peer(netcode.Peer(m)), &longest}, netcode.Config{Terms: netcode.Terms{Players: len(seats)}, Seats: seats, Self: netcode.Peer(m), Recorders: recorders})
			if err != nil {
				t.Fatal(err)
			}
			sessions[m] = s
		}
		sessions[0].SetDelay(0, 5)
		command := bytes.Repeat([]byte{9}, netcode.MaxCommand)
		in := [2][]netcode.Input{make([]netcode.Input, local[0]), make([]netcode.Input, local[1])}
		tick := 0
		play := func() {
			for m, s := range sessions {
				for i := range in[m] {
					in[m][i] = netcode.Input{Bits: uint64(tick * (i + 1))}
					if (tick+i)%2 == 0 && tick%64 < 60 {
						in[m][i].Command = command
					}
				}
				if s.Advance(in[m]...) != nil { // a full queue
					for i := range in[m] {
						in[m][i].Command = nil
					}
					if err := s.Advance(in[m]...); err != nil {
						t.Fatal(err)
					}
				}
			}
			net.Tick()
			tick++
		}
		for range 400 {
			play()
		}
		before := sessions[1].Confirmed()
		for range 200 {
			play()
		}
		frames := sessions[1].Confirmed() - before
		if a := testing.AllocsPerRun(100, play); len(seats) < 8 && a != 0 { // an error is one, and seven seats get some
			t.Errorf("%v: %v allocations per tick", seats, a)
		}
		got := sum[:len(seats)]
		if most, least := slices.Max(got), slices.Min(got); least < most/2 {
			t.Errorf("%v: bytes of Commands %v", seats, got)
		}
		t.Logf("%d seats here, %d there: %d frames in 200 ticks, the longest packet is %d bytes", local[0], local[1], frames, longest)
		if longest > netcode.MaxPacket || longest < 600 {
			t.Errorf("%v: the longest packet is %d bytes", seats, longest)
		}
		if frames < 190 {
			t.Errorf("%v: %d frames in 200 ticks", seats, frames)
		}
	}
}

// Commands that Advance took before Leave arrive, also where they had to wait.
func TestLeaveWaitsForCommands(t *testing.T) {
	const given = 14
	b := newTable(t, 3, simnet.Path{Latency: 500}, func(_ int, c *netcode.Config) { c.Timeout = 300 })
	b.run(60)
	b.net.CutAll(true)
	b.run(10) // until the windows are full
	give := func() {
		if err := b.sessions[2].Advance(netcode.Input{Command: bytes.Repeat([]byte{7}, netcode.MaxCommand)}); err != nil {
			t.Fatal(err)
		}
	}
	for range given {
		give()
	}
	b.net.CutAll(false)
	b.sessions[2].Leave()
	give() // too late
	b.run(600)
	if !b.sessions[2].Done() {
		t.Error("the leaver is not done")
	}
	for m := range 2 {
		got := 0
		for _, r := range b.tapes[m].rows {
			if r.inputs[2].Command != nil {
				got++
			}
		}
		if got != given {
			t.Errorf("of %d Commands %d arrived at machine %d", given, got, m)
		}
	}
}

// What a peer may cost is a promise, so the figures stand here once more.
func TestLimitsArePromises(t *testing.T) {
	if netcode.MaxPacket != 1200 || netcode.MaxSpend != 8<<10 || netcode.MaxCommand != 256 || netcode.MaxQueued != 16 ||
		netcode.MaxDelay != 30 || netcode.MaxWindow != 30 || netcode.MaxPlayers != 8 {
		t.Error("a limit has changed: it is told in PROTOCOL.md and the package comment")
	}
}
