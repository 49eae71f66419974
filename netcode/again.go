package netcode

// again decides when a machine is sent once more what it has not acknowledged. Bits
// are few bytes and go in each packet, so that a lost one costs nothing. Commands are
// many: a budget allows for repeating them before they are overdue. On a line whose
// queue grows, whatever is repeated makes it slower. There only what is overdue is
// sent again, measured by the round trips as they are now (RFC 6298), and with pauses
// that double while nothing is heard.
type again struct {
	tokens int               // bytes of Commands that may be repeated now; negative: too many were
	newest Frame             // was sent at least once
	first  [inputRing]uint16 // low bits of the tick in which each frame was sent first
	slow   int64             // tick in which the queue of the line was long
	pause  int64             // ticks between repetitions, while nothing is heard
	last   int64             // tick of the last one
	least  [2]int            // round trips in ticks, the shortest of this stretch and of the one before
	turn   int64             // tick in which this stretch began
	smooth int               // round trip in 1/8 ticks, smoothed
	heard  int64             // tick of the last one
}

const (
	againEarn   = 40  // bytes of Commands repeated in a tick, on average
	againMost   = 256 // and at once
	againLate   = 6   // ticks that an acknowledgement may take beyond a round trip
	againQueue  = 4   // ticks by which a round trip is longer than the shortest where the queue is long
	againFew    = 4   // ticks between repetitions of few bytes
	againPause  = 16  // and of more, at most, while nothing is heard
	againLost   = 4   // ticks without a round trip in which nothing is heard
	againTurn   = 600 // ticks of a stretch
	againFlight = 512 // bytes of Commands on their way on a narrow line, before there are more
)

// trip takes a round trip, in ticks.
func (a *again) trip(ticks int, tick int64) {
	if a.turn == 0 {
		a.turn, a.smooth, a.least = tick, 8*ticks, [2]int{ticks, ticks}
	} else if tick-a.turn >= againTurn {
		a.turn, a.least = tick, [2]int{ticks, a.least[0]}
	}
	a.least[0] = min(a.least[0], ticks)
	a.smooth += ticks - a.smooth/8
	if a.heard = tick; ticks > min(a.least[0], a.least[1])+againQueue {
		a.slow = tick
	}
}

// narrow reports whether the queue of the line was long lately.
func (a *again) narrow(tick int64) bool { return a.slow > 0 && tick-a.slow < againTurn }

// from is the frame after which the next packet begins, of those after ack: all that
// were sent already have so many bytes of Commands, and frame last has the last one.
// Where nothing may be repeated it is the newest, and where only the Commands are too
// many, last: so that the Bits after it are repeated.
func (a *again) from(ack, last Frame, cost int, tick int64) Frame {
	due := int64(a.smooth/8 + againLate)
	overdue := a.turn > 0 && int64(uint16(tick)-a.first[(ack+1)%inputRing]) > due
	if !overdue && !a.narrow(tick) {
		if a.tokens < min(cost, againMost) {
			return last
		}
		a.tokens -= cost
		return ack
	}
	wait := max(due, a.pause)
	if cost < againMost {
		wait = againFew
	}
	if tick-a.last < wait || !overdue && cost > 0 {
		return a.newest
	}
	if a.last = tick; tick-a.heard < againLost {
		a.pause = 0
	} else {
		a.pause = min(max(2*a.pause, due), againPause)
	}
	return ack
}

// sent notes that frames up to head were sent.
func (a *again) sent(head Frame, tick int64) {
	a.tokens = min(a.tokens+againEarn, againMost)
	for a.newest < head {
		a.newest++
		a.first[a.newest%inputRing] = uint16(tick)
	}
}
