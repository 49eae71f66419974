package netcode

// Stats is what a netgraph draws. Counts are since the first tick.
type Stats struct {
	Frame       Frame           // on screen
	Complete    Frame           // every seat's input is here up to here: beyond are predictions
	Confirmed   Frame           // nobody can change it any more
	Ticks       uint64          // calls of Advance
	Steps       uint64          // calls of Game.Step, repairs included
	Rollbacks   uint64          // repairs
	Depth       int             // frames repaired in the last Advance
	MaxDepth    int             // deepest repair
	Waited      uint64          // ticks that did not move the screen because the window was full
	Skipped     uint64          // ticks that did not move the screen to let others catch up
	Doubled     uint64          // ticks that moved the screen by two to catch up
	Forgot      uint64          // ticks whose Bits no frame has: they waited, or the delay became shorter
	Waiting     bool            // the last Advance waited
	Delay       [MaxPlayers]int // input delay of each local seat, in frames; 0 of the others
	Auto        int             // the delay in frames that the measured path asks for: what seats set to Auto have
	PacketsSent uint64
	BytesSent   uint64
	PacketsRecv uint64
	BytesRecv   uint64
	Dropped     uint64                // packets that were refused: broken, not ours, or impossible
	View        int                   // how often somebody has gone; the match begins in view 0
	Peers       [MaxPlayers]PeerStats // by machine, in order of their lowest seat; the first Others are filled
	Others      int
}

// PeerStats is the view of one other machine. Times are in thousandths of a
// tick: at 60 ticks a second, 1000 is 16.7 ms.
type PeerStats struct {
	Peer      Peer
	RTT       int   // smoothed round trip, engine to engine; it includes the wait for the other's next tick
	Ahead     int   // how far this machine's screen is ahead of theirs; negative is behind
	Quiet     int   // ticks since anything was heard
	Frame     Frame // on their screen, as told last
	Confirmed Frame // they have confirmed at least so much; told every few ticks
	Suspected bool  // by a ballot that this machine promised: their inputs are not taken until the next view
	Gone      bool  // not in the view: left or given up
}

// Stats is what a netgraph draws.
func (s *Session) Stats() Stats {
	t, st := &s.timeline, s.stats
	st.Frame, st.Complete, st.Confirmed = t.now, s.complete, s.ledger.confirmed
	st.Ticks, st.Waiting = uint64(s.tick), s.waiting
	st.Steps, st.Rollbacks, st.Depth, st.MaxDepth = t.steps, t.rollbacks, t.depth, t.maxDepth
	st.PacketsSent, st.BytesSent = s.port.sent.packets, s.port.sent.bytes
	st.PacketsRecv, st.BytesRecv = s.port.received.packets, s.port.received.bytes
	st.Dropped = s.port.dropped
	st.Others = len(s.peers)
	st.Auto = int(s.local.auto.delay)
	st.View = int(s.members.view)
	for i := range s.local.list {
		st.Delay[s.local.list[i].player] = int(s.local.list[i].delay)
	}
	for i := range s.peers {
		p := &s.peers[i]
		st.Peers[i] = PeerStats{
			Peer:      p.id,
			RTT:       p.clock.rtt,
			Ahead:     int(p.offset(s.tick, t.now) * 1000 >> 8),
			Quiet:     p.silence,
			Frame:     p.now,
			Confirmed: p.confirmed,
			Suspected: s.members.ballot.frozen.has(p.machine),
			Gone:      p.gone,
		}
	}
	return st
}
