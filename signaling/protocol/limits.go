package protocol

import (
	"encoding/json"
	"fmt"
)

// The limits of a message, in bytes where nothing else is said. Who breaks
// one is told so and disconnected.
const (
	MaxMessage = 64 << 10 // a whole message as it is on the wire
	MaxPayload = 32 << 10 // Payload of a Signal
	MaxData    = 4 << 10  // Data of a State
	MaxName    = 64
	MaxBuild   = 128
	MaxToken   = 64
	MaxWho     = 64
	MaxPlayers = 8       // machines in a match
	MaxMembers = 16      // machines in a room, with those who hold no place in it
	MaxWhole   = 7       // of those, in one Welcome with their Data
	MaxRound   = 1 << 20 // matches in a room
	MaxAfter   = 60_000  // milliseconds, of an Error
	MaxMeta    = 8       // pairs in a room's Meta,
	MaxKey     = 16      // their keys,
	MaxValue   = 64      // and their values
	MaxNear    = 8       // places in a Hello
	MaxFar     = 10_000  // milliseconds to one of them
	MaxTerms   = 8       // conditions in a Query
	MaxList    = 100     // rooms in an answer
)

// Encode writes a message as the text of one WebSocket frame.
func Encode(m Message) []byte { return Append(nil, &m) }

// Append appends what Encode writes.
func Append(b []byte, m *Message) []byte {
	if m.short() {
		return appendShort(b, m)
	}
	text, err := json.Marshal(m.uncoded())
	if err != nil {
		panic("protocol: " + err.Error()) // No field of Message can fail to marshal.
	}
	return append(b, text...)
}

// Decode reads a message and checks its limits. It does not ask whether the
// message makes sense: that is for whoever receives it.
func Decode(b []byte) (m Message, err error) {
	err = m.Decode(b)
	return m, err
}

// Decode is the function Decode without a copy: m has been overwritten, and is
// empty after an error.
func (m *Message) Decode(b []byte) error {
	if m.decodeShort(b, false) {
		return nil
	}
	*m = Message{}
	err := m.decodeLong(b)
	if err != nil {
		*m = Message{}
	}
	return err
}

func (m *Message) decodeLong(b []byte) error {
	if len(b) > MaxMessage {
		return fmt.Errorf("protocol: message of %d bytes, the limit is %d", len(b), MaxMessage)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return fmt.Errorf("protocol: not a message: %w", err)
	}
	for _, f := range [...]struct {
		name     string
		n, limit int
	}{
		{"kind", len(m.Kind), 16},
		{"build", len(m.Build), MaxBuild},
		{"name", len(m.Name), MaxName},
		{"resume", len(m.Resume), MaxToken},
		{"who", len(m.Who), MaxWho},
		{"payload", len(m.Payload), MaxPayload},
		{"data", len(m.Data), MaxData},
		{"linked", len(m.Linked), MaxMembers},
		{"direct", len(m.Direct), MaxMembers},
		{"relayed", len(m.Relayed), MaxMembers},
		{"failed", m.Failed, MaxRound},
		{"round", m.Round, MaxRound},
		{"after", m.After, MaxAfter},
		{"rooms", len(m.Rooms), MaxList},
	} {
		if f.n > f.limit || f.n < 0 {
			return fmt.Errorf("protocol: %s is %d, the limit is %d", f.name, f.n, f.limit)
		}
	}
	if err := m.Room.Check(); err != nil {
		return err
	}
	if err := CheckNear(m.Near); err != nil {
		return err
	}
	return m.Query.Check()
}
