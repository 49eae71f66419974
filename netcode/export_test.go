package netcode

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
)

// Plant makes a session do one thing wrongly.
func Plant(s *Session, f Fault) { s.fault = f }

// Disputing tells whether a desync was found and is being looked into.
func (s *Session) Disputing() bool { return s.dispute != nil && s.err == nil }
