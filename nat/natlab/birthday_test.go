//go:build netns && linux

package natlab

import (
	"testing"
	"time"
)

// What theory gives to the relay is linked directly where both ends ask for it:
// many sockets behind the symmetric NAT, and guesses from the other end.
func TestBirthday(t *testing.T) {
	t.Parallel()
	for _, hard := range []string{"symm", "block"} {
		t.Run(hard, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, Wire{RTT: 60 * time.Millisecond})
			ends := [2]*Host{l.Internet.Home(hard), l.Internet.Home("port")}
			for i, offers := range []string{"hard", "easy"} {
				t.Run(offers+" end offers", func(t *testing.T) {
					p, both := l.link(t, "birthday", ends[i], ends[1-i])
					if both[0].Path != "relay" && hard != "block" { // where luck may do it
						t.Errorf("begins with %s", both[0].Reason)
					}
					took := p.become("direct", &both)
					t.Logf("open after %v, direct %v later: %s", both[0].Connect, took, both[0].Reason)
					p.report(&both)
					smooth(t, max(both[0].Gap, both[1].Gap))
				})
			}
		})
	}
}
