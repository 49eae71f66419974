// Package game is Punchback, a knock-out brawl for two to four on a floating
// stage, as a pure netcode.Game: a State, and a step that depends on nothing
// but the State and the inputs. It never draws, never plays a sound and never
// speaks to the network; sounds and sparks leave it as cues. In the browser it
// is the same to the last bit.
package game

import (
	"iter"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/cues"
	"github.com/punchback/punchback/netcode/plain"
)

// Build is the game's own name and version: those who differ in it don't play
// together.
const Build = "punchback/1"

// Bits of netcode.Input: what a player holds.
const (
	Left uint64 = 1 << iota
	Right
	Up
	Down
	Jump
	Punch
	Dash
)

// Game is a match as a netcode.Game, with the cues it sets off.
type Game struct {
	netcode.Game // Step, Save and Load
	state        State
	ring         cues.Ring
}

// New is a match of 2 to 4 players before its first frame. The seed is that of
// netcode.Config, the same for everybody. A single player can walk around.
func New(seed uint64, players int) *Game {
	g := &Game{}
	g.state.reset(seed, players)
	g.Game = plain.New(&g.state, func(s *State, in []netcode.Input) { s.step(&g.ring, in) })
	return g
}

// State is the state as it is now: to draw, not to change.
func (g *Game) State() *State { return &g.state }

// Cues are the sounds and sparks: range over Heard(State().Frame) once for
// each picture.
func (g *Game) Cues() *cues.Ring { return &g.ring }

// Fields are those of the saved state, for telling a desync.
func (g *Game) Fields() iter.Seq[netcode.Field] { return g.Game.(netcode.Fielder).Fields() }
