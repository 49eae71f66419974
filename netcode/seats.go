package netcode

// seat is one that this machine plays: what is held on it, the Commands that
// wait for their frame, and how many frames later an input counts.
type seat struct {
	player Player
	held   uint64 // Bits in this tick
	kept   uint64 // and in an earlier one, which was skipped
	keeps  bool
	given  bool // some frame got the Bits of this tick
	delay  Frame
	auto   bool // the delay follows the path, see auto
	orders orders
}

// seats are all that this machine plays.
type seats struct {
	list    []seat
	rate    int
	auto    auto
	mine    Frame // the inputs of all of them are decided up to here,
	most    Frame // and of the one with the longest delay up to here
	changed Frame // the last one that had something new
	full    bool  // a narrow line carries as many Commands as it can: others wait
}

// begin gives each seat its delay; nothing is held before that has passed for the
// first time.
func (s *seats) begin(t *timeline, delay int) {
	for i := range s.list {
		seat := &s.list[i]
		seat.orders.tokens = MaxQueued * MaxCommand * s.rate
		s.setDelay(seat, delay)
		for q := &t.queues[seat.player]; q.head < seat.delay; {
			q.put(0, nil, 0)
		}
	}
	s.count(t)
}

// take takes one Input per seat, or refuses all of them. Without keep nothing is held,
// and their Commands are not kept.
func (s *seats) take(local []Input, keep bool) error {
	if len(local) != len(s.list) {
		return &InputError{Player: s.list[0].player, Field: "number of Inputs", Value: len(local), Limit: len(s.list)}
	}
	for i := range local {
		n := len(local[i].Command)
		if n > MaxCommand {
			return &InputError{s.list[i].player, "length of Command", n, MaxCommand, "MaxCommand"}
		}
		if n > 0 && s.list[i].orders.count == MaxQueued {
			return &InputError{s.list[i].player, "number of queued Commands", MaxQueued + 1, MaxQueued, "MaxQueued"}
		}
	}
	for i := range local {
		seat := &s.list[i]
		seat.held, seat.given = local[i].Bits, false
		if !keep {
			seat.held = 0
		}
		seat.orders.earn(s.rate)
		if len(local[i].Command) > 0 && keep {
			seat.orders.push(local[i].Command)
		}
	}
	return nil
}

// commit decides the inputs of each seat up to the frame that is stepped next,
// plus the seat's delay, and not beyond the end. A longer delay than before fills
// with what is held; a shorter one decides nothing until the screen has come closer.
func (s *seats) commit(t *timeline, end Frame) {
	for k := range s.list {
		seat := &s.list[uint32(k+int(t.now))%uint32(len(s.list))] // each gets its turn to be first
		q := &t.queues[seat.player]
		for q.head < t.now+1+seat.delay && q.head < end {
			last := q.last()
			held, c := seat.give(last), seat.orders.peek(s.rate)
			if held != last || len(c) > 0 {
				s.changed = q.head + 1
			}
			if len(c) > 0 && !s.full && len(c) <= s.room(t, q.head+1) {
				q.put(held, c, t.now)
				seat.orders.pop(s.rate)
			} else {
				q.put(held, nil, t.now)
			}
		}
	}
	s.count(t)
}

// give is what the next frame gets: what is held now, or what a skipped tick held if
// something would be lost without it. Last is what the frame before got.
func (s *seat) give(last uint64) uint64 {
	s.given = true
	if s.keeps = s.keeps && s.needs(last); !s.keeps {
		return s.held
	}
	held := s.kept
	s.kept = s.held
	return held
}

// needs reports whether some Bit of what is kept was so for a single tick: not in the
// frame before, and not now.
func (s *seat) needs(last uint64) bool { return (s.kept^last)&(s.kept^s.held) != 0 }

// safe reports whether nothing would be lost if this tick were skipped.
func (s *seats) safe(t *timeline) bool {
	for i := range s.list {
		if seat := &s.list[i]; seat.keeps && seat.needs(t.queues[seat.player].last()) {
			return false
		}
	}
	return true
}

// settle ends a tick. What is held on a seat to which no frame fell is forgotten, but
// kept for the next tick if this one was skipped.
func (s *seats) settle(skipped bool) (forgot bool) {
	for i := range s.list {
		seat := &s.list[i]
		if seat.given {
			continue
		}
		if skipped {
			seat.kept, seat.keeps = seat.held, true
		} else {
			forgot = true
		}
	}
	return forgot
}

// room is how many bytes of Commands frame f still takes of all seats. Two such
// frames fit a packet together with everything else, so that what was lost can be
// made up for.
func (s *seats) room(t *timeline, f Frame) int {
	n := MaxPacket / 2
	for i := range s.list {
		if q := &t.queues[s.list[i].player]; f <= q.head {
			n -= len(q.command(f))
		}
	}
	return n
}

// spent is how many bytes of Commands the frames after from have, up to frame to, and
// the last frame that has one; from, if none has.
func (s *seats) spent(t *timeline, from, to Frame) (n int, last Frame) {
	last = from
	for i := range s.list {
		q := &t.queues[s.list[i].player]
		for f := from + 1; f <= min(to, q.order); f++ {
			if size := int(q.size[int(f)&inputMask]); size > 0 {
				n, last = n+size, max(last, f)
			}
		}
	}
	return n, last
}

// count finds up to where the inputs are decided.
func (s *seats) count(t *timeline) {
	s.mine = never
	for i := range s.list {
		head := t.queues[s.list[i].player].head
		s.mine, s.most = min(s.mine, head), max(s.most, head)
	}
}

// waiting reports whether some Command waits for its frame.
func (s *seats) waiting() bool {
	for i := range s.list {
		if s.list[i].orders.count > 0 {
			return true
		}
	}
	return false
}

func (s *seats) find(p Player) *seat {
	for i := range s.list {
		if s.list[i].player == p {
			return &s.list[i]
		}
	}
	return nil
}

func (s *seats) setDelay(seat *seat, frames int) {
	seat.delay = Frame(frames)
	if seat.auto = frames == Auto; seat.auto {
		seat.delay = s.auto.delay
	}
}

// orders are the Commands that a local seat gave and that no frame has taken
// yet, oldest first.
type orders struct {
	first, count int
	tokens       int // bytes that a frame may take now, times Rate
	size         [MaxQueued]uint16
	arena        [MaxQueued][MaxCommand]byte
}

// earn adds the tokens of one tick: MaxSpend a second, up to a full queue.
func (o *orders) earn(rate int) {
	o.tokens = min(o.tokens+MaxSpend, MaxQueued*MaxCommand*rate)
}

func (o *orders) push(command []byte) {
	i := (o.first + o.count) % MaxQueued
	o.size[i] = uint16(copy(o.arena[i][:], command))
	o.count++
}

// peek is the next Command, if there are tokens for it.
func (o *orders) peek(rate int) []byte {
	if o.count == 0 || int(o.size[o.first])*rate > o.tokens {
		return nil
	}
	return o.arena[o.first][:o.size[o.first]]
}

func (o *orders) pop(rate int) {
	o.tokens -= int(o.size[o.first]) * rate
	o.first = (o.first + 1) % MaxQueued
	o.count--
}
