//go:build !js

package punch

import (
	"testing"
	"time"
)

// A server that is dead delays nobody, wherever it is in the list.
func TestDeadServers(t *testing.T) {
	dead := ICEServer{URLs: []string{"stun:198.51.100.9:3478"}}
	deadTurn := ICEServer{URLs: []string{"turn:198.51.100.9:3478"}, Username: "u", Credential: "secret"}
	for _, kinds := range [][2]string{{"port", "port"}, {"symm", "port"}} {
		t.Run(kinds[0]+" "+kinds[1], func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, kinds)
				defer n.close()
				n.link(Options{ICEServers: append([]ICEServer{dead, deadTurn}, servers()...)})
				n.talk()
				for _, l := range n.links {
					if r := l.Report(); r.State != Open || r.Connect > 850*time.Millisecond {
						t.Errorf("after %v: %s", r.Connect, r.Reason)
					}
				}
				t.Log(n.links[0].Report().Reason)
			})
		})
	}
}

// The server of the signals dies when the offer has come through, and comes back:
// what both ends say again meanwhile is enough.
func TestSignalsDieBetweenOfferAndAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		begin, dead := time.Now(), false
		const gone = 4 * time.Second
		n.carry = func(from int, s []byte) {
			dead = dead || from == 1 // the first that answers finds it dead
			if !dead || time.Since(begin) > gone {
				n.post(from, s, 2*away)
			}
		}
		n.link(Options{ICEServers: servers()})
		n.talk()
		for _, l := range n.links {
			if r := l.Report(); r.State != Open || r.Connect < gone || r.Connect > gone+4*time.Second {
				t.Errorf("after %v: %s", r.Connect, r.Reason)
			}
		}
		t.Log(n.links[0].Report().Reason)
	})
}
