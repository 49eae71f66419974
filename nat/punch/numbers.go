package punch

import (
	"math/bits"
	"time"
)

// Each packet ends with its number, so that both ends see how many of the other's do not
// arrive. What is late is not lost: a number counts as lost when so many newer ones have
// come that a game has no use for it. Should it come after that, it is dropped.
const (
	numberSize = 2  // bytes
	numberLate = 64 // newer numbers
	numberMost = 512
	numberGap  = time.Second // without a packet, after which numbers begin anew: a cut is no loss
)

// numbers is which of the other end's packets have come.
type numbers struct {
	newest uint16
	came   uint64 // a bit for each of the last ones, the newest lowest
	known  int    // of these
	total  int    // older ones; halved from time to time, so that the last ones count
	lost   int    // of them
	heard  time.Time
}

// hear takes the number of a packet, and reports whether that is late.
func (n *numbers) hear(number uint16, now time.Time) (late bool) {
	if now.Sub(n.heard) >= numberGap {
		n.newest, n.came, n.known = number, 0, 1
	}
	n.heard = now
	ahead := int(int16(number - n.newest))
	if ahead > 0 {
		n.newest = number
		if old := min(n.known+ahead, numberLate+ahead) - numberLate; old > 0 { // leave the window
			n.total += old
			n.lost += old
			if ahead < numberLate {
				n.lost -= bits.OnesCount64(n.came >> (numberLate - ahead))
			} else {
				n.lost -= bits.OnesCount64(n.came)
			}
		}
		n.came <<= ahead
		n.known = min(n.known+ahead, numberLate)
		ahead = 0
	}
	if -ahead < n.known {
		n.came |= 1 << -ahead
	}
	if n.total >= numberMost {
		n.total, n.lost = n.total/2, n.lost/2
	}
	return -ahead >= numberLate
}

// loss is the share of the numbers that did not come, 0 to 1.
func (n *numbers) loss() float64 { return float64(n.lost) / float64(max(n.total, 1)) }
