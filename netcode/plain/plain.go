// Package plain makes a netcode.Game out of a plain Go struct.
package plain

import "github.com/punchback/punchback/netcode"

// New makes a Game of a state without pointers and its step.
func New[S any](state *S, step func(*S, []netcode.Input)) netcode.Game { panic("not built yet") }
