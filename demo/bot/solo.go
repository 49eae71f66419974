package main

import (
	"fmt"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/netcode"
)

// solo plays the recorded inputs again, alone and without any rollback: every
// confirmed state must come out the same.
type solo struct {
	game  *game.Game
	state []byte
}

// Record is part of netcode.Recorder.
func (s *solo) Record(row *netcode.Row) error {
	s.game.Step(row.Inputs)
	s.state = s.game.Save(s.state[:0])
	if h := netcode.HashState(s.state); h != row.Hash {
		return fmt.Errorf("frame %d has hash %016x, and %016x when its inputs are played again", row.Frame, row.Hash, h)
	}
	return nil
}
