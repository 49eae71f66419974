package netcode

// Terms is what everybody agreed before the first frame. It is checked in the
// handshake, written in a replay and told to a spectator.
type Terms struct {
	Players int      // seats, 1 to MaxPlayers
	Nonce   [16]byte // names this match; packets of another one are not ours
	Seed    uint64   // for the game's random numbers
	Setup   []byte   // level, rules, characters: frozen by the room at the start
	Build   string   // the game's own name and version; never a hash of the binary (native and WASM differ)
	Rate    int      // ticks a second; zero means 60
	Timeout int      // ticks of silence before a machine is suspected; zero means 300
}

// Config is the Terms and what is this machine's own business. Where zero is a
// meaningful value, zero asks for the default and a named constant for the
// meaning.
type Config struct {
	Terms
	Seats     []Peer     // Seats[p] is the machine on which player p sits; len(Seats) == Players
	Self      Peer       // this machine
	Delay     int        // frames between an input and its effect; zero means 2, NoDelay none
	Window    int        // frames stepped on predictions at the most; zero means 8, Lockstep none
	Recorders []Recorder // hear every confirmed frame once, in order
}

const (
	MaxPlayers = 8
	NoDelay    = -1 // for Config.Delay
	Lockstep   = -1 // for Config.Window
)
