package netcode

// peer is another machine: a member of the match, at the end of a channel, whose
// hashes are compared with ours.
type peer struct {
	id    Peer
	seats []Player
	*member
	channel
	check
}

// channel is what this machine and another one have of each other's inputs, and how
// their clocks stand.
type channel struct {
	head     Frame // we hold all of its inputs up to here
	ack      Frame // it holds all of ours up to here
	sent     Frame // where a packet that could not hold all ended; 0 if it held all
	again    again
	complete Frame // it holds everybody's up to here
	reported Frame // and has said so in the present view, to us or to somebody who told us
	now      Frame // on its screen, as told last
	window   Frame // how far that may run beyond complete

	playing bool              // it has sent a packet of the running match
	asked   int64             // tick in which it asked for a status
	heads   [MaxPlayers]Frame // up to where it holds each machine's inputs, as its last status told

	clock   clock
	echo    byte // its newest tick byte heard in this tick
	hasEcho bool
}

// hear takes what a packet of the running match tells, which was read whole and
// found sane.
func (c *channel) hear(m *play, tick int64) {
	c.playing = true
	if m.now >= c.now && m.complete >= c.complete && c.clock.hear(m.seq, m.now > c.now || m.complete > c.complete, tick) {
		c.now = m.now
		c.echo, c.hasEcho = m.seq, true
		if m.flags&flagEcho != 0 {
			c.clock.echoed = true
			c.clock.sent = tick - int64(byte(tick)-m.echo)
		}
	}
	c.complete = max(c.complete, m.complete)
	c.ack = max(c.ack, m.ack)
}

// report notes that the machine has every input up to frame f, ours included.
func (c *channel) report(f Frame) {
	c.reported = max(c.reported, f)
	c.ack = max(c.ack, f)
}

// start is the frame after which the next packet has inputs to tell, of ours up to
// mine.
func (c *channel) start(mine Frame) Frame {
	if c.sent > c.ack && c.sent < mine {
		return c.sent
	}
	return min(c.ack, mine)
}

// offset is how far our screen is ahead of the other one, in 1/256 frames, if it
// shows frame now after this tick.
func (c *channel) offset(tick int64, now Frame) int64 {
	if c.clock.theta.n == 0 {
		return 0
	}
	ours := int64(now) - tick
	theirs := int64(c.now) - c.clock.tick
	return (ours-theirs)<<8 + c.clock.theta.at(tick)
}
