package netcode

import "iter"

// EventKind says what happened.
type EventKind uint8

const (
	Synced EventKind = iota + 1 // the handshake with Peer is done
	Quiet                       // Peer has not been heard for a while; frames may wait
	Back                        // Peer is heard again
	Left                        // Peer has left, or with Timeout was given up; Frame is its last
	Split                       // too few of the others can be heard; nothing after Frame will be confirmed here
)

func (k EventKind) String() string {
	names := [...]string{"unknown event", "synced", "quiet", "back", "left", "split"}
	return names[int(k)%len(names)]
}

// Event is something worth telling the player.
type Event struct {
	Kind    EventKind
	Peer    Peer
	Frame   Frame
	Timeout bool // of Left: Peer was silent for too long
}

// Events are those since the last call. It does not allocate: it is small
// enough for the compiler to put it, and the body of the loop, in place.
func (s *Session) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for s.eventCount > 0 && yield(s.nextEvent()) {
		}
	}
}

func (s *Session) nextEvent() Event {
	e := s.events[s.eventFirst]
	s.eventFirst = (s.eventFirst + 1) % len(s.events)
	s.eventCount--
	return e
}

// event queues e. If nobody reads, Quiet and Back are lost first: the last
// quarter of the queue is kept for what happens once.
func (s *Session) event(e Event) {
	room := len(s.events) - s.eventCount
	if room == 0 || room <= len(s.events)/4 && (e.Kind == Quiet || e.Kind == Back) {
		return
	}
	s.events[(s.eventFirst+s.eventCount)%len(s.events)] = e
	s.eventCount++
}
