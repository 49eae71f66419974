package netcode

// Time sync. Each machine counts its ticks. What a peer's ticks are, seen from
// ours, is learned as NTP does: a packet carries the sender's tick and echoes
// ours, and the two one-way differences cancel the latency if it is the same
// both ways (if it is not, both sides err by the same half, so that both get
// the same share of rollbacks). How far a screen has fallen behind its ticks
// (its skew) is known exactly on both sides, so corrections count at once and
// need no smoothing: that is what keeps two machines from correcting the same
// offset again and again. Trips that take clearly longer than usual tell about
// the path and not about the clocks, which run on as they did: they count only
// when they have become usual.

const (
	fixQuiet = 50 // ticks between corrections below fixFast frames of offset
	fixFast  = 3  // frames
	fixEvery = 4  // ticks between corrections above

	slack    = 64  // 1/256 frames ahead, beyond what ticks at any phase make, that let a tick be skipped
	behindBy = 448 // 1/256 frames behind that let a tick step twice: later, so that the two sides don't both correct
	farBack  = 4   // frames that everybody's screen is ahead of ours for certain: step twice every tick

	spikeBy  = 4 << 8 // 1/256 ticks by which a trip is longer than usual
	spikeFor = 180    // samples in a row of which the path has changed for good
)

// clock relates a peer's ticks to ours. Averages are in 1/256 ticks.
type clock struct {
	tick   int64 // the peer's newest tick heard
	at     int64 // our tick when it was heard
	known  bool
	fresh  bool    // something newer was heard in this tick
	echoed bool    // and it echoed a tick of ours
	sent   int64   // namely this one
	theta  average // our ticks less theirs
	trip   int64   // there and back, usually
	late   int     // samples in a row that took longer
	trips  trips   // for Auto
	rtt    int     // thousandths of a tick, smoothed
}

// average follows a difference of ticks slowly, and starts over when it has
// really changed, as it does when a machine slept.
type average struct {
	value int64
	n     int64
	odd   int // samples in a row that were far off
}

func (a *average) add(s int64) {
	off := s - a.value
	if off < 0 {
		off = -off
	}
	if a.n > 0 && off > 4<<8 {
		a.odd++
		if a.odd < 16 && !(off > 20<<8 && a.odd >= 3) {
			return
		}
		a.n = 0
	}
	a.odd = 0
	if a.n < 32 {
		a.n++
	}
	a.value += (s - a.value) / a.n
}

// hear takes the tick byte of a packet. newer says that the packet is known to
// be newer than any before; otherwise the tick byte alone decides.
func (c *clock) hear(seq byte, newer bool, tick int64) bool {
	if !c.known {
		c.known = true
		c.tick = int64(seq)
	} else {
		expect := c.tick + tick - c.at
		t := expect + int64(int8(seq-byte(expect)))
		for newer && t <= c.tick {
			t += 256
		}
		if t <= c.tick {
			return false
		}
		c.tick = t
	}
	c.at, c.fresh, c.echoed = tick, true, false
	return true
}

// sample ends the hearing of a tick: the newest packet of it counts.
func (c *clock) sample(tick int64) {
	echoed := c.fresh && c.echoed
	if c.fresh = false; !echoed {
		return
	}
	trip := tick - c.sent
	c.trips.add(int(trip))
	if c.rtt == 0 {
		c.rtt = int(trip) * 1000
	}
	c.rtt += (int(trip)*1000 - c.rtt) / 8
	c.relate(trip<<8, (tick-c.tick-(c.tick-c.sent))<<8/2)
}

// relate takes a trip and what it tells of the clocks.
func (c *clock) relate(trip, theta int64) {
	if c.theta.n > 0 && trip > c.trip+spikeBy {
		if c.late++; c.late < spikeFor {
			return
		}
		c.theta.n = 0
	}
	c.late = 0
	if c.theta.n == 0 {
		c.trip = trip
	}
	c.trip += (trip - c.trip) / 32
	c.theta.add(theta)
}

// pace keeps the screens together.
type pace struct {
	fixed int64 // tick of the last correction
}

// steps are how many frames this tick steps: 1, or 0 to let others catch up, or 2
// to catch up.
func (c *pace) steps(tick int64, now Frame, peers []peer) int {
	sum, n, back := int64(0), int64(0), Frame(inputRing)
	for i := range peers {
		p := &peers[i]
		p.clock.sample(tick)
		if p.gone || p.quiet >= askAfter {
			continue // What is known of its screen is old.
		}
		sum += p.offset(tick, now+1)
		n++
		back = min(back, p.now-now)
	}
	if n == 0 {
		return 1
	}
	if back >= farBack {
		return 2
	}
	off := sum / n
	wait := int64(fixQuiet)
	if off >= fixFast<<8 || off <= -fixFast<<8 {
		wait = fixEvery
	}
	if tick-c.fixed < wait {
		return 1
	}
	// Twice the distance from the middle of all: between two screens it is
	// their offset. Whole frames cannot bring N screens closer than (N-1)/N
	// when their ticks are spread evenly; to try would make each skip in turn.
	off = 2 * sum / (n + 1)
	if off >= 256*n/(n+1)+slack {
		return 0
	}
	if off <= -behindBy {
		return 2
	}
	return 1
}
