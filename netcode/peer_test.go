package netcode

import "testing"

// A packet begins after what the other machine has, or goes on where one ended that
// could not hold all.
func TestChannelStarts(t *testing.T) {
	for _, c := range []struct{ ack, sent, mine, want Frame }{{10, 0, 15, 10}, {10, 13, 15, 13}, {14, 13, 15, 14}, {10, 15, 15, 10}, {20, 0, 15, 15}} {
		ch := channel{ack: c.ack, sent: c.sent}
		if got := ch.start(c.mine); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// A packet that was overtaken tells nothing of the screen and the clock, and takes
// nothing back.
func TestChannelHears(t *testing.T) {
	var c channel
	c.hear(&play{seq: 5, now: 10, complete: 9, ack: 8}, 100)
	c.hear(&play{seq: 7, now: 12, complete: 11, ack: 10, flags: flagEcho, echo: 98}, 102)
	if c.now != 12 || c.complete != 11 || c.ack != 10 || !c.hasEcho || c.echo != 7 || c.clock.sent != 98 {
		t.Errorf("%+v", c)
	}
	before := c
	c.hear(&play{seq: 6, now: 11, complete: 10, ack: 12}, 103)
	if c.now != 12 || c.complete != 11 || c.echo != 7 || c.clock.tick != before.clock.tick {
		t.Errorf("%+v", c)
	}
	if c.ack != 12 {
		t.Error("but what it has, it has")
	}
}
