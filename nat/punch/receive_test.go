package punch

import (
	"errors"
	"testing"
)

// What is beyond the Limits is dropped and counted, what is far beyond them is hostile.
func TestPacketsBeyondTheLimits(t *testing.T) {
	r := newReceived(Limits{Packets: 10, Bytes: 1000}.withDefaults())
	take := func(n int) (places int, err error) {
		for range 100 {
			_, ok, err := r.packet(n, start0)
			if err != nil {
				return places, err
			} else if ok {
				places++
			}
		}
		return places, nil
	}
	if places, err := take(1); places != 10 || !errors.Is(err, ErrHostile) || r.dropped != 10 || !r.beyond.Equal(start0) {
		t.Errorf("%d packets came in and %d were dropped: %v", places, r.dropped, err)
	}
	r = newReceived(Limits{Packets: 100, Bytes: 1000}.withDefaults())
	if places, err := take(200); places != 5 || !errors.Is(err, ErrHostile) || r.dropped != 5 {
		t.Errorf("%d long packets came in and %d were dropped: %v", places, r.dropped, err)
	}
}

// No message is dropped: half a second's worth beyond the Limits is hostile.
func TestMessagesBeyondTheLimits(t *testing.T) {
	for _, c := range []struct {
		limits   Limits
		bytes, n int
	}{{Limits{Messages: 10}, 1, 15}, {Limits{Message: 100, MessageBytes: 1000}, 100, 15}} {
		r := newReceived(c.limits.withDefaults())
		n := 0
		for r.message(c.bytes, start0) == nil {
			n++
		}
		if n != c.n || r.beyond.IsZero() {
			t.Errorf("%+v: %d messages of %d bytes came in, want %d", c.limits, n, c.bytes, c.n)
		}
	}
}

// An empty packet has a place, too, with room for its number.
func TestAnEmptyPacket(t *testing.T) {
	r := newReceived(Limits{}.withDefaults())
	if place, ok, err := r.packet(0, start0); len(place) != numberSize || !ok || err != nil {
		t.Errorf("place %v, %t, error %v", place, ok, err)
	}
	if n, ok := r.inbox.pop(nil); n != 0 || !ok {
		t.Error("it has not come")
	}
}
