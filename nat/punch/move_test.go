//go:build !js

package punch

import (
	"encoding/binary"
	"testing"
	"time"
)

// chatter sends numbered packets at 60 Hz and a numbered message ten times a
// second from both ends, and looks at what arrives.
type chatter struct {
	n        *internet
	ticks    int
	packets  [2]map[uint32]bool
	messages [2]uint32 // the last that came
	said     [2]uint32
	gap      [2]int // ticks since something came
	longest  int    // of them
	server   bool   // carries signals
}

func (c *chatter) run(ticks int, until func() bool) bool {
	c.n.t.Helper()
	var got [MaxPacket]byte
	for range ticks {
		if until != nil && until() {
			return true
		}
		c.ticks++
		if c.server {
			c.n.signal()
		}
		for i, l := range c.n.links {
			if l.State() != Open {
				c.n.t.Fatalf("end %d is %v: %v", i, l.State(), l.Err())
			}
			if c.packets[i] == nil {
				c.packets[i] = map[uint32]bool{}
			}
			l.Send(binary.LittleEndian.AppendUint32(nil, uint32(c.ticks)))
			if c.ticks%6 == 0 {
				if l.SendMessage(binary.LittleEndian.AppendUint32(nil, c.said[i]+1)) == nil { // or too many wait
					c.said[i]++
				}
			}
			c.gap[i]++
			for k, ok := l.Recv(got[:]); ok; k, ok = l.Recv(got[:]) {
				c.packets[i][binary.LittleEndian.Uint32(got[:k])] = true
				c.longest = max(c.longest, c.gap[i]-1)
				c.gap[i] = 0
			}
			for m, ok := l.RecvMessage(); ok; m, ok = l.RecvMessage() {
				if at := binary.LittleEndian.Uint32(m); at != c.messages[i]+1 {
					c.n.t.Fatalf("end %d: message %d came after %d", i, at, c.messages[i])
				}
				c.messages[i]++
			}
		}
		time.Sleep(time.Second / 60)
	}
	return false
}

// whole reports whether every message came, and every packet but so many.
func (c *chatter) whole(missing int) {
	c.n.t.Helper()
	for i := range c.n.links {
		if c.messages[i] < c.said[1-i]-3 {
			c.n.t.Errorf("end %d has %d of %d messages", i, c.messages[i], c.said[1-i])
		}
		if n := c.ticks - 30 - len(c.packets[i]); n > missing {
			c.n.t.Errorf("end %d lacks %d of %d packets", i, n, c.ticks)
		}
	}
}

func (c *chatter) path(p Path) func() bool {
	return func() bool {
		return c.n.links[0].Report().Path == p && c.n.links[1].Report().Path == p
	}
}

// A pair that has to begin with the relay is direct within five seconds of when
// it could be, without a lost packet, and though the server is gone by then.
func TestRelayBecomesDirect(t *testing.T) {
	for _, kinds := range [][2]string{{"port", "port"}, {"cone", "symm"}, {"symm", "open"}} {
		bubble(t, func(t *testing.T) {
			n := newInternet(t, kinds)
			defer n.close()
			n.wall.Store(true)
			n.link(Options{ICEServers: servers()})
			c := &chatter{n: n}
			if !c.run(120, c.path(Relay)) {
				t.Fatalf("%v: %s", kinds, n.links[0].Report().Reason)
			}
			c.run(30, nil)
			n.wall.Store(false)
			begin := c.ticks
			if !c.run(300, c.path(Direct)) {
				t.Fatalf("%v: still %s", kinds, n.links[0].Report().Reason)
			}
			took := c.ticks - begin
			c.run(240, nil)
			c.whole(0)
			t.Logf("%v: direct after %d ticks, the longest silence was %d ticks; %s", kinds, took, c.longest, n.links[0].Report().Reason)
			if c.longest > 4 {
				t.Errorf("%v: nothing came for %d ticks", kinds, c.longest)
			}
		})
	}
}

// A pair whose path is lost gets another one within three seconds, and the
// direct one again when it is back; no message is lost or doubled.
func TestPathIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers()})
		c := &chatter{n: n, server: true}
		c.run(180, nil)
		n.wall.Store(true)
		c.longest = 0
		if !c.run(600, c.path(Relay)) {
			t.Fatal(n.links[0].Report().Reason)
		}
		c.run(60, nil)
		t.Logf("relayed after %d ticks of silence", c.longest)
		if c.longest > 180 {
			t.Errorf("nothing came for %d ticks", c.longest)
		}
		silence := c.longest
		n.wall.Store(false)
		c.longest = 0
		if !c.run(1200, c.path(Direct)) {
			t.Fatal(n.links[0].Report().Reason)
		}
		c.run(240, nil)
		c.whole(silence + 5)
		if c.longest > 4 {
			t.Errorf("nothing came for %d ticks on the way back", c.longest)
		}
	})
}
