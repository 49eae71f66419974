package netcode

import "iter"

// EventKind says what happened.
type EventKind uint8

// Kinds of an Event.
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

// events are those that nobody has read yet.
type events struct {
	ring         [64]Event
	first, count int
}

// Events are those since the last call. It does not allocate: it is small
// enough for the compiler to put it, and the body of the loop, in place.
func (s *Session) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for s.events.count > 0 && yield(s.events.next()) {
		}
	}
}

func (q *events) next() Event {
	e := q.ring[q.first]
	q.first = (q.first + 1) % len(q.ring)
	q.count--
	return e
}

// add queues e. If nobody reads, Quiet and Back are lost first: the last quarter
// of the queue is kept for what happens once.
func (q *events) add(e Event) {
	room := len(q.ring) - q.count
	if room == 0 || room <= len(q.ring)/4 && (e.Kind == Quiet || e.Kind == Back) {
		return
	}
	q.ring[(q.first+q.count)%len(q.ring)] = e
	q.count++
}
