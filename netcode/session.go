package netcode

import (
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Session is one machine's end of a match. It is not safe for use by several
// goroutines: one loop owns it, together with the Game.
//
// It conducts. Its parts hold the knowledge, and know neither it nor one another.
type Session struct {
	cfg   Config
	print uint64 // fingerprint of the game
	order []byte // machines in order of their lowest seat, per seat
	port  port
	peers []peer

	timeline timeline
	local    seats
	members  membership
	pace     pace
	ledger   ledger
	farewell farewell
	events   events
	dispute  *dispute // two machines differ, and look for where
	stats    Stats

	tick     int64
	started  bool
	waiting  bool  // the window was full in this tick
	complete Frame // every seat's input is here up to here
	err      error
}

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
	cfg.Seats = append([]Peer(nil), cfg.Seats...)
	cfg.Setup = append([]byte(nil), cfg.Setup...)
	s := &Session{cfg: cfg, pace: pace{fixed: -fixQuiet}, farewell: farewell{end: never, last: never}}
	s.port.open(t, uint16(xxhash.Sum64(cfg.Nonce[:])))
	s.local.rate, s.members.timeout = cfg.Rate, cfg.Timeout
	s.sit()
	if len(s.peers) > 0 && t == nil {
		return nil, fmt.Errorf("netcode: Transport is nil, but seats %v are not all here", cfg.Seats)
	}
	var err error
	if s.print, err = fingerprint(g, cfg.Players); err != nil {
		return nil, err
	}
	first := g.Save(nil)
	s.timeline.begin(g, cfg.Players, 2*cfg.Window+MaxDelay+4, first, cfg.Saving == SaveSparse || cfg.Saving == SaveBySize && len(first) >= SparseSize)
	for p, machine := range s.order {
		if machine == open {
			s.timeline.vacate(Player(p), 1, 0)
		}
	}
	if len(s.peers) > 0 {
		s.local.auto.delay, s.local.auto.last = autoStart, MaxDelay
	}
	s.local.begin(&s.timeline, cfg.Delay)
	s.ledger.begin(&s.timeline, cfg.Recorders, first)
	s.started = len(s.peers) == 0
	return s, nil
}

// open is the place of a seat that nobody holds.
const open = 0xff

// sit numbers the machines in order of their lowest seat, and makes a peer of each
// but this one.
func (s *Session) sit() {
	machines := map[Peer]int{}
	for p, id := range s.cfg.Seats {
		if id == Nobody {
			s.order = append(s.order, open)
			continue
		}
		machine, known := machines[id]
		if !known {
			machine = len(machines)
			machines[id] = machine
			s.members.all |= setOf(machine)
		}
		s.order = append(s.order, byte(machine))
		switch {
		case id == s.cfg.Self:
			s.members.self = machine
			s.local.list = append(s.local.list, seat{player: Player(p)})
		case known:
			other := s.find(id)
			other.seats = append(other.seats, Player(p))
		default:
			s.members.others = append(s.members.others, member{machine: machine})
			s.peers = append(s.peers, peer{id: id, seats: []Player{Player(p)}, channel: channel{asked: -askKept}})
		}
	}
	for i := range s.peers {
		s.peers[i].member = &s.members.others[i]
	}
	s.members.newBallot(0)
}

func (s *Session) find(id Peer) *peer {
	for i := range s.peers {
		if s.peers[i].id == id {
			return &s.peers[i]
		}
	}
	return nil
}

// Advance is one tick: hear, agree, repair, step (at most twice), confirm, speak.
// It takes one Input per local seat, in order of seats, and never blocks. Nil
// means played, skipped or waiting. A tick to which no frame falls keeps Commands
// (queued, bounded); Bits it keeps only if it was skipped, see Stats.Forgot. An [*InputError] refuses an argument, and nothing has happened. Any
// other error, such as a [*LeftError], [*SplitError], [*DesyncError] or
// [*TermsError], means that the match is over.
func (s *Session) Advance(local ...Input) error {
	if s.err != nil {
		return s.err
	}
	if err := s.local.take(local, !s.farewell.parting); err != nil {
		return err
	}
	s.tick++
	s.timeline.tick()
	s.waiting = false
	s.hear()
	if s.err == nil {
		s.agree()
		if s.begun() {
			s.timeline.repair(s.ledger.confirmed)
			s.step()
			s.confirm()
		}
		s.judge()
	}
	if s.err != nil {
		s.speakLast()
		ended(s.port.net, s.err)
		return s.err
	}
	s.speak()
	return nil
}

// begun reports whether the match is played, and begins it once everybody in the view
// has agreed with this machine and has heard it, or others say so. A machine that
// leaves before that never starts.
func (s *Session) begun() bool {
	if !s.started && !s.farewell.leaving {
		s.started = true
		for i := range s.peers {
			if p := &s.peers[i]; !p.gone && !(p.agreed && p.heardUs) {
				s.started = false
			}
		}
	}
	s.farewell.setEnd(&s.members)
	return s.started && s.dispute == nil && s.err == nil
}

