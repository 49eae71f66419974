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

	slack      = 64      // 1/256 frames ahead, beyond what ticks at any phase make, that let a tick be skipped
	behindBy   = 448     // 1/256 frames behind that let a tick step twice: later, so that the two sides don't both correct
	mostPutOff = 6       // ticks
	driftBy    = 3 << 14 // 1/65536 frames by which clocks drift apart between corrections: three quarters of one
	farBack    = 4       // frames that everybody's screen is ahead of ours for certain: step twice every tick

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

// average follows a difference of ticks slowly, together with its steady growth
// where one clock is faster (an alpha-beta filter), and starts over when it has
// really changed, as it does when a machine slept.
type average struct {
	value int64 // with eight bits more than its samples
	rate  int64 // by which it grows in a tick
	tick  int64 // of the last sample
	n     int64
	odd   int // samples in a row that were far off
}

const settled = 32 // samples

// at is what it is at a tick.
func (a *average) at(tick int64) int64 { return (a.value + a.rate*(tick-a.tick)) >> 8 }

func (a *average) add(s, tick int64) {
	value := a.value + a.rate*(tick-a.tick)
	off := s<<8 - value
	if size := max(off, -off); a.n > 0 && size > 4<<16 {
		a.odd++
		if a.odd < 16 && !(size > 20<<16 && a.odd >= 3) {
			return
		}
		a.n = 0
	}
	a.odd, a.tick = 0, tick
	if a.n == 0 {
		value, off = s<<8, 0 // The rate stays: a clock that was set is no faster.
	}
	if a.n < settled {
		a.n++
		a.value = value + off/a.n
		return
	}
	a.rate += off / (2 * settled * settled) // critically damped
	a.value = value + off/settled
}

// hear takes the tick byte of a packet, or reports false for one that was overtaken or
// doubled. newer says that the packet is known to be newer than any before; otherwise
// the tick byte alone decides.
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

// sample ends the hearing of a tick: the newest packet of it counts, if it tells of a
// round trip.
func (c *clock) sample(tick int64) (trip int64, ok bool) {
	echoed := c.fresh && c.echoed
	if c.fresh = false; !echoed {
		return 0, false
	}
	trip = tick - c.sent
	c.trips.add(int(trip))
	if c.rtt == 0 {
		c.rtt = int(trip) * 1000
	}
	c.rtt += (int(trip)*1000 - c.rtt) / 8
	c.relate(trip<<8, (tick-c.tick-(c.tick-c.sent))<<8/2, tick-trip/2)
	return trip, true
}

// relate takes a trip and what it tells of the clocks as they stood in the middle of
// it.
func (c *clock) relate(trip, theta, tick int64) {
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
	c.theta.add(theta, tick)
}

// pace keeps the screens together.
type pace struct {
	fixed  int64 // tick of the last correction
	putOff int   // ticks for which a skip was put off
}

// skip reports whether a tick that should be skipped may be. It is put off while that
// would lose what was held for a single tick, but not for long: where Bits differ in
// each tick they are no buttons, and what is lost lies between its neighbours.
func (c *pace) skip(safe bool) bool {
	if c.putOff++; !safe && c.putOff <= mostPutOff {
		return false
	}
	c.putOff = 0
	return true
}

// steps are how many frames this tick steps: 1, or 0 to let others catch up, or 2
// to catch up.
func (c *pace) steps(tick int64, now Frame, peers []peer) int {
	sum, drift, n, back := int64(0), int64(0), int64(0), Frame(inputRing)
	for i := range peers {
		p := &peers[i]
		if trip, ok := p.clock.sample(tick); ok {
			p.again.trip(int(trip), tick)
		}
		if p.gone || p.silence >= askAfter {
			continue // What is known of its screen is old.
		}
		sum += p.offset(tick, now+1)
		drift += p.clock.theta.rate
		n++
		back = min(back, p.now-now)
	}
	if n == 0 {
		return 1
	}
	if back >= farBack {
		return 2
	}
	wait, margin := int64(fixQuiet), int64(slack)
	if max(sum, -sum) >= n*fixFast<<8 {
		wait = fixEvery
	} else if apart := max(drift, -drift); apart*fixQuiet > n*driftBy {
		wait = n * driftBy / apart
		if drift > 0 {
			margin = 0 // We are faster, and will be ahead for certain.
		}
	}
	if tick-c.fixed < wait {
		return 1
	}
	// Twice the distance from the middle of all: between two screens it is
	// their offset. Whole frames cannot bring N screens closer than (N-1)/N
	// when their ticks are spread evenly; to try would make each skip in turn.
	off := 2 * sum // times n+1
	if off >= 256*n+margin*(n+1) {
		return 0
	}
	if off <= -behindBy*(n+1) {
		return 2
	}
	return 1
}
