package netcode

// Stats is what a netgraph draws. Counts are since the first tick.
type Stats struct {
	Frame       Frame  // on screen
	Confirmed   Frame  // nobody can change it any more
	Ticks       uint64 // calls of Advance
	Steps       uint64 // calls of Game.Step, repairs included
	Rollbacks   uint64 // repairs
	Depth       int    // frames repaired in the last Advance
	MaxDepth    int    // deepest repair
	Waited      uint64 // ticks that did not move the screen because the window was full
	Skipped     uint64 // ticks that did not move the screen to let others catch up
	PacketsSent uint64
	BytesSent   uint64
	PacketsRecv uint64
	BytesRecv   uint64
	Dropped     uint64                // packets that were not understood, stale or not ours
	Peers       [MaxPlayers]PeerStats // by machine, in order of their lowest seat; the first Others are filled
	Others      int
}

// PeerStats is the view of one other machine. Times are in thousandths of a
// tick: at 60 ticks a second, 1000 is 16.7 ms.
type PeerStats struct {
	Peer      Peer
	RTT       int // smoothed round trip, engine to engine; it includes the wait for the other's next tick
	Ahead     int // how far this machine's clock is ahead of theirs; negative is behind
	Quiet     int // ticks since anything was heard
	Confirmed Frame
}
