//go:build !js

package punch

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v5"
)

// narrow is a network whose way out is a line of so many bytes a second with a queue of
// half a second before it.
type narrow struct {
	transport.Net
	line *bottleneck
}

type bottleneck struct {
	mu   sync.Mutex
	rate int // 0: any
	sent int
	free time.Time // when what has been sent is through
}

// delay is when a packet of n bytes is through, or not: it is lost.
func (l *bottleneck) delay(n int, now time.Time) (d time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n += 28 // IPv4 and UDP
	if l.rate == 0 {
		l.sent += n
		return 0, true
	}
	d = max(l.free.Sub(now), 0)
	if d > time.Second/2 {
		return 0, false
	}
	l.sent += n
	d += time.Duration(n) * time.Second / time.Duration(l.rate)
	l.free = now.Add(d)
	return d, true
}

func (n narrow) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, local)
	return narrowConn{c, n.line}, err
}

type narrowConn struct {
	transport.UDPConn
	line *bottleneck
}

func (c narrowConn) WriteTo(b []byte, to net.Addr) (int, error) {
	d, ok := c.line.delay(len(b), time.Now())
	switch {
	case !ok:
	case d == 0:
		return c.UDPConn.WriteTo(b, to)
	default:
		b := append([]byte(nil), b...)
		time.AfterFunc(d, func() { _, _ = c.UDPConn.WriteTo(b, to) })
	}
	return len(b), nil
}

// A line of twice the need is as quick as before some seconds after a cut. (Twice, since
// SCTP itself says more while something is lost. Where packets may not be sent again it says
// so much more and more that no such line is ever quick.)
func TestNarrowLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		var lines [2]bottleneck
		virtual = func(offer bool) transport.Net {
			if offer {
				return narrow{n.home[0], &lines[0]}
			}
			return narrow{n.home[1], &lines[1]}
		}
		n.link(Options{ICEServers: servers()})
		n.talk()
		frame, newest := 0, [2]int{}
		packet := make([]byte, 100)
		play := func(ticks int) (worst int) {
			for range ticks {
				frame++
				binary.BigEndian.PutUint32(packet, uint32(frame))
				for i, l := range n.links {
					l.Send(packet)
					var got [MaxPacket]byte
					for size, ok := l.Recv(got[:]); ok; size, ok = l.Recv(got[:]) {
						if size == len(packet) {
							newest[i] = max(newest[i], int(binary.BigEndian.Uint32(got[:])))
						}
					}
					worst = max(worst, frame-newest[i])
				}
				time.Sleep(time.Second / 60)
			}
			return worst
		}
		play(60)
		before := lines[0].sent
		play(300)
		need := (lines[0].sent - before) / 5
		for i := range lines {
			lines[i].rate = 2 * need
		}
		const most = 12 // frames
		old := play(600)
		t.Logf("of %d bytes a second half are needed: the newest packet is %d frames old", 2*need, old)
		if old > most {
			t.Errorf("the newest packet is %d frames old, must be at most %d", old, most)
		}
		for _, cut := range []int{1, 3} {
			n.cut.Store(true)
			play(60 * cut)
			n.cut.Store(false)
			took := 0
			for took < 10 && play(60) > most {
				took++
			}
			if old = play(300); took > 5 || old > most {
				t.Errorf("after a cut of %d s it takes %d s; then the newest packet is %d frames old, must be at most %d", cut, took, old, most)
			}
			t.Logf("after a cut of %d s it takes %d s", cut, took)
		}
	})
}
