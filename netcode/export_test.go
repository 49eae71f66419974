package netcode

import "flag"

// Long is for those who wait: half an hour finds more than half a minute.
var Long = flag.Bool("long", false, "play 100,000 matches of the laws on all cores, and try larger worlds of the ballot")

// Toy and Planted let the tests outside of this package use what is inside.
type Toy = toy

var Planted = planted

// Disputing reports whether a desync was found and is being looked into.
func (s *Session) Disputing() bool { return s.dispute != nil && s.err == nil }

// Hold sets what local seat i gives for the next frame that it decides, also in
// the middle of a tick that steps twice, so that tests can script inputs by frame.
func Hold(s *Session, i int, script func(p Player, f Frame) Input) Input {
	seat := &s.local.list[i]
	in := script(seat.player, s.timeline.queues[seat.player].head+1)
	seat.held = in.Bits
	seat.orders.count = 0
	if len(in.Command) > 0 {
		seat.orders.push(in.Command)
	}
	return Input{Bits: in.Bits}
}

// Rewrite reports whether what is in testdata shall be made anew.
func Rewrite() bool { return *rewrite }

// Deafen makes a session ignore the hashes of others, as if they were all lost.
func (s *Session) Deafen(yes bool) {
	for i := range s.peers {
		s.peers[i].agreedAt = 32
		if yes {
			s.peers[i].agreedAt = never
		}
	}
}
