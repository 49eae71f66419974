//go:build nats

package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
)

// match is one of two in a real match, over a real link: it sends sixty packets
// a second, and notes the longest time without one from its partner.
type match struct {
	*rtc.Match
	opened  time.Duration // how long the link took
	packets int
	quiet   time.Duration
}

func (m *match) play(over context.Context) {
	self, other := m.Config().Self, netcode.Peer(0)
	for _, p := range m.Config().Seats {
		if p != self {
			other = p
		}
	}
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	last := time.Now()
	for b := make([]byte, 1500); over.Err() == nil; <-tick.C {
		m.Send(other, []byte("are you there"))
		for _, _, ok := m.Recv(b); ok; _, _, ok = m.Recv(b) {
			m.packets++
			last = time.Now()
		}
		m.quiet = max(m.quiet, time.Since(last))
	}
}

// matches starts real matches, of two each. What end returns is what they have seen.
func (s *service) matches(pairs int) (end func() []*match) {
	s.t.Helper()
	over, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var all []*match
	var rooms []*rtc.Room
	for i := range 2 * pairs {
		r, err := rtc.Join(fmt.Sprintf("ws://%s/real%d/M%d", s.front.Addr(), i/2, i/2), &rtc.Options{Build: "1"})
		if err != nil {
			s.t.Fatal(err)
		}
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		waiting, cancel := context.WithTimeout(context.Background(), time.Minute)
		m, err := r.WaitMatch(waiting)
		cancel()
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, &match{Match: m})
	}
	for _, m := range all {
		m.opened = m.link().Connect
		wg.Go(func() { m.play(over) })
	}
	end = sync.OnceValue(func() []*match {
		stop()
		wg.Wait()
		return all
	})
	s.t.Cleanup(func() {
		end()
		for _, r := range rooms {
			r.Close()
		}
	})
	return end
}

// link is what is known of the link to the partner.
func (m *match) link() punch.Report {
	for p, peer := range m.Config().Seats {
		if peer != m.Config().Self {
			return m.Peer(netcode.Player(p))
		}
	}
	panic("a match of one")
}
