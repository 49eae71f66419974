package netcode

import "testing"

// If nobody reads, what happens once is kept and what comes and goes is lost first.
func TestEventsThatHappenOnceAreKept(t *testing.T) {
	var s Session
	for range 100 {
		s.events.add(Event{Kind: Quiet})
		s.events.add(Event{Kind: Back})
	}
	s.events.add(Event{Kind: Left, Peer: 3})
	n, last := 0, Event{}
	for e := range s.Events() {
		n++
		last = e
	}
	if last.Kind != Left || last.Peer != 3 || n > len(s.events.ring) {
		t.Errorf("%d events, the last is %+v", n, last)
	}
	for range s.Events() {
		t.Error("an event came twice")
	}
}
