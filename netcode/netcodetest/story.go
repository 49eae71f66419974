package netcodetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// story is all that is going to happen in a match: who sits where, what the
// network is like, and every trouble with its tick. It is made from a seed and
// then only read, so that it can be made shorter and told.
type story struct {
	seed     uint64
	machines int
	seats    []netcode.Peer
	windows  []int // per machine, as in netcode.Config
	delays   []int
	timeout  int
	path     simnet.Path
	ticks    int // of trouble; then everything heals
	calm     bool
	troubles []trouble
}

// trouble is one thing that goes wrong, from tick at on for so many ticks.
type trouble struct {
	kind     kind
	at, last int
	a, b     int // machines, a player, a frame count: see tell
}

type kind uint8

const (
	cut    kind = iota // nothing from a arrives at b
	part               // machines in the bits of a and the others don't hear one another
	lag                // from a to b it takes b thousandths of a tick
	burst              // nine in ten packets from a to b are lost
	sleep              // a plays no tick
	drift              // a misses each b-th tick
	delay              // player a sets the delay b
	leave              // a says goodbye
	die                // a plays no tick any more
	hangup             // the transport of b says that a has gone for good, which is a lie
)

// upTo is how long a trouble of each kind lasts at most, and how often it
// comes beside the others.
var upTo = [...]struct{ ticks, often int }{
	cut: {60, 6}, part: {50, 2}, lag: {80, 3}, burst: {40, 3}, sleep: {120, 3}, drift: {200, 1}, delay: {1, 6},
}

// saving is how the machines save: in every fourth match sparsely, so that it is tried of
// small games, too.
func (s *story) saving() netcode.Saving {
	if s.seed%4 == 3 {
		return netcode.SaveSparse
	}
	return netcode.SaveAll
}

// newStory makes up a match. Half of the networks are as bad as can be, the
// others have something left to lose.
func newStory(seed uint64, players, machines int, storm bool) *story {
	r := random(seed)
	s := &story{seed: seed, machines: machines, timeout: 250, seats: make([]netcode.Peer, players)}
	for p := range s.seats {
		switch {
		case p < machines:
			s.seats[p] = netcode.Peer(p)
		case r.below(4) == 0:
			s.seats[p] = netcode.Nobody
		default:
			s.seats[p] = netcode.Peer(r.below(machines))
		}
	}
	for p := players - 1; p > 0; p-- {
		q := r.below(p + 1)
		s.seats[p], s.seats[q] = s.seats[q], s.seats[p]
	}
	windows := [...]int{0, 0, netcode.Lockstep, 1, 3, 8, 12, 20}
	window := windows[r.below(len(windows))]
	alike := r.below(4) != 0
	for range machines {
		if !alike {
			window = windows[r.below(len(windows))]
		}
		s.windows = append(s.windows, window)
		s.delays = append(s.delays, r.below(9)+netcode.Auto)
	}
	worst := 1 + r.below(2)*2 // thirds
	s.path = simnet.Path{
		Latency:   r.below(4001 * worst),
		Jitter:    r.below(2001 * worst),
		Loss:      r.below(101 * worst),
		Duplicate: r.below(200),
		Reorder:   r.below(200),
	}
	s.ticks = 80 + r.below(120)
	if r.below(16) == 0 {
		s.ticks = 500
	}
	sum := 0
	for _, u := range upTo {
		sum += u.often
	}
	for range r.below(s.ticks / 8) {
		pick, k := r.below(sum), kind(0)
		for pick >= upTo[k].often {
			pick -= upTo[k].often
			k++
		}
		t := trouble{kind: k, at: r.below(s.ticks)}
		t.a, t.b = s.pair(&r)
		t.last = min(t.at+r.below(upTo[k].ticks), s.ticks-1)
		switch k {
		case part:
			t.a = s.side(&r)
		case lag:
			t.b = t.b<<16 | r.below(s.path.Latency+1)
		case drift:
			t.b = 10 + r.below(200)
		case delay:
			t.a, t.b = r.below(players), r.below(10)+netcode.Auto
			if s.seats[t.a] == netcode.Nobody {
				continue
			}
		}
		s.troubles = append(s.troubles, t)
	}
	if r.below(4) == 0 {
		s.end(&r)
	}
	if r.below(4) == 0 { // silence is taken for death sooner or later
		s.timeout = 30 + r.below(90)
	}
	if storm || machines > 2 && r.below(6) == 0 {
		s.storm(&r)
	}
	if early := random(seed + 1); early.below(4) == 0 {
		s.early(&early)
	}
	slices.SortStableFunc(s.troubles, func(a, b trouble) int { return a.at - b.at })
	return s
}

// pair picks two machines, and the same one twice where there is only one.
func (s *story) pair(r *random) (a, b int) {
	a = r.below(s.machines)
	return a, (a + 1 + r.below(max(1, s.machines-1))) % s.machines
}

// side picks machines that others may be cut off from: not none, not all.
func (s *story) side(r *random) int { return 1 + r.below(max(1, 1<<s.machines-2)) }

// storm makes it a story of whoever plays: a short silence is taken for death, and
// wires are cut all the time.
func (s *story) storm(r *random) {
	s.timeout = 8 + r.below(20)
	s.path = simnet.Path{Latency: r.below(2001), Jitter: r.below(1001), Loss: r.below(100)}
	s.ticks = 100
	s.troubles = s.troubles[:0]
	for range 10 + r.below(20) {
		t := trouble{kind: cut, at: 20 + r.below(80)}
		if t.a, t.b = s.pair(r); r.below(2) == 0 {
			t.kind, t.a = part, s.side(r)
		}
		t.last = min(t.at+r.below(30), s.ticks-1)
		s.troubles = append(s.troubles, t)
	}
	for range r.below(3) {
		t := trouble{kind: [...]kind{sleep, leave, die}[r.below(3)], at: 20 + r.below(80), a: r.below(s.machines)}
		t.last = min(t.at+r.below(30), s.ticks-1)
		s.troubles = append(s.troubles, t)
	}
	if r.below(4) == 0 {
		t := trouble{kind: hangup, at: 20 + r.below(80)}
		t.a, t.b = s.pair(r)
		t.last = min(t.at+r.below(30), s.ticks-1)
		s.troubles = append(s.troubles, t)
	}
}

