package netcode

// EventKind says what happened.
type EventKind uint8

const (
	Synced EventKind = iota + 1 // the handshake with Peer is done
	Quiet                       // Peer has not been heard for a while; frames may wait
	Back                        // Peer is heard again
	Left                        // Peer said goodbye or was given up; Frame is its last
)

// Event is something worth telling the player.
type Event struct {
	Kind  EventKind
	Peer  Peer
	Frame Frame
}
