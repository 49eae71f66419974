package netcodetest

import (
	"errors"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

const (
	further = 20  // frames that everybody must get on after healing
	healing = 600 // ticks that this may take, and two timeouts: the slowest lockstep needs five for a frame
)

// match plays a story. It is used again for the next one.
type match struct {
	story    *story
	newGame  func() netcode.Game
	options  *Options
	net      *simnet.Net
	machines []machine
	history  history
	tick     int
	healed   bool
	strict   bool // nobody is silent for as long as the timeout
	early    bool // of two, one left or died before both had started
}

// machine is one player's end, and a Recorder.
type machine struct {
	match     *match
	id        int
	session   *netcode.Session
	game      netcode.Game
	seats     []int
	in        []netcode.Input
	held      []uint64
	commands  [][]byte
	asleep    bool
	slow      int // misses each so many-th tick; 0 is none
	dead      bool
	known     bool // to have died: the others' transports say so
	left      bool
	hasty     bool // left before it had started, and does not wait until the others have heard that
	split     bool
	over      error
	complete  netcode.Frame
	confirmed netcode.Frame
	rows      netcode.Frame
	seen      [64]peerSeen
	breach    *breach
}

// peerSeen is what events have said of another machine.
type peerSeen struct{ synced, quiet, left bool }

// Record is part of netcode.Recorder.
func (a *machine) Record(r *netcode.Row) error {
	if a.breach != nil {
		return nil
	}
	if a.rows++; r.Frame != a.rows {
		a.breach = broken("rows in order", "machine %d confirms frame %d, must be %d", a.id, r.Frame, a.rows)
	} else {
		a.breach = a.match.history.record(a.id, r)
	}
	return nil
}

// Wants is part of netcode.Keyframer: with the state a row that is wrong can say where.
func (a *machine) Wants(f netcode.Frame) bool { return f > 0 }

// play plays a story to its end, or to the first law that is broken.
func (w *match) play(s *story) *breach {
	w.story, w.tick, w.healed, w.strict, w.early = s, 0, false, s.within(s.timeout), false
	w.net = simnet.New(s.seed, s.machines)
	w.history.reset(s, w.newGame(), w.options.Inputs != nil)
	if len(w.machines) < s.machines {
		w.machines = make([]machine, s.machines)
	}
	w.machines = w.machines[:s.machines]
	for m := range w.machines {
		a := &w.machines[m]
		*a = machine{match: w, id: m, seats: a.seats[:0], in: a.in[:0], held: a.held[:0], commands: a.commands[:0]}
		for p, id := range s.seats {
			if int(id) == m {
				a.seats = append(a.seats, p)
				a.in = append(a.in, netcode.Input{})
				a.held = append(a.held, 0)
				a.commands = append(a.commands, make([]byte, 0, netcode.MaxCommand))
			}
		}
		c := netcode.Config{Seats: s.seats, Self: netcode.Peer(m), Window: s.windows[m], Delay: s.delays[m], Saving: s.saving(), Recorders: []netcode.Recorder{a}}
		c.Players, c.Seed, c.Build, c.Timeout = len(s.seats), s.seed, "laws", s.timeout
		c.Nonce = [16]byte{byte(s.seed), byte(s.seed >> 8), byte(s.seed >> 16), 7}
		var err error
		a.game = w.newGame()
		if a.session, err = netcode.NewSession(a.game, w.net.Peer(netcode.Peer(m)), c); err != nil {
			return broken("a session starts", "%v", err)
		}
		if w.options.Prepare != nil {
			w.options.Prepare(a.session)
		}
	}
	b := w.guarded()
	if b != nil {
		b.tick = w.tick
	}
	return b
}

// guarded makes a panic a breach, too, so that its story becomes short. When it
// is played again, the panic comes through and shows where it was.
func (w *match) guarded() (b *breach) {
	if *onlySeed == 0 {
		defer func() {
			if why := recover(); why != nil {
				b = broken("nothing panics", "%v", why)
			}
		}()
	}
	return w.run()
}

func (w *match) run() *breach {
	goal := netcode.Frame(0)
	for ; ; w.tick++ {
		w.change()
		if w.tick == w.story.ticks {
			for m := range w.machines {
				if a := &w.machines[m]; a.over == nil && !a.dead {
					goal = max(goal, a.session.Frame()+further)
				}
			}
		}
		first := int(mix(w.story.seed, w.tick, 99) % uint64(len(w.machines)))
		for k := range w.machines {
			a := &w.machines[(first+k)%len(w.machines)]
			if a.asleep || a.dead || a.over != nil || a.slow > 0 && w.tick%a.slow == 0 || a.left && a.session.Done() {
				continue
			}
			if b := a.advance(); b != nil {
				return b
			}
		}
		w.net.Tick()
		if w.tick < w.story.ticks {
			continue
		}
		late := w.late(goal)
		if late == nil {
			return w.verdict()
		}
		if w.tick == w.story.ticks+healing+2*w.story.timeout {
			return late
		}
	}
}

// change makes the network and the machines what they are in this tick.
func (w *match) change() {
	s := w.story
	same := w.tick > 0 && w.tick != s.ticks
	for i := range s.troubles {
		t := &s.troubles[i]
		same = same && t.at != w.tick && t.last+1 != w.tick
	}
	if same {
		return
	}
	w.net.CutAll(false)
	for m := range w.machines {
		for k := range w.machines {
			w.net.Disconnect(netcode.Peer(m), netcode.Peer(k), w.machines[k].known)
		}
		w.machines[m].asleep, w.machines[m].slow = false, 0
	}
	w.healed = w.tick >= s.ticks
	if w.healed {
		w.net.SetAll(simnet.Path{Latency: min(s.path.Latency, 3000)})
	} else {
		w.net.SetAll(s.path)
	}
	for i := range s.troubles {
		if t := &s.troubles[i]; t.at <= w.tick && (w.tick <= t.last && !w.healed || !t.passes() && t.at == w.tick) {
			w.befall(t)
		}
	}
}

func (w *match) befall(t *trouble) {
	s := w.story
	switch t.kind {
	case cut:
		w.net.Cut(netcode.Peer(t.a), netcode.Peer(t.b), true)
	case part:
		for a := range w.machines {
			for b := range w.machines {
				if t.a>>a&1 != t.a>>b&1 {
					w.net.Cut(netcode.Peer(a), netcode.Peer(b), true)
				}
			}
		}
	case lag:
		p := s.path
		p.Latency = t.b & 0xffff
		w.net.Set(netcode.Peer(t.a), netcode.Peer(t.b>>16), p)
	case burst:
		p := s.path
		p.Loss = 900
		w.net.Set(netcode.Peer(t.a), netcode.Peer(t.b), p)
	case sleep:
		w.machines[t.a].asleep = true
	case drift:
		w.machines[t.a].slow = t.b
	case delay:
		a := &w.machines[s.seats[t.a]]
		if err := a.session.SetDelay(netcode.Player(t.a), t.b); err != nil {
			a.breach = broken("a delay is set", "%v", err)
		}
	case leave:
		w.part(&w.machines[t.a].left)
		w.machines[t.a].hasty = w.machines[t.a].session.Frame() == 0
		w.machines[t.a].session.Leave()
	case die:
		w.part(&w.machines[t.a].dead)
		w.machines[t.a].known = t.known(s)
		for m := range w.machines {
			w.net.Disconnect(netcode.Peer(m), netcode.Peer(t.a), w.machines[t.a].known)
		}
	case hangup:
		w.net.Disconnect(netcode.Peer(t.b), netcode.Peer(t.a), true)
	}
}

// part notes that a machine leaves or dies.
func (w *match) part(gone *bool) {
	*gone = true
	for m := range w.machines {
		w.early = w.early || w.machines[m].complete == 0 && len(w.machines) == 2
	}
}

// advance plays one tick of one machine and looks at what came of it.
func (a *machine) advance() *breach {
	w := a.match
	for i, p := range a.seats {
		if w.options.Inputs != nil {
			a.in[i] = w.options.input(a.session.Frame()+1, p, mix(w.story.seed, w.tick, p), a.game)
			if w.healed || w.story.calm || a.left {
				a.in[i].Command = nil
			}
			w.history.give(p, a.in[i].Command)
			continue
		}
		x := mix(w.story.seed, w.tick, p)
		if x%6 == 0 {
			a.held[i] ^= 1 << (x >> 8 % 64)
		}
		a.in[i] = netcode.Input{Bits: a.held[i]}
		if x>>16%40 == 0 && !w.healed && !w.story.calm && !a.left {
			a.in[i].Command = command(w.story.seed, p, w.history.given[p], a.commands[i][:0])
			w.history.given[p]++
		}
	}
	err := a.session.Advance(a.in...)
	var refused *netcode.InputError
	if errors.As(err, &refused) { // Too many Commands are queued, and nothing has happened.
		for i, p := range a.seats {
			w.history.takeBack(p, a.in[i].Command)
			a.in[i].Command = nil
		}
		err = a.session.Advance(a.in...)
	}
	if a.breach != nil {
		return a.breach
	}
	if a.over = err; err != nil && !a.mayEnd(err) {
		return broken("nobody is left out", "machine %d: %v", a.id, err)
	}
	if b := a.hear(); b != nil {
		return b
	}
	return a.look()
}

// look checks that a machine has confirmed only what every member of its view
// holds: if any one of them vanished now, the others could still go on from there.
func (a *machine) look() *breach {
	st := a.session.Stats()
	a.complete = st.Complete
	if st.Confirmed < a.confirmed || st.Confirmed != a.rows {
		return broken("what is confirmed stays", "machine %d has confirmed frame %d, after frame %d and %d rows", a.id, st.Confirmed, a.confirmed, a.rows)
	}
	if st.Confirmed == a.confirmed {
		return nil
	}
	a.confirmed = st.Confirmed
	for m := range a.match.machines {
		if o := &a.match.machines[m]; o.complete < a.confirmed && !a.seen[m].left {
			return broken("confirmed is what all hold", "machine %d confirms frame %d, machine %d is complete up to frame %d", a.id, a.confirmed, m, o.complete)
		}
	}
	return nil
}

// hear checks that events come in an order that makes sense.
func (a *machine) hear() *breach {
	w := a.match
	for e := range a.session.Events() {
		if e.Kind == netcode.Split {
			if a.split {
				return broken("events make sense", "machine %d: split twice", a.id)
			}
			a.split = true
			continue
		}
		if int(e.Peer) >= len(w.machines) || int(e.Peer) == a.id {
			return broken("events make sense", "machine %d: %v of machine %d", a.id, e.Kind, e.Peer)
		}
		p := &a.seen[e.Peer]
		ok := true
		switch e.Kind {
		case netcode.Synced:
			ok = !p.synced
			p.synced = true
		case netcode.Quiet:
			ok = p.synced && !p.quiet && !p.left
			p.quiet = true
		case netcode.Back:
			ok = p.quiet && !p.left
			p.quiet = false
		case netcode.Left:
			ok = !p.left && !(w.strict && e.Timeout && w.machines[e.Peer].known)
			p.left = true
		}
		if !ok {
			return broken("events make sense", "machine %d: %v of machine %d at frame %d, after %+v", a.id, e.Kind, e.Peer, e.Frame, *p)
		}
	}
	return nil
}

// mix draws a number for one purpose at one tick, whatever else is drawn: what
// a player does stays the same when a story becomes shorter.
func mix(seed uint64, tick, purpose int) uint64 {
	r := random(seed + uint64(tick)*0x632be59bd9b4e019 + uint64(purpose)<<48)
	return r.next()
}
