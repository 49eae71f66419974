package simnet

// Path is what happens to packets on the way from one machine to another.
// Times are in thousandths of a tick: at 60 ticks a second 1000 is 16.7 ms.
// Chances are per thousand packets. The zero Path is perfect.
//
// A packet first waits for its turn on the line (Bandwidth, Queue), then may be
// lost, and what is not lost is delayed: so a lost packet has used the line,
// and a copy has not.
type Path struct {
	Latency   int // time on the way
	Jitter    int // up to so much more, evenly spread
	Loss      int // never arrive
	Burst     int // packets lost in a row, on average; 0 or 1 is loss without memory
	Duplicate int // arrive twice
	Reorder   int // are held back by one to four ticks more, so that later ones overtake them
	Bandwidth int // bytes a tick; 0 is no limit
	Queue     int // bytes that wait for the line at the most, the last come is dropped; 0 is 16 KiB
}

// defaultQueue is what a home router keeps: a quarter of a second at half a megabit a second.
const defaultQueue = 16 << 10

// Counts is what has become of the packets sent one way, since the start. What
// is in none of Lost, Dropped and Cut has arrived or is on the way.
type Counts struct {
	Sent    uint64 // by the machine
	Lost    uint64 // by chance: Loss and Burst
	Dropped uint64 // since the line's queue, or that of the receiver, was full
	Cut     uint64 // into a cut
	Copied  uint64 // arrived twice
}

// link is one way and its state. The zero link is perfect.
type link struct {
	path   Path
	cut    bool
	gone   bool  // the end that sends says that the other one has, for good
	bad    bool  // in a burst of losses
	busy   int64 // millionths of a tick: until then the line sends what was queued before
	counts Counts
}

// send decides what becomes of a packet of size bytes: how many copies arrive
// (0, 1 or 2) and when, in thousandths of a tick.
func (l *link) send(r *random, now int64, size int) (copies int, due [2]int64) {
	l.counts.Sent++
	if l.cut {
		l.counts.Cut++
		return 0, due
	}
	sent, ok := l.queue(now, size)
	if !ok {
		l.counts.Dropped++
		return 0, due
	}
	if l.lose(r) {
		l.counts.Lost++
		return 0, due
	}
	p := &l.path
	copies = 1
	if r.below(1000) < p.Duplicate {
		copies = 2
		l.counts.Copied++
	}
	for i := range copies {
		due[i] = sent + int64(p.Latency+r.below(p.Jitter+1))
		if r.below(1000) < p.Reorder {
			due[i] += int64(1000 + r.below(3001))
		}
	}
	return copies, due
}

// queue tells when a packet has left the line, or that there is no room for it.
func (l *link) queue(now int64, size int) (sent int64, ok bool) {
	rate := int64(l.path.Bandwidth)
	if rate <= 0 {
		return now, true
	}
	room := int64(l.path.Queue)
	if room <= 0 {
		room = defaultQueue
	}
	start := max(l.busy, now*1000)
	if waiting := (start - now*1000) * rate / 1e6; waiting+int64(size) > room {
		return 0, false
	}
	l.busy = start + (int64(size)*1e6+rate-1)/rate
	return (l.busy + 999) / 1000, true
}

// lose draws whether a packet is lost. With Burst it is the model of Gilbert: a
// good state that loses nothing and a bad one that loses all, left with a
// chance of 1/Burst per packet and entered as often as makes Loss on average.
func (l *link) lose(r *random) bool {
	loss, burst := l.path.Loss, l.path.Burst
	if burst <= 1 || loss <= 0 || loss >= 1000 {
		l.bad = false
		return r.below(1000) < loss
	}
	if l.bad {
		l.bad = r.below(burst) > 0
	} else {
		l.bad = r.below(burst*(1000-loss)) < loss
	}
	return l.bad
}

// Millis turns milliseconds into thousandths of a tick, for a game that runs
// at rate ticks a second.
func Millis(ms, rate int) int { return ms * rate }

// random is splitmix64: small, fast, and the same everywhere.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n), and 0 when n is not positive.
func (r *random) below(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.next() >> 33 % uint64(n))
}