// early moves the trouble to the first ticks, some of it before the first frame.
func (s *story) early(r *random) {
	first := s.ticks
	for _, t := range s.troubles {
		first = min(first, t.at)
	}
	for i := range s.troubles {
		t := &s.troubles[i]
		t.at, t.last = t.at-first, t.last-first
	}
	t := trouble{kind: [...]kind{cut, leave, die}[r.below(3)], at: r.below(12)}
	t.a, t.b = s.pair(r)
	t.last = min(t.at+r.below(s.ticks), s.ticks-1)
	if s.troubles = append(s.troubles, t); t.kind == cut {
		t.a, t.b = t.b, t.a
		s.troubles = append(s.troubles, t)
	}
}

// end adds machines that leave or die.
func (s *story) end(r *random) {
	t := trouble{kind: leave, at: r.below(s.ticks), a: r.below(s.machines)}
	if r.below(2) == 0 {
		t.kind = die
	}
	s.troubles = append(s.troubles, t)
	if r.below(3) == 0 {
		s.troubles = append(s.troubles, trouble{kind: leave, at: r.below(s.ticks), a: r.below(s.machines)})
	}
}

// describe writes the story in sentences.
func (s *story) describe() string {
	var b strings.Builder
	for m := range s.machines {
		fmt.Fprintf(&b, "machine %d has player", m)
		for p, id := range s.seats {
			if int(id) == m {
				fmt.Fprintf(&b, " %d", p)
			}
		}
		fmt.Fprintf(&b, ", %s, %s\n", named("window", s.windows[m]), named("delay", s.delays[m]))
	}
	p := s.path
	fmt.Fprintf(&b, "the timeout is %d ticks\n", s.timeout)
	fmt.Fprintf(&b, "a packet takes %s", ticks(p.Latency))
	if p.Jitter >= 100 {
		fmt.Fprintf(&b, " and up to %s more", ticks(p.Jitter))
	}
	for _, c := range []struct {
		chance int
		what   string
	}{{p.Loss, "are lost"}, {p.Duplicate, "come twice"}, {p.Reorder, "are overtaken"}} {
		if c.chance > 0 {
			fmt.Fprintf(&b, "; %d.%d %% %s", c.chance/10, c.chance%10, c.what)
		}
	}
	b.WriteByte('\n')
	if s.calm {
		b.WriteString("nobody gives a Command\n")
	}
	for _, t := range s.troubles {
		fmt.Fprintf(&b, "tick %d%s: %s\n", t.at, t.until(), t.describe(s))
	}
	fmt.Fprintf(&b, "tick %d: everything heals\n", s.ticks)
	return b.String()
}

// passes reports whether it is over some time.
func (t *trouble) passes() bool { return t.kind < delay || t.kind == hangup }

// known reports whether transports tell of a death, or silence has to.
func (t *trouble) known(s *story) bool { return mix(s.seed, t.at, t.a)%2 == 0 }

func (t *trouble) until() string {
	if t.last > t.at && t.passes() {
		return fmt.Sprintf(" to %d", t.last)
	}
	return ""
}

func (t *trouble) describe(s *story) string {
	switch t.kind {
	case cut:
		return fmt.Sprintf("nothing from machine %d arrives at machine %d", t.a, t.b)
	case part:
		return fmt.Sprintf("machines %v and the others don't hear one another", members(t.a, s.machines))
	case lag:
		return fmt.Sprintf("packets from machine %d to machine %d take %s", t.a, t.b>>16, ticks(t.b&0xffff))
	case burst:
		return fmt.Sprintf("nine in ten packets from machine %d to machine %d are lost", t.a, t.b)
	case sleep:
		return fmt.Sprintf("machine %d sleeps", t.a)
	case drift:
		return fmt.Sprintf("machine %d misses each %d. tick", t.a, t.b)
	case delay:
		return fmt.Sprintf("player %d sets %s", t.a, named("delay", t.b))
	case leave:
		return fmt.Sprintf("machine %d leaves", t.a)
	case hangup:
		return fmt.Sprintf("machine %d is told that machine %d has gone for good", t.b, t.a)
	}
	if t.known(s) {
		return fmt.Sprintf("machine %d dies, and the others are told", t.a)
	}
	return fmt.Sprintf("machine %d dies", t.a)
}

func members(set, machines int) (ids []int) {
	for m := range machines {
		if set>>m&1 != 0 {
			ids = append(ids, m)
		}
	}
	return ids
}

func ticks(thousandths int) string {
	return fmt.Sprintf("%d.%d ticks", thousandths/1000, thousandths%1000/100)
}

// named tells a window or a delay with the special values of netcode.Config.
func named(what string, value int) string {
	switch {
	case what == "delay" && value == netcode.Auto:
		return "delay Auto"
	case what == "delay" && value == netcode.NoDelay:
		return "delay 0"
	case what == "delay" && value == 0:
		return "delay 2"
	case what == "window" && value == netcode.Lockstep:
		return "lockstep"
	case what == "window" && value == 0:
		return "window 8"
	}
	return fmt.Sprintf("%s %d", what, value)
}

// below returns a number in [0, n).
func (r *random) below(n int) int { return int(r.next() >> 33 % uint64(n)) }
