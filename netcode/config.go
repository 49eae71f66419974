package netcode

import "fmt"

// Terms is what everybody agreed before the first frame. It is checked in the
// handshake, written in a replay and told to a spectator.
type Terms struct {
	Players int      // seats, 1 to MaxPlayers
	Nonce   [16]byte // names this match; packets of another one are not ours
	Seed    uint64   // for the game's random numbers
	Setup   []byte   // level, rules, characters: frozen by the room at the start
	Build   string   // the game's own name and version; never a hash of the binary (native and WASM differ)
	Rate    int      // ticks a second; zero means 60
	Timeout int      // ticks of silence before a machine is suspected, and to wait for the others to appear; zero means 60, package rtc says 5 s
}

// Config is the Terms and what is this machine's own business. Where zero is a
// meaningful value, zero asks for the default and a named constant for the
// meaning.
type Config struct {
	Terms
	Seats     []Peer     // Seats[p] is the machine on which player p sits, or Nobody; len(Seats) == Players
	Self      Peer       // this machine
	Delay     int        // frames between an input and its effect, for each local seat; zero means 2, NoDelay none, Auto as the path asks
	Saving    Saving     // which states are held; the same on all machines
	EveryTick bool       // send a packet in every tick; otherwise in every second one while no input changes
	Window    int        // frames stepped on predictions at the most; zero means 8, Lockstep none
	Recorders []Recorder // hear every confirmed frame once, in order
}

// Special values.
const (
	NoDelay  = -1 // for Config.Delay
	Auto     = -2 // for Config.Delay and SetDelay: the measured trip to the farthest machine, 1 to 6 frames; more where Window is less than the rest
	Lockstep = -1 // for Config.Window

	Nobody Peer = 0xffff // for Config.Seats: an open seat, Absent in every frame
)

// Saving is which states a session holds, to go back to and to compare.
type Saving uint8

// Sparse saving holds few states and hashes few: it pays where a state is large, and
// costs steps in a rollback, since it begins up to 8 frames earlier. A game that is
// saved so differs at multiples of 32 frames or not at all: a difference that heals
// between two of them is not seen. The search for a difference, replays and Hash work
// with both, as far as their documentation says.
const (
	SaveBySize Saving = iota // SaveSparse where the first state has SparseSize bytes or more, else SaveAll
	SaveAll                  // the state of every frame; each that is confirmed is hashed
	SaveSparse               // at most 6 states in most matches; those of multiples of 32 frames are hashed
)

// SparseSize is from how many bytes of the first state on SaveBySize is sparse.
const SparseSize = 1 << 15

// Limits. NewSession and Advance name the one that is broken.
const (
	MaxPlayers = 8
	MaxCommand = 256     // bytes of one Command
	MaxSpend   = 8 << 10 // bytes of Commands a second of one seat, after a burst of as much as is queued; more waits in the queue
	MaxQueued  = 16      // Commands of one local seat that wait for their frame
	MaxDelay   = 30      // frames
	MaxWindow  = 30      // frames
	MaxBuild   = 128     // bytes of Terms.Build
	MaxSetup   = 1 << 16 // bytes of Terms.Setup
	MaxPacket  = 1200    // bytes of one packet
	MaxTimeout = 1 << 16 // ticks
	MaxRate    = 1000    // ticks a second
)

// check replaces zeros by defaults and returns the first limit that is broken.
func (c *Config) check() error {
	if c.Rate == 0 {
		c.Rate = 60
	}
	if c.Timeout == 0 {
		c.Timeout = 60
	}
	if c.Delay == 0 {
		c.Delay = 2
	} else if c.Delay == NoDelay {
		c.Delay = 0
	}
	delay := c.Delay
	if delay == Auto {
		delay = 0
	}
	if c.Window == 0 {
		c.Window = 8
	} else if c.Window == Lockstep {
		c.Window = 0
	}
	for _, l := range [...]struct {
		name            string
		value, min, max int
		constant        string
	}{
		{"Players", c.Players, 1, MaxPlayers, "MaxPlayers"},
		{"length of Seats", len(c.Seats), c.Players, c.Players, "Players"},
		{"Rate", c.Rate, 1, MaxRate, "MaxRate"},
		{"Timeout", c.Timeout, 1, MaxTimeout, "MaxTimeout"},
		{"Delay", delay, 0, MaxDelay, "MaxDelay"},
		{"Saving", int(c.Saving), 0, int(SaveSparse), "SaveSparse"},
		{"Window", c.Window, 0, MaxWindow, "MaxWindow"},
		{"length of Build", len(c.Build), 0, MaxBuild, "MaxBuild"},
		{"length of Setup", len(c.Setup), 0, MaxSetup, "MaxSetup"},
	} {
		if l.value < l.min || l.value > l.max {
			return fmt.Errorf("netcode: %s is %d, must be %d to %d (%s)", l.name, l.value, l.min, l.max, l.constant)
		}
	}
	for i, r := range c.Recorders {
		if r == nil {
			return fmt.Errorf("netcode: Recorders[%d] is nil", i)
		}
	}
	for _, id := range c.Seats {
		if id == c.Self && id != Nobody {
			return nil
		}
	}
	return fmt.Errorf("netcode: Self is %d and has no seat in Seats %v", c.Self, c.Seats)
}
