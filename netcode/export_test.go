package netcode

import "flag"

// Long is for those who wait: half an hour finds more than half a minute.
var Long = flag.Bool("long", false, "play 100,000 matches of the laws on all cores, and try larger worlds of the ballot")

// Toy and Fault let the tests outside of this package use what is inside.
type (
	Toy   = toy
	Fault = fault
)

const (
	NoFault        = noFault
	ConfirmEarly   = confirmEarly
	BlindCompare   = blindCompare
	LostAck        = lostAck
	HashPredicted  = hashPredicted
	DoubleCommand  = doubleCommand
	SkipRepairSave = skipRepairSave
	ThawEarly      = thawEarly
	ForgetAccepted = forgetAccepted
	CutLow         = cutLow
	RepeatCommand  = repeatCommand
	TakeBack       = takeBack
	OtherView      = otherView
)

// Plant makes a session do one thing wrongly.
func Plant(s *Session, f Fault) { s.fault, s.ballot.fault = f, f }

// Disputing tells whether a desync was found and is being looked into.
func (s *Session) Disputing() bool { return s.dispute != nil && s.err == nil }

// Hold sets what local seat i gives for the next frame that it decides, also in
// the middle of a tick that steps twice, so that tests can script inputs by frame.
func Hold(s *Session, i int, script func(p Player, f Frame) Input) Input {
	p := s.local[i]
	in := script(p, s.queues[p].head+1)
	s.held[i] = in.Bits
	s.orders[i].count = 0
	if len(in.Command) > 0 {
		s.orders[i].push(in.Command)
	}
	return Input{Bits: in.Bits}
}

// Rewrite tells whether what is in testdata shall be made anew.
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
