package netcode

import (
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Session is one machine's end of a match. It is not safe for use by several
// goroutines: one loop owns it, together with the Game.
type Session struct {
	game  Game
	guess Predictor // the game, if it is one
	net   Transport
	wire  Disconnecter // net, if it is one
	cfg   Config
	tag   uint16
	print uint64 // fingerprint of the game
	order []byte // machines in order of their lowest seat, per seat
	self  int    // this machine, so counted
	all   machines

	queues [MaxPlayers]queue
	in     []Input // for Step
	local  []Player
	held   [MaxPlayers]uint64 // Bits of the local seats in this tick
	delay  [MaxPlayers]Frame  // of the local seats
	auto   auto
	orders [MaxPlayers]orders // Commands of the local seats
	peers  []peer

	started   bool
	now       Frame // on screen
	mine      Frame // the inputs of all local seats are decided up to here
	most      Frame // and of one of them, whose delay is longest, up to here
	complete  Frame // every seat's input is here up to here
	confirmed Frame // rows were given up to here
	wrong     Frame // lowest frame stepped on a wrong prediction in this tick; 0 is none
	repaired  Frame // what RolledBack tells
	window    Frame

	states snapshots
	hashes [hashRing]uint64
	marks  [markKept]mark

	view     uint32
	absent   machines          // not in the view
	cuts     [MaxPlayers]Frame // their last frames, by machine
	hears    machines          // just now
	ballot   ballot            // on the next view
	ballotAt int64             // tick in which the last one was held
	lastOut  int               // the peer that left last
	told     status

	tick    int64
	fixed   int64 // tick of the last correction of the pace
	waiting bool  // the window was full in this tick

	parting bool // Leave was called
	leaving bool // and everything given before has its frame
	leftAt  int64
	end     Frame // nobody plays beyond this frame
	fin     bool  // everything up to end is confirmed
	finAt   int64 // tick of it
	err     error
	dispute *dispute

	row        Row
	deaf       []bool // recorders that failed
	recordErr  error
	events     [64]Event
	eventFirst int
	eventCount int
	stats      Stats
	packet     []byte
	incoming   [MaxPacket + 1]byte
	parsed     play
	blocks     [MaxPlayers]seatBlock // its inputs
	fault      fault
}

// fault plants a known mistake in the engine, so that tests can prove that the
// laws see it. It is always noFault outside of them.
type fault uint8

const (
	noFault        fault = iota
	confirmEarly         // confirm what only this machine has
	blindCompare         // compare late inputs with nothing
	lostAck              // speak only when there is something to say
	hashPredicted        // hash the frame on screen
	doubleCommand        // predict that a Command is given again
	skipRepairSave       // don't save the states of repaired frames
	thawEarly            // take input again from whom only an older ballot suspects
	forgetAccepted       // propose a new value though one was accepted
	cutLow               // cut one frame too low
	repeatCommand        // give a Command to every frame from then on
	takeBack             // take back a confirmed frame now and then
	otherView            // count what was reported in another view
	neverAccept          // promise in ballots, and accept nothing
)

// NewSession starts a match. It steps the game a few scripted frames and loads
// its state back, to name a game that forgets part of its state and to make the
// fingerprint that machines compare. The transport may be nil when all seats
// are here.
func NewSession(g Game, t Transport, cfg Config) (*Session, error) {
	s, err := newSession(g, t, cfg)
	if err != nil {
		ended(t, err)
	}
	return s, err
}

func newSession(g Game, t Transport, cfg Config) (*Session, error) {
	if g == nil {
		return nil, fmt.Errorf("netcode: Game is nil")
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	guess, _ := g.(Predictor)
	wire, _ := t.(Disconnecter)
	cfg.Seats = append([]Peer(nil), cfg.Seats...)
	cfg.Setup = append([]byte(nil), cfg.Setup...)
	s := &Session{
		game:   g,
		guess:  guess,
		net:    t,
		wire:   wire,
		cfg:    cfg,
		tag:    uint16(xxhash.Sum64(cfg.Nonce[:])),
		in:     make([]Input, cfg.Players),
		window: Frame(cfg.Window),
		deaf:   make([]bool, len(cfg.Recorders)),
		packet: make([]byte, 0, MaxPacket+(maxRun+MaxDelay)*(MaxCommand+16)), // and the longest seat
		fixed:  -fixQuiet,
		end:    never,
	}
	for p, id := range cfg.Seats {
		s.queues[p] = newQueue()
		switch id {
		case Nobody:
			s.queues[p].gone = 1
		case cfg.Self:
			s.local = append(s.local, Player(p))
		}
		s.order = append(s.order, s.place(p))
	}
	for p, machine := range s.order {
		if machine == open {
			continue
		}
		s.all |= setOf(int(machine))
		if i := s.find(cfg.Seats[p]); i >= 0 {
			s.peers[i].machine, s.peers[i].asked = int(machine), -askKept
		} else {
			s.self = int(machine)
		}
	}
	s.convene()
	if len(s.peers) > 0 && t == nil {
		return nil, fmt.Errorf("netcode: Transport is nil, but seats %v are not all here", cfg.Seats)
	}
	var err error
	if s.print, err = fingerprint(g, cfg.Players); err != nil {
		return nil, err
	}
	first := g.Save(nil)
	s.states = newSnapshots(2*cfg.Window+MaxDelay+4, len(first))
	s.states.save(g, 0)
	s.hashes[0] = HashState(first)
	for i := range s.marks {
		s.marks[i].state = make([]byte, 0, len(first)+len(first)/4)
		s.marks[i].frame = -1
	}
	s.marks[0].frame = 0
	s.marks[0].state = append(s.marks[0].state, first...)
	if len(s.peers) > 0 {
		s.auto.delay, s.auto.last = autoStart, MaxDelay
	}
	for i, p := range s.local { // nothing is held before the delay has passed for the first time
		s.orders[i].tokens = MaxQueued * MaxCommand * cfg.Rate
		s.setDelay(i, cfg.Delay)
		for s.queues[p].head < s.delay[i] {
			s.queues[p].put(0, nil, 0)
		}
	}
	s.countMine()
	s.row.Inputs = make([]Input, cfg.Players)
	s.record(0, s.hashes[0], first)
	s.started = len(s.peers) == 0
	return s, nil
}

// open is the place of a seat that nobody holds.
const open = 0xff

// place tells which machine seat p is on, counting machines in order of their
// lowest seat, and notes a new one among the peers.
func (s *Session) place(p int) byte {
	id := s.cfg.Seats[p]
	if id == Nobody {
		return open
	}
	machines := byte(0)
	for q := range p {
		if s.cfg.Seats[q] == id {
			if i := s.find(id); i >= 0 {
				s.peers[i].seats = append(s.peers[i].seats, Player(p))
			}
			return s.order[q]
		}
		if s.order[q] != open {
			machines = max(machines, s.order[q]+1)
		}
	}
	if id != s.cfg.Self {
		s.peers = append(s.peers, peer{id: id, seats: []Player{Player(p)}})
	}
	return machines
}

func (s *Session) find(id Peer) int {
	for i := range s.peers {
		if s.peers[i].id == id {
			return i
		}
	}
	return -1
}

// Advance is one tick: hear, repair, step (at most twice), speak. It takes one
// Input per local seat, in order of seats, and never blocks. Nil means played
// or waiting; a waiting tick keeps Commands (queued, bounded) and forgets Bits.
// A [*LeftError], [*SplitError], [*DesyncError] or [*TermsError] means that the match is over; any
// other error that an argument was refused and nothing has happened.
func (s *Session) Advance(local ...Input) error {
	if s.err != nil {
		return s.err
	}
	if err := s.take(local); err != nil {
		return err
	}
	s.tick++
	s.stats.Ticks++
	s.repaired, s.wrong, s.stats.Depth, s.waiting = 0, 0, 0, false
	s.hear()
	if s.err == nil {
		s.depart()
		s.council()
		s.begin()
		s.foresee()
		if s.started && s.dispute == nil && s.err == nil {
			s.play()
		}
		s.search()
		s.watch()
	}
	if s.err != nil {
		s.speakLast()
		ended(s.net, s.err)
		return s.err
	}
	s.speak()
	return nil
}

// take checks the arguments completely before it keeps any.
func (s *Session) take(local []Input) error {
	if len(local) != len(s.local) {
		return fmt.Errorf("netcode: inputs are %d, must be %d, one per local seat", len(local), len(s.local))
	}
	for i := range local {
		n := len(local[i].Command)
		if n > MaxCommand {
			return fmt.Errorf("netcode: Command of player %d is %d bytes, must be at most %d", s.local[i], n, MaxCommand)
		}
		if n > 0 && s.orders[i].count == MaxQueued {
			return fmt.Errorf("netcode: queued Commands of player %d are %d, one more than that is refused", s.local[i], MaxQueued)
		}
	}
	for i := range local {
		s.held[i] = local[i].Bits
		s.orders[i].earn(s.cfg.Rate)
		if len(local[i].Command) > 0 && !s.parting {
			s.orders[i].push(local[i].Command)
		}
	}
	return nil
}

// play repairs the past and steps the game on.
func (s *Session) play() {
	if s.wrong > 0 && s.wrong <= s.now {
		s.repair(s.wrong)
	}
	steps := s.pace()
	s.follow()
	before := s.now
	for range steps {
		if s.now >= s.end {
			break
		}
		s.commit()
		s.countComplete()
		if s.now+1-s.complete > s.window || int(s.now+1-s.confirmed) > s.states.mask {
			s.waiting = true
			break
		}
		s.now++
		s.step(s.now)
	}
	switch {
	case s.waiting && s.now == before:
		s.stats.Waited++
	case steps == 0:
		s.stats.Skipped++
		s.fixed = s.tick
	case steps == 2 && s.now == before+2:
		s.stats.Doubled++
		s.fixed = s.tick
	}
	s.countComplete()
	s.confirm()
	s.finish()
}

// repair goes back to the last right state and steps to the present again.
func (s *Session) repair(from Frame) {
	if from <= s.confirmed {
		panic(fmt.Sprintf("netcode: frame %d is confirmed and was stepped wrongly from frame %d", s.confirmed, from))
	}
	s.game.Load(s.states.at(from - 1))
	for f := from; f <= s.now; f++ {
		s.step(f)
	}
	s.repaired = from
	s.stats.Rollbacks++
	s.stats.Depth = int(s.now - from + 1)
	s.stats.MaxDepth = max(s.stats.MaxDepth, s.stats.Depth)
}

// step makes state f out of f-1 and saves it.
func (s *Session) step(f Frame) {
	for p := range s.in {
		q := &s.queues[p]
		q.use(f, &s.in[p])
		if s.guess != nil && f > q.head && !s.in[p].Absent {
			s.in[p].Bits = s.guess.Predict(Player(p), q.at(q.head), int(f-q.head))
			q.predict(f, s.in[p].Bits)
		}
		if s.fault == doubleCommand && f > s.queues[p].head {
			s.in[p].Command = s.queues[p].command(s.queues[p].head)
		}
	}
	s.game.Step(s.in)
	s.stats.Steps++
	if s.fault == skipRepairSave && f < s.now {
		return
	}
	s.states.save(s.game, f)
}

// commit decides the inputs of each local seat up to the frame that this tick
// steps to, plus the seat's delay. A longer delay than before fills with what
// is held; a shorter one decides nothing until the screen has come closer.
func (s *Session) commit() {
	if s.leaving {
		return
	}
	for k := range s.local {
		i := (k + int(s.now)) % len(s.local) // each seat gets its turn to be first
		q := &s.queues[s.local[i]]
		for q.head < s.now+1+s.delay[i] && q.head < s.end {
			c := s.orders[i].peek(s.cfg.Rate)
			if len(c) > 0 && len(c) <= s.room(q.head+1) {
				q.put(s.held[i], c, s.now)
				if s.fault != repeatCommand {
					s.orders[i].pop(s.cfg.Rate)
				}
			} else {
				q.put(s.held[i], nil, s.now)
			}
		}
	}
	s.countMine()
}

// room is how many bytes of Commands frame f still takes of all local seats.
// Two such frames fit a packet together with everything else, so that what was
// lost can be made up for.
func (s *Session) room(f Frame) int {
	n := MaxPacket / 2
	for _, p := range s.local {
		if q := &s.queues[p]; f <= q.head {
			n -= len(q.command(f))
		}
	}
	return n
}

// countMine finds up to where the local inputs are decided.
func (s *Session) countMine() {
	s.mine = never
	for _, p := range s.local {
		s.mine = min(s.mine, s.queues[p].head)
		s.most = max(s.most, s.queues[p].head)
	}
}

// countComplete finds up to where every seat's input is here. A seat that is
// not in the view lacks nothing once its inputs up to the cut are here.
func (s *Session) countComplete() {
	c := never
	if !s.absent.has(s.self) {
		c = s.mine
	}
	for i := range s.peers {
		p := &s.peers[i]
		if !p.gone {
			c = min(c, p.head)
			continue
		}
		for _, seat := range p.seats {
			if q := &s.queues[seat]; q.head < q.gone-1 {
				c = min(c, q.head)
			}
		}
	}
	if c == never { // Only a leaver whom the others have let go has nobody to wait for.
		c = s.complete
	}
	if c < s.complete {
		panic(fmt.Sprintf("netcode: complete fell from frame %d to %d", s.complete, c))
	}
	s.complete = c
}

// SetDelay changes the input delay of player p, who must sit here, from the
// next Advance on: 0 (or NoDelay) to MaxDelay frames, or Auto. Each seat has its
// own. When it grows, the frames between are filled with the Bits that are held;
// when it shrinks, some ticks decide no input and their Bits are forgotten, but
// never a Command: that waits for its frame.
func (s *Session) SetDelay(p Player, frames int) error {
	if frames == NoDelay {
		frames = 0
	}
	if frames != Auto && (frames < 0 || frames > MaxDelay) {
		return fmt.Errorf("netcode: Delay is %d, must be 0 to %d", frames, MaxDelay)
	}
	for i, q := range s.local {
		if q == p {
			s.setDelay(i, frames)
			return nil
		}
	}
	return fmt.Errorf("netcode: player %d does not sit here", p)
}

func (s *Session) setDelay(i, frames int) {
	s.delay[i] = Frame(frames)
	if s.auto.seats[i] = frames == Auto; s.auto.seats[i] {
		s.delay[i] = s.auto.delay
	}
}

// Frame is the frame on screen.
func (s *Session) Frame() Frame { return s.now }

// Confirmed is the last frame that nobody can change any more: show results
// and save scores only up to here.
func (s *Session) Confirmed() Frame { return s.confirmed }

// Hash is the hash of the state at confirmed frame f (see HashState), while it
// is still held: for the last 1,024 frames.
func (s *Session) Hash(f Frame) (uint64, bool) {
	if f < 0 || f > s.confirmed || f <= s.confirmed-hashRing {
		return 0, false
	}
	return s.hashes[f%hashRing], true
}

// RolledBack tells whether the last Advance repaired the past, and from which frame on.
func (s *Session) RolledBack() (from Frame, ok bool) { return s.repaired, s.repaired > 0 }
