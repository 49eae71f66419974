package punch

import "testing"

// What is sent keeps to our own Limits, whether much of it is sent or long things.
func TestSentKeepsToTheLimits(t *testing.T) {
	limits := Limits{Packets: 10, Bytes: 1000, Message: 100, Messages: 5, MessageBytes: 300}.withDefaults()
	for _, c := range []struct {
		bytes, packets, messages int
		why                      string
	}{
		{1, 10, 5, "punch: messages are more than 5 a second"},
		{100, 10, 3, "punch: messages are more than 300 bytes a second"},
		{400, 2, 0, "punch: messages are more than 300 bytes a second"},
	} {
		s := newSent(limits)
		packets, messages := 0, 0
		for s.mayPacket(c.bytes, start0) {
			packets++
		}
		err := s.mayMessage(c.bytes, start0)
		for ; err == nil; err = s.mayMessage(c.bytes, start0) {
			messages++
		}
		if packets != c.packets || messages != c.messages || err.Error() != c.why {
			t.Errorf("of %d bytes each, %d packets and %d messages: %v", c.bytes, packets, messages, err)
		}
	}
}

// How many packets wait is told by how many of their bytes do.
func TestOutbox(t *testing.T) {
	var b outbox
	for _, n := range []int{10, 20, 30} {
		b.add(n)
	}
	for _, c := range []struct{ bytes, packets int }{{60, 3}, {51, 3}, {50, 2}, {30, 1}, {1, 1}, {0, 0}, {0, 0}} {
		if n := b.waiting(c.bytes); n != c.packets {
			t.Errorf("of %d bytes %d packets wait, want %d", c.bytes, n, c.packets)
		}
	}
}
