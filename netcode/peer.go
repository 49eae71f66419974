package netcode

// peer is what this machine knows of another one.
type peer struct {
	id      Peer
	machine int // as Seats counts them, see machines
	seats   []Player

	agreed  bool // its hello was heard, and its terms are ours
	heardUs bool // it has heard ours
	playing bool // it has sent a packet of the running match

	head     Frame // we hold all of its inputs up to here
	ack      Frame // it holds all of ours up to here
	sent     Frame // where a packet that could not hold all ended; 0 if it held all
	complete Frame // it holds everybody's up to here
	reported Frame // and has said so in the present view, to us or to somebody who told us
	now      Frame // on its screen, as told last
	last     Frame // its last frame, when it is leaving
	leaving  bool
	foreign  bool // it speaks of another match
	fin      bool // it has confirmed everything there will be

	confirmed Frame // it has confirmed at least so much
	pending   Frame // its hash of this frame waits until we have ours; 0 is none
	hash      uint64
	agreedAt  Frame // the last frame whose hashes were equal

	view  uint32            // it has told us that it is in this view
	gone  bool              // it is not in the present view
	voted bool              // it leaves, but has voted on the next view
	asked int64             // tick in which it asked for a status
	heads [MaxPlayers]Frame // up to where it holds each machine's inputs, as its last status told
	hears machines          // whom it hears, as it told somebody
	told  uint32            // its tick when it did
	age   int               // ticks since anybody heard it, as far as we know

	quiet   int  // ticks since it was heard
	lost    int  // ticks since the transport has no way to it any more
	hushed  bool // Quiet was told
	echo    byte // its newest tick byte heard in this tick
	hasEcho bool

	clock clock
}
