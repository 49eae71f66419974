package punch

import (
	"math/bits"
	"time"
)

// Each packet ends with a byte that counts packets, so that both ends see how many of
// the other's do not arrive. What is late is not lost: a number counts as lost when so
// many newer ones have come that no path would still bring it.
const (
	numberLate = 64 // newer numbers
	numberMost = 512
	numberGap  = time.Second // without a packet, after which numbers begin anew: they might have come around
)

// numbers is which of the other end's packets have come.
type numbers struct {
	newest byte
	came   uint64 // a bit for each of the last ones, the newest lowest
	known  int    // of these
	total  int    // older ones; halved from time to time, so that the last ones count
	lost   int    // of them
	heard  time.Time
}

// hear takes the number of a packet.
func (n *numbers) hear(number byte, now time.Time) {
	if now.Sub(n.heard) >= numberGap {
		n.newest, n.came, n.known = number, 0, 1
	}
	n.heard = now
	ahead := int(int8(number - n.newest))
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
}

// loss is the share of the numbers that did not come, 0 to 1.
func (n *numbers) loss() float64 { return float64(n.lost) / float64(max(n.total, 1)) }
