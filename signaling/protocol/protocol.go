// Package protocol defines the messages that the signaling server and its clients exchange,
// and their limits. It is pure: no I/O, clock, goroutine or lock. It is the same native and
// in the browser.
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
	Hello  Kind = "hello"  // the first message: Build, Name, Who; after a lost connection also Resume, Open, Self, Round, Ack
	State  Kind = "state"  // Round, Ready, Linked, Data: the member's whole state, whenever it changes
	Signal Kind = "signal" // To, Payload: forwarded untouched (the server says it on with From)
	Ping   Kind = "ping"   // answered with Pong
	Leave  Kind = "leave"  // gone on purpose: no grace

	SetRoom Kind = "room" // Room: what the leader makes of the room, all of it, whenever it changes
	Kick    Kind = "kick" // To: the leader removes a member from the room
	List    Kind = "list" // instead of a Hello: Build, Query; answered with Rooms
)

// What the server says (Signal too).
const (
	Welcome Kind = "welcome" // Self, Token, Code, Min, Max, Round, Members, Servers, Match, Room: all that a member needs to know; after a resume without Members, Match and Room if what was missed can be said again
	Update  Kind = "update"  // Members[0] came, or its state changed; Round as in Welcome; Room: that changed; or Servers alone, with fresh credentials
	Left    Kind = "left"    // From is gone
	Start   Kind = "start"   // Match: the seats are filled and every pair of them is linked; told to those who have no seat in it, too
	Pong    Kind = "pong"
	Error   Kind = "error" // Code, Text: why the server ends this connection; or only what it will not do, see Message.Ends
	Rooms   Kind = "rooms" // Rooms: the answer to a List, and the end of the connection
)

// What the Code of an Error can be.
const (
	CodeVersion = "version" // the client speaks another version of this protocol
	CodeOrigin  = "origin"  // the page's origin is not one that the server serves
	CodePlace   = "place"   // the path or query names no room
	CodeBuild   = "build"   // the room plays another build of the game
	CodeRoom    = "room"    // no room of that code is to be had: there is none, or it is full, plays, is locked or of another build; one answer for all, since codes can be guessed: see Spoken
	CodeFull    = "full"    // the room is full
	CodePlaying = "playing" // the room is in a match
	CodeAdmit   = "admit"   // whoever runs the server does not let this client in
	CodeBusy    = "busy"    // the server has as many rooms or connections as it may
	CodeBad     = "bad"     // a message that can't be understood, is too long or comes at the wrong time
	CodeRate    = "rate"    // too many messages
	CodeClosing = "closing" // the server stops, or has just started and may not know the room yet
	CodeLocked  = "locked"  // the leader has locked the room
	CodeKicked  = "kicked"  // the leader has put this member out

	// These two end nothing:
	CodeUnknown = "unknown" // a kind of message that the server does not know
	CodeLeader  = "leader"  // only the leader may do that
)

// Codes are all of them.
var Codes = []string{CodeVersion, CodeOrigin, CodePlace, CodeBuild, CodeRoom, CodeFull, CodePlaying, CodeAdmit, CodeBusy, CodeBad, CodeRate, CodeClosing, CodeLocked, CodeKicked, CodeUnknown, CodeLeader}

// Message is any message; unused fields are absent on the wire.
type Message struct {
	Kind    Kind     `json:"kind"`
	Seq     uint64   `json:"seq,omitempty"`     // see Stream
	Ack     uint64   `json:"ack,omitempty"`     // the last Seq heard from the other end
	Resumed bool     `json:"resumed,omitempty"` // Welcome: nothing but what was missed follows, and Members are those that were told
	Build   string   `json:"build,omitempty"`
	Name    string   `json:"name,omitempty"`
	Resume  string   `json:"resume,omitempty"` // the Token of an earlier Welcome
	Who     string   `json:"who,omitempty"`    // Hello: the identity of the player's profile, by which it gets its own place back from a new process; told to nobody
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
	Relayed []ID     `json:"relayed,omitempty"` // and to go by a relay; for whoever runs the server
	Failed  int      `json:"failed,omitempty"`  // State: tries to link that failed so far; the same
	Data    []byte   `json:"data,omitempty"`
	Members []Member `json:"members,omitempty"`
	Servers []Server `json:"servers,omitempty"`
	Match   *Match   `json:"match,omitempty"` // Start; Welcome: the match that this member was in when its connection was lost, or, to whoever came late, that the others play

	Room  *Room          `json:"room,omitempty"`  // Welcome, Update: what the room is; SetRoom: what the leader wants it to be; Hello: what it is if this Hello makes it
	Near  map[string]int `json:"near,omitempty"`  // Hello: milliseconds to a few places that the game names, for a room that is not far
	Query *Query         `json:"query,omitempty"` // List
	Rooms []Listed       `json:"rooms,omitempty"` // Rooms
}

// Ends reports whether this is an Error that is the end of the connection.
func (m *Message) Ends() bool {
	return m.Kind == Error && m.Code != CodeUnknown && m.Code != CodeLeader
}

// Room is what the leader has made of a room.
type Room struct {
	Leader ID                `json:"leader,omitempty"` // the lowest number whose connection is there; said by the server
	Locked bool              `json:"locked,omitempty"` // nobody new comes in
	Public bool              `json:"public,omitempty"` // it is in the list
	Late   bool              `json:"late,omitempty"`   // newcomers come in while a match is played, too
	Data   []byte            `json:"data,omitempty"`   // for the members: what to play; the Setup of the next Match
	Meta   map[string]string `json:"meta,omitempty"`   // for the list
}

// Query asks for rooms of the list.
type Query struct {
	Where []Term `json:"where,omitempty"` // all must hold
	Sort  string `json:"sort,omitempty"`  // "age" (the oldest first), "members" (the fewest first) or a number's key; a minus before it turns it round; default: age
	Limit int    `json:"limit,omitempty"` // default and most: MaxList
}

// Term is a condition on one key of a room's Meta; with no more than a Key: it is there.
type Term struct {
	Key string `json:"key"`
	Is  string `json:"is,omitempty"`  // it has this value
	Min *int64 `json:"min,omitempty"` // it is a number, at least so large
	Max *int64 `json:"max,omitempty"` // and at most so large
}

// Listed is a room in the list.
type Listed struct {
	Code    string            `json:"code"`
	Members int               `json:"members"`
	Min     int               `json:"min"`
	Max     int               `json:"max"`
	Playing bool              `json:"playing,omitempty"` // a match is played; it lets newcomers in all the same
	Meta    map[string]string `json:"meta,omitempty"`
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
	Setup []byte `json:"setup,omitempty"` // the Data of the Room, or if it has none of Seats[0]; frozen
}
