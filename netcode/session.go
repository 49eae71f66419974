package netcode

import (
	"errors"
	"iter"
)

// Session is one machine's end of a match.
type Session struct{}

// NewSession starts a match.
func NewSession(g Game, t Transport, cfg Config) (*Session, error) {
	return nil, errors.New("netcode: not built yet")
}

// Advance is one tick: hear, repair, step (at most twice), speak. It takes one
// Input per local seat, in order of seats, and never blocks. Nil means played
// or waiting; an error means that the match is over. A waiting tick keeps
// Commands (queued, bounded) and forgets Bits.
func (s *Session) Advance(local ...Input) error { return nil }

// Frame is the frame on screen.
func (s *Session) Frame() Frame { return 0 }

// Confirmed is the last frame that nobody can change any more: show results
// and save scores only up to here.
func (s *Session) Confirmed() Frame { return 0 }

// Hash is the hash of the state at confirmed frame f, while it is still held.
func (s *Session) Hash(f Frame) (uint64, bool) { return 0, false }

// RolledBack tells whether the last Advance repaired the past, and from which frame on.
func (s *Session) RolledBack() (from Frame, ok bool) { return 0, false }

// Events are those since the last call. It does not allocate.
func (s *Session) Events() iter.Seq[Event] { return func(func(Event) bool) {} }

// Stats is what a netgraph draws.
func (s *Session) Stats() Stats { return Stats{} }

// Leave says goodbye in the next Advances; stop calling at Done.
func (s *Session) Leave() {}

// Done tells whether everybody has heard our Leave, or can't any more.
func (s *Session) Done() bool { return false }
