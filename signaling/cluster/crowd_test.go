//go:build nats

package cluster

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// gamer is one client: it signals to its partner at its pace, and notes what it
// hears.
type gamer struct {
	*client.Conn
	wake    chan struct{}
	self    protocol.ID
	renamed int // how often its number changed: its links would be lost
	left    int // how often it was told that its partner has left
	doubled int // signals that came again, as they may from a room that was forgotten
	last    uint64
	signals atomic.Int64       // from its partner
	heard   atomic.Int64       // when it last heard its partner, in Unix ns
	took    chan time.Duration // how long signals to it were under way, as many as it can hold
	joined  atomic.Int64       // when it was last welcomed, in Unix ns
}

func play(t *testing.T, link string, pace time.Duration, wg *sync.WaitGroup, over context.Context) *gamer {
	t.Helper()
	g := &gamer{wake: make(chan struct{}, 1), took: make(chan time.Duration, 200)}
	c, err := client.Dial(link, client.Options{Build: "1", Notify: func() {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.Conn = c
	wg.Go(func() {
		defer c.Close()
		tick := time.NewTicker(pace)
		defer tick.Stop()
		var partner protocol.ID
		for n := uint64(0); ; {
			select {
			case <-over.Done():
				return
			case <-tick.C:
				if partner != 0 && c.Up() {
					n++
					b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, n), uint64(time.Now().UnixNano()))
					c.Send(protocol.Message{Kind: protocol.Signal, To: partner, Payload: append(b, make([]byte, 500)...)})
				}
			case <-g.wake:
			}
			for m, ok := c.Recv(); ok; m, ok = c.Recv() {
				switch m.Kind {
				case protocol.Welcome:
					if g.self != 0 && g.self != m.Self {
						g.renamed++
					}
					g.self = m.Self
					g.joined.Store(time.Now().UnixNano())
					for _, o := range m.Members {
						if o.ID != m.Self {
							partner = o.ID
						}
					}
				case protocol.Update:
					if len(m.Members) > 0 {
						partner = m.Members[0].ID
					}
				case protocol.Left:
					g.left++
				case protocol.Signal:
					k := binary.BigEndian.Uint64(m.Payload)
					if k <= g.last {
						g.doubled++
					}
					g.last = max(g.last, k)
					g.heard.Store(time.Now().UnixNano())
					g.signals.Add(1)
					select {
					case g.took <- time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(m.Payload[8:])))):
					default:
					}
				}
			}
		}
	})
	return g
}

// crowd is many of them, two in a room, in several games.
type crowd struct {
	t    *testing.T
	all  []*gamer
	over context.CancelFunc
	wg   sync.WaitGroup
}

// number is how many clients take part: fewer on a machine that has other things to do.
func number() int {
	if n, err := strconv.Atoi(os.Getenv("PUNCHBACK_CLIENTS")); err == nil {
		return n
	}
	return 200
}

func (s *service) crowd(n int, pace time.Duration) *crowd {
	s.t.Helper()
	c := &crowd{t: s.t}
	var over context.Context
	over, c.over = context.WithCancel(context.Background())
	s.t.Cleanup(func() { c.over(); c.wg.Wait() })
	for i := range n {
		c.all = append(c.all, play(s.t, fmt.Sprintf("ws://%s/game%d/R%d", s.front.Addr(), i/2%12, i/2), pace, &c.wg, over))
	}
	c.talk(time.Now())
	return c
}

// talk waits until everybody has heard their partner since then, and tells
// when the last of them first did.
func (c *crowd) talk(since time.Time) time.Duration {
	c.t.Helper()
	first := make([]time.Duration, len(c.all))
	await(c.t, "everybody to be heard", func() bool {
		for i, g := range c.all {
			if err := g.Err(); err != nil {
				c.t.Fatalf("client %d: %v", i, err)
			}
			if h := g.heard.Load() - since.UnixNano(); first[i] == 0 && h > 0 {
				first[i] = time.Duration(h)
			}
		}
		return !slices.Contains(first, 0)
	})
	return slices.Max(first)
}

// back tells how many were welcomed since then, and when the last was.
func (c *crowd) back(since time.Time) (n int, last time.Duration) {
	for _, g := range c.all {
		if d := time.Duration(g.joined.Load() - since.UnixNano()); d > 0 {
			n, last = n+1, max(last, d)
		}
	}
	return n, last.Round(time.Millisecond)
}

// end ends them and looks at what each has noted.
func (c *crowd) end() {
	c.t.Helper()
	c.over()
	c.wg.Wait()
	renamed, left, doubled := 0, 0, 0
	for _, g := range c.all {
		renamed, left, doubled = renamed+g.renamed, left+g.left, doubled+g.doubled
	}
	if renamed > 0 || left > len(c.all)/2 { // Of each two the first who ends is told of to the other.
		c.t.Errorf("%d clients were given another number, %d were told that their partner has left", renamed, left)
	}
	c.t.Logf("%d signals came twice", doubled)
}
