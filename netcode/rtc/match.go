package rtc

import (
	"context"
	"slices"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/signaling/protocol"
)

// Match is one match in a room: a netcode.Transport and the Config for its
// Session. Config, Peer and Close may be called from any goroutine; the rest
// from the one that plays.
type Match struct {
	room   *Room
	config netcode.Config
	others []netcode.Peer
	first  int  // of others, for the next Recv: each gets its turn
	closed bool // under the room's lock
	pace   pace
}

var (
	_ netcode.Transport    = (*Match)(nil)
	_ netcode.Disconnecter = (*Match)(nil)
	_ netcode.Ender        = (*Match)(nil)
)

func newMatch(r *Room, self protocol.ID, start *protocol.Match) *Match {
	m := &Match{room: r, pace: pace{rate: r.options.Rate}}
	c := &m.config
	c.Terms = netcode.Terms{Players: len(start.Seats), Seed: start.Seed, Setup: start.Setup, Build: r.options.Build, Rate: r.options.Rate}
	c.Timeout = max(1, int(r.options.Timeout*time.Duration(c.Rate)/time.Second))
	copy(c.Nonce[:], start.Nonce)
	c.Self = netcode.Peer(self)
	for _, id := range start.Seats {
		p := netcode.Peer(id)
		c.Seats = append(c.Seats, p)
		if p != c.Self && !slices.Contains(m.others, p) {
			m.others = append(m.others, p)
		}
	}
	return m
}

// Match is the match to play, until it is closed: nil, nil while people gather
// and link, and after a match is closed until the rematch, over the same
// links. An *Error says that the room is over.
func (r *Room) Match() (*Match, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.match != nil {
		return r.match, nil
	}
	return nil, r.over
}

// WaitMatch waits for Match.
func (r *Room) WaitMatch(ctx context.Context) (*Match, error) {
	for {
		r.mu.Lock()
		match, err, changed := r.match, r.over, r.changed
		r.mu.Unlock()
		if match != nil {
			return match, nil
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// Config is what netcode.NewSession wants; add Delay, Window, Saving and Recorders to it.
func (m *Match) Config() netcode.Config {
	c := m.config
	c.Seats = slices.Clone(c.Seats)
	return c
}

// Send is part of netcode.Transport. It never blocks: what can't go now is lost.
func (m *Match) Send(to netcode.Peer, packet []byte) {
	if l := m.link(to); l != nil {
		l.Send(packet)
	}
}

// Recv is part of netcode.Transport. It takes from each peer in turn, so that
// one that floods does not drown the others.
func (m *Match) Recv(dst []byte) (n int, from netcode.Peer, ok bool) {
	for range m.others {
		from = m.others[m.first]
		m.first = (m.first + 1) % len(m.others)
		if l := m.link(from); l != nil {
			if n, ok = l.Recv(dst); ok {
				return n, from, true
			}
		}
	}
	return 0, 0, false
}

// Disconnected is part of netcode.Disconnecter: a machine has gone for good when
// there is no link to it, and it has left the room or was banned. A link that
// was lost is made again, and what only the server has lost is not gone.
func (m *Match) Disconnected(p netcode.Peer) bool {
	if m.link(p) != nil {
		return false
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return !slices.ContainsFunc(m.room.members, func(other Member) bool { return other.Peer == p && other.Banned == "" })
}

// Ended is part of netcode.Ender: in the browser the page shows why the match is
// over, and demo/web prints it in its terminal.
func (m *Match) Ended(err error) {
	m.room.log.Add(trace.Event{Kind: trace.Ended, Text: err.Error()})
	reportEnd(err)
}

// link is the link to another machine of this match, while both live.
func (m *Match) link(p netcode.Peer) *punch.Link {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.closed || !slices.Contains(m.others, p) {
		return nil
	}
	for i := range r.links {
		if r.links[i].peer == p {
			return r.links[i].Link
		}
	}
	return nil
}

// Peer tells how the link to a player's machine goes. For a player on this
// machine there is nothing to tell.
func (m *Match) Peer(p netcode.Player) punch.Report {
	if int(p) >= len(m.config.Seats) || m.config.Seats[p] == m.config.Self {
		return punch.Report{}
	}
	if l := m.link(m.config.Seats[p]); l != nil {
		return l.Report()
	}
	report := punch.Report{State: punch.Closed, Reason: "not linked"}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	for _, member := range m.room.members {
		if member.Peer == m.config.Seats[p] && member.Banned != "" {
			report.Reason = member.Banned
		}
	}
	return report
}

// Due is how many ticks are due since the last call, for loops that have no
// clock of their own: the first time one, then Rate a second. After a long
// pause it is eight at the most; the rest will never come.
func (m *Match) Due() int { return m.pace.due(time.Now()) }

// Wait waits until a tick is due.
func (m *Match) Wait(ctx context.Context) error {
	wait := m.pace.wait(time.Now())
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Close ends the match for this machine: the room waits for the rematch. Let
// the session leave first (see netcode.Session.Leave), or the others wait for
// us in vain.
func (m *Match) Close() error {
	r := m.room
	r.mu.Lock()
	if !m.closed {
		m.closed = true
		r.match = nil
		r.status = Status{Phase: Gathering, Text: "waiting for the next match", Progress: 0.9} // until run has looked
		r.change()
	}
	r.mu.Unlock()
	r.poke()
	return nil
}

// change tells WaitMatch to look again; the lock is held.
func (r *Room) change() {
	close(r.changed)
	r.changed = make(chan struct{})
}