// step decides what this machine gives and steps the game on, as far as the window
// allows.
func (s *Session) step() {
	t := &s.timeline
	steps := s.pace.steps(s.tick, t.now, s.peers)
	if steps == 0 && !s.pace.skip(s.local.safe(t)) {
		steps = 1
	}
	s.local.follow(s.tick, s.peers, Frame(s.cfg.Window))
	before := t.now
	s.local.full = false
	for i := range s.peers {
		if p := &s.peers[i]; !p.gone && p.again.narrow(s.tick) {
			n, _ := s.local.spent(t, p.ack, s.local.most)
			s.local.full = s.local.full || n >= againFlight
		}
	}
	for range steps {
		if t.now >= s.farewell.end {
			break
		}
		s.local.commit(t, min(s.farewell.end, s.farewell.last))
		s.countComplete()
		if t.now+1-s.complete > Frame(s.cfg.Window) || t.full(s.ledger.confirmed) {
			s.waiting = true
			break
		}
		t.advance(s.ledger.confirmed)
	}
	if s.local.settle(steps == 0) {
		s.stats.Forgot++
	}
	switch {
	case s.waiting && t.now == before:
		s.stats.Waited++
	case steps == 0:
		s.stats.Skipped++
		s.pace.fixed = s.tick
	case steps == 2 && t.now == before+2:
		s.stats.Doubled++
		s.pace.fixed = s.tick
	}
}

// countComplete finds up to where every seat's input is here. A seat that is
// not in the view lacks nothing once its inputs up to the cut are here.
func (s *Session) countComplete() {
	c := never
	if !s.members.absent.has(s.members.self) {
		c = s.local.mine
	}
	for i := range s.peers {
		p := &s.peers[i]
		if !p.gone {
			c = min(c, p.head)
			continue
		}
		for _, seat := range p.seats {
			if q := &s.timeline.queues[seat]; q.head < q.gone-1 {
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

// confirm writes rows up to the frame that every member of the view has reported
// as complete in it, and compares hashes with the others. What one machine alone
// holds is not confirmed: if it vanished with it, the others would go on without.
func (s *Session) confirm() {
	s.countComplete()
	to := min(s.complete, s.timeline.now, s.farewell.end)
	for i := range s.peers {
		if p := &s.peers[i]; !p.gone {
			to = min(to, p.reported)
		}
	}
	s.ledger.confirm(to, &s.timeline)
	for i := range s.peers {
		s.compare(&s.peers[i])
	}
	if s.farewell.finish(s.tick, s.ledger.confirmed) {
		s.timeline.show(s.farewell.end) // It may show a prediction beyond.
	}
}

// compare looks at a peer's hash of a confirmed frame.
func (s *Session) compare(p *peer) {
	if s.dispute != nil {
		return
	}
	if f, ours, yes := p.differs(&s.ledger); yes {
		s.dispute = s.disagree(p, f, ours, p.check.chain)
	}
}

// Leave says goodbye in the next Advances, as soon as every Command that they took has
// its frame. Commands given from now on are not taken, and nothing is held any more. Of
// three and more machines the leaver plays on for about two round trips, so that the
// others need not wait for it. Stop calling Advance at Done.
func (s *Session) Leave() {
	if s.farewell.part(s.tick) {
		s.leave()
	}
}

// Done reports whether there is nothing to call Advance for any more: everybody
// has heard our Leave, or can't any more, or the match ended with an error.
func (s *Session) Done() bool {
	return s.err != nil || s.farewell.done(s.tick, &s.members, s.started)
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
		return fmt.Errorf("netcode: Delay is %d, must be 0 to %d (MaxDelay), NoDelay or Auto", frames, MaxDelay)
	}
	seat := s.local.find(p)
	if seat == nil {
		return fmt.Errorf("netcode: player %d does not sit here", p)
	}
	s.local.setDelay(seat, frames)
	return nil
}

// Frame is the frame on screen.
func (s *Session) Frame() Frame { return s.timeline.now }

// Confirmed is the last frame that nobody can change any more: show results
// and save scores only up to here.
func (s *Session) Confirmed() Frame { return s.ledger.confirmed }

// Hash is the hash of the state at confirmed frame f (see HashState), while it
// is still held: for the last 1,024 frames, or the last 1,024 that are multiples of 32
// if the game is saved sparsely.
func (s *Session) Hash(f Frame) (uint64, bool) { return s.ledger.hash(f) }

// RecordError is why Recorders are no longer called: each returned an error, and
// the match goes on without it. They are joined, in the order in which they came.
func (s *Session) RecordError() error { return s.ledger.err }

// RolledBack reports whether the last Advance repaired the past, and from which frame on.
func (s *Session) RolledBack() (from Frame, ok bool) {
	return s.timeline.repaired, s.timeline.repaired > 0
}
