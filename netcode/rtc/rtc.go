// Package rtc is the porch of netcode: rooms, seats and links. Goroutines,
// clocks and locks live here; a game polls it and is never called back.
package rtc

import (
	"context"
	"errors"
	"iter"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
)

// Options of Join; nil and zero values are fine.
type Options struct {
	Build     string // the game's name and version: only equal ones meet
	Name      string // of the player
	Page      string // the page that a Link leads to; in the browser the current page's by default
	RelayOnly bool   // show no other player an address of ours
	Rate      int    // ticks a second; zero means 60
	Local     int    // seats on this machine; zero means 1 (more than one comes later)
}

// Phase of a room.
type Phase uint8

const (
	Joining   Phase = iota // reaching the server
	Gathering              // waiting for people
	Linking                // punching through to them
	Playing                // a Match is there
	Over                   // see Status.Err
)

// Status is what to show while there is no Match yet.
type Status struct {
	Phase    Phase
	Text     string  // a sentence for the player
	Progress float32 // 0 to 1
	Err      error   // why the room is over
}

// Member is a machine in the room.
type Member struct {
	Peer  netcode.Peer
	Name  string
	Ready bool
	Self  bool
	Link  punch.Report
}

type Room struct{}

// Join returns at once; the error is only for a bad url or option.
func Join(url string, o *Options) (*Room, error) { return nil, errors.New("rtc: not built yet") }

func (r *Room) Status() Status            { return Status{} }
func (r *Room) Code() string              { return "" }
func (r *Room) Link() string              { return "" }
func (r *Room) Members() iter.Seq[Member] { return nil }
func (r *Room) SetReady(bool)             {}
func (r *Room) SetData(data []byte) error { return nil }

// Match is nil, nil while people gather and link; after Close of a match it is the rematch, over the same links.
func (r *Room) Match() (*Match, error) { return nil, nil }

// WaitMatch waits for Match.
func (r *Room) WaitMatch(ctx context.Context) (*Match, error) { return nil, nil }
func (r *Room) Close() error                                  { return nil }

// Match is one match in a room: a netcode.Transport and the Config for its Session.
type Match struct{}

func (m *Match) Config() netcode.Config                    { return netcode.Config{} }
func (m *Match) Send(to netcode.Peer, packet []byte)       {}
func (m *Match) Recv(dst []byte) (int, netcode.Peer, bool) { return 0, 0, false }
func (m *Match) Peer(p netcode.Player) punch.Report        { return punch.Report{} }

// Due is how many ticks are due since the last call, for loops that have no clock of their own.
func (m *Match) Due() int { return 0 }

// Wait waits until a tick is due.
func (m *Match) Wait(ctx context.Context) error { return nil }
func (m *Match) Close() error                   { return nil }
