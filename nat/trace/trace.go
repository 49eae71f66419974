// Package trace is the black box of connecting. A Log records what happens to a
// room and its links and turns it into a small file that a player can send to a
// developer. `natcheck trace FILE` explains it in words.
//
// A Log is bounded, whatever happens, and holds nothing secret: no credential, key,
// player's name or line of chat. Addresses in a file are masked unless they are
// asked for. The package connects nobody and knows neither rooms nor ICE; it only
// keeps what it is given. In the browser it is the same.
package trace

import "time"

// Kind of an Event.
type Kind string

// What happens to a room. Peer is zero, or whom it is about.
const (
	Join      Kind = "join"      // a room was asked for: Text is the server's host, List what was wished
	Down      Kind = "down"      // the server is not connected: Text says why
	Welcome   Kind = "welcome"   // the server let this machine in: N is its number
	Servers   Kind = "servers"   // it names these STUN and TURN servers: List
	Came      Kind = "came"      // Peer is in the room
	Left      Kind = "left"      // Peer is not any more
	Away      Kind = "away"      // Peer has lost the server
	Back      Kind = "back"      // and found it again
	Sealed    Kind = "sealed"    // signals of Peer are not understood: it has another secret, or none
	Match     Kind = "match"     // a match of N machines begins
	Ended     Kind = "ended"     // its session ended: Text says why
	End       Kind = "end"       // and this machine is out of it
	Unreached Kind = "unreached" // Peer could not be linked in N tries; more follow
	Over      Kind = "over"      // the room is over: Word is the code of the error, Text what it says
)

// What happens to a link to Peer, in its try number Try.
const (
	Link     Kind = "link"    // it is begun: Word is offers or answers
	Attempt  Kind = "attempt" // another connection is tried, the Nth: Word is first, again, direct or guessed
	Said     Kind = "said"    // this end's description goes out: Word is offer or answer
	Heard    Kind = "heard"   // the other end's has come: Word is offer or answer
	Found    Kind = "found"   // a candidate: Here is one of ours, There one of theirs
	Name     Kind = "name"    // an address behind a name in .local was asked for: Word is known or unknown
	Port     Kind = "port"    // the router was asked to open a port: Word is open or refused, Text says more
	ICE      Kind = "ice"     // the state of the checks: Word
	DTLS     Kind = "dtls"    // the handshake: Word is done or failed
	Denied   Kind = "denied"  // a relay does not let us in: N is its error code
	Open     Kind = "open"    // the channels are open for the first time: Phases, Signals
	Moved    Kind = "moved"   // the link has gone over to another path
	Path     Kind = "path"    // Word is direct or relay: Here and There are the pair, N is the round trip in ms, Text why it is not direct
	Network  Kind = "network" // this machine has other addresses than before
	Silent   Kind = "silent"  // nothing has come for N ms: another path is looked for
	Audible  Kind = "audible" // something comes again on the path that there was
	Birthday Kind = "luck"    // a round of guessing ports: Word is begun or met
	Closed   Kind = "closed"  // Word is the cause, empty if this end closed it; Text says more; Signals
)

// Kinds are all of them.
var Kinds = []Kind{Join, Down, Welcome, Servers, Came, Left, Away, Back, Sealed, Match, Ended, End, Unreached, Over,
	Link, Attempt, Said, Heard, Found, Name, Port, ICE, DTLS, Denied, Open, Moved, Path, Network, Silent, Audible, Birthday, Closed}

// Event is one thing that happened. What its fields mean depends on its Kind.
type Event struct {
	At      int64      `json:"ms"` // since the Log was made; set by Add
	Kind    Kind       `json:"what"`
	Peer    int        `json:"p,omitempty"`
	Try     int        `json:"try,omitempty"`
	Word    string     `json:"is,omitempty"` // one of a few
	N       int        `json:"n,omitempty"`
	Text    string     `json:"text,omitempty"` // at most MaxText bytes; the rest is cut
	List    []string   `json:"list,omitempty"`
	Here    *Candidate `json:"here,omitempty"`
	There   *Candidate `json:"there,omitempty"`
	Phases  *Phases    `json:"phases,omitempty"`
	Signals *Signals   `json:"signals,omitempty"`
	Missing int        `json:"missing,omitempty"` // events about the same Peer that were left out just before this one
}

// Candidate is an address at which an end may be reached.
type Candidate struct {
	Type  string `json:"type"` // host, srflx, prflx or relay
	Proto string `json:"by"`   // udp or tcp
	Host  string `json:"at"`   // an address or a name; in a file it is masked, unless that was not wanted
	Port  int    `json:"port"`
	Base  int    `json:"base,omitempty"` // of an address that a NAT gave: the port behind it; zero: hidden
}

// Phases of a connect, in ms.
type Phases struct {
	Signal int `json:"signal"`
	Gather int `json:"gather"`
	Check  int `json:"check"`
	DTLS   int `json:"dtls"`
	Open   int `json:"open"`
}

// Signals of a link, counted.
type Signals struct {
	Said    int `json:"said"`            // by this end
	Again   int `json:"again,omitempty"` // of these: descriptions that had been said before
	Heard   int `json:"heard"`           // of the other end
	Useless int `json:"useless,omitempty"`
	Dropped int `json:"dropped,omitempty"` // of ours, since nobody carried them
}

// Header is the first line of a file.
type Header struct {
	Format   string    `json:"format"` // see Format
	Joined   time.Time `json:"joined"`
	Took     int64     `json:"ms"` // from then until the file was made
	Platform string    `json:"platform"`
	Masked   bool      `json:"masked"`
	Events   int       `json:"events"` // that happened; those that are not in the file were left out
}

// Format is the first word of every file, with its version. Another version is
// another format; new kinds of events and new fields are not.
const Format = "punchback trace 1"

// What a file holds at most.
const (
	MaxSize   = 64 << 10 // bytes of a file
	MaxText   = 160      // bytes of a Text
	maxWord   = 64
	maxList   = 24
	maxEvents = 512
)
