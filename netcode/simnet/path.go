package simnet

// Path is what happens to packets on the way from one machine to another.
// Times are in thousandths of a tick: at 60 ticks a second 1000 is 16.7 ms.
// Chances are per thousand packets. The zero Path is perfect.
type Path struct {
	Latency   int // time on the way
	Jitter    int // up to so much more, evenly spread
	Loss      int // never arrive
	Duplicate int // arrive twice
	Reorder   int // are held back by one to four ticks more, so that later ones overtake them
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

// fate draws what becomes of one packet: how many copies arrive (0, 1 or 2)
// and the delay of each.
func (p Path) fate(r *random) (copies int, delay [2]int) {
	if r.below(1000) < p.Loss {
		return 0, delay
	}
	copies = 1
	if r.below(1000) < p.Duplicate {
		copies = 2
	}
	for i := range copies {
		delay[i] = p.Latency + r.below(p.Jitter+1)
		if r.below(1000) < p.Reorder {
			delay[i] += 1000 + r.below(3001)
		}
	}
	return copies, delay
}
