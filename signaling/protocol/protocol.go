// Package protocol is the language of the signaling service: the messages
// that its server and its clients exchange, and their limits. It is pure: no
// I/O, clock, goroutine or lock, and it is the same native and in the browser.
package protocol

// Version is the WebSocket subprotocol that both ends ask for.
const Version = "punchback.v1"

// ID numbers a member of a room: 1 for the first who came, never used twice in
// a room. It is also the netcode.Peer of that machine.
type ID uint16

// Kind names a message.
type Kind string

// What a client says.
const (
	Hello  Kind = "hello"  // the first message: Build, Name; after a lost connection also Resume, Open, Self, Round, Ack
	State  Kind = "state"  // Round, Ready, Linked, Data: the member's whole state, whenever it changes
	Signal Kind = "signal" // To, Payload: forwarded untouched (the server says it on with From)
	Ping   Kind = "ping"   // answered with Pong
	Leave  Kind = "leave"  // gone on purpose: no grace
)

// What the server says (Signal too).
const (
	Welcome Kind = "welcome" // Self, Token, Code, Min, Max, Round, Members, Servers, Match: all that a member needs to know; after a resume without Members and Match if what was missed can be said again
	Update  Kind = "update"  // Members[0] came, or its state changed; Round as in Welcome; or Servers alone, with fresh credentials
	Left    Kind = "left"    // From is gone
	Start   Kind = "start"   // Match: the seats are filled and every pair is linked
	Pong    Kind = "pong"
	Error   Kind = "error" // Code, Text: why the server ends this connection
)

// What the Code of an Error can be.
const (
	CodeVersion = "version" // the client speaks another version of this protocol
	CodeOrigin  = "origin"  // the page's origin is not one that the server serves
	CodePlace   = "place"   // the path or query names no room
	CodeBuild   = "build"   // the room plays another build of the game
	CodeRoom    = "room"    // no room of that code is to be had: there is none, or it is full, plays or is locked; one answer for all, since codes can be guessed
	CodeFull    = "full"    // the room is full
	CodePlaying = "playing" // the room is in a match
	CodeAdmit   = "admit"   // whoever runs the server does not let this client in
	CodeBusy    = "busy"    // the server has as many rooms or connections as it may
	CodeBad     = "bad"     // a message that can't be understood, is too long or comes at the wrong time
	CodeRate    = "rate"    // too many messages
	CodeClosing = "closing" // the server stops
)

// Codes are all of them.
var Codes = []string{CodeVersion, CodeOrigin, CodePlace, CodeBuild, CodeRoom, CodeFull, CodePlaying, CodeAdmit, CodeBusy, CodeBad, CodeRate, CodeClosing}

// Message is any message; unused fields are absent on the wire.
type Message struct {
	Kind    Kind     `json:"kind"`
	Seq     uint64   `json:"seq,omitempty"`     // see Stream
	Ack     uint64   `json:"ack,omitempty"`     // the last Seq heard from the other end
	Resumed bool     `json:"resumed,omitempty"` // Welcome: nothing but what was missed follows, and Members are those that were told
	Build   string   `json:"build,omitempty"`
	Name    string   `json:"name,omitempty"`
	Resume  string   `json:"resume,omitempty"` // the Token of an earlier Welcome
	Open    int      `json:"open,omitempty"`   // Hello with Resume: it came to be put together with anybody, and so many are in its room, itself too
	To      ID       `json:"to,omitempty"`
	From    ID       `json:"from,omitempty"`
	Payload []byte   `json:"payload,omitempty"`
	coded   []byte   // Payload in base64 instead, see DecodeToPass
	Self    ID       `json:"self,omitempty"`
	Token   string   `json:"token,omitempty"`
	Code    string   `json:"code,omitempty"`  // Welcome: the room's; Error: what kind (see CodeVersion …)
	Text    string   `json:"text,omitempty"`  // Error: a sentence for a person
	After   int      `json:"after,omitempty"` // Error: milliseconds until it is of use to come back; some time more spreads a herd
	Min     int      `json:"min,omitempty"`
	Max     int      `json:"max,omitempty"`
	Round   int      `json:"round,omitempty"` // State: the match that a member plays or waits for, from 1; Welcome, Update, Hello: the room's next to start
	Ready   bool     `json:"ready,omitempty"`
	Linked  []ID     `json:"linked,omitempty"`  // those to whom this member has an open link
	Direct  []ID     `json:"direct,omitempty"`  // State: of those Linked, the ones whose path is known to be direct,
	Relayed []ID     `json:"relayed,omitempty"` // and to go by a relay; for who runs the server
	Failed  int      `json:"failed,omitempty"`  // State: tries to link that failed so far; the same
	Data    []byte   `json:"data,omitempty"`
	Members []Member `json:"members,omitempty"`
	Servers []Server `json:"servers,omitempty"`
	Match   *Match   `json:"match,omitempty"` // Start; Welcome: the match that this member was in when its connection was lost
}

// Member is one machine in a room.
type Member struct {
	ID    ID     `json:"id"`
	Name  string `json:"name,omitempty"`
	Round int    `json:"round,omitempty"`
	Ready bool   `json:"ready,omitempty"`
	Data  []byte `json:"data,omitempty"`
	Away  bool   `json:"away,omitempty"` // its connection to the server is lost; its links may live
}

// Server is a STUN or TURN server, as RTCIceServer has it.
type Server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Match is what everybody agrees on at a Start.
type Match struct {
	Round int    `json:"round"`
	Seats []ID   `json:"seats"`           // Seats[p] is the machine of player p
	Seed  uint64 `json:"seed,string"`     // for the game
	Nonce []byte `json:"nonce"`           // 16 bytes
	Setup []byte `json:"setup,omitempty"` // the Data of Seats[0], frozen
}
