//go:build !js

package punch

import (
	"testing"
	"time"
)

// On a direct link that is well each end checks the other once a second, whatever other
// ways there are; on one that is not, as often as the agent likes.
func TestChecksOfAQuietLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers()})
		play := func(seconds int) (checks int64) {
			before := n.checks.Load()
			var got [MaxPacket]byte
			for range 5 * seconds {
				for _, l := range n.links {
					l.Send(make([]byte, 14))
					for _, ok := l.Recv(got[:]); ok; _, ok = l.Recv(got[:]) {
					}
				}
				time.Sleep(time.Second / 5)
			}
			return n.checks.Load() - before
		}
		play(5)
		const seconds = 60
		checks := play(seconds)
		t.Logf("%.1f packets of STUN a second from each end", float64(checks)/seconds/2)
		if checks > seconds*2*2+seconds || checks < seconds { // a check and an answer from each end, and now and then another way
			t.Errorf("%d packets of STUN in %d s", checks, seconds)
		}
		for i, l := range n.links {
			if r := l.Report(); r.Path != Direct || r.Loss != 0 || r.RTT < 4*away {
				t.Errorf("end %d: %+v", i, r)
			}
		}
		n.cut.Store(true)
		if checks = play(3); checks < 3*3 { // a check from each end in each second, and other ways, without an answer
			t.Errorf("%d packets of STUN in 3 s of silence", checks)
		}
	})
}

// What a quiet match costs on the wire, all protocols and both directions: 30 packets
// of 14 bytes a second from each end.
func TestWireOfAQuietLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers()})
		play := func(seconds int) int64 {
			before := n.wire.Load()
			var got [MaxPacket]byte
			for range 30 * seconds {
				for _, l := range n.links {
					l.Send(make([]byte, 14))
					for _, ok := l.Recv(got[:]); ok; _, ok = l.Recv(got[:]) {
					}
				}
				time.Sleep(time.Second / 30)
			}
			return n.wire.Load() - before
		}
		play(5)
		const seconds, most = 20, 2 * 6 * 1024 // from both ends
		if wire := play(seconds) / seconds; wire > most {
			t.Errorf("%d bytes a second on the wire, must be at most %d", wire, most)
		} else {
			t.Logf("%d bytes a second on the wire", wire)
		}
	})
}
