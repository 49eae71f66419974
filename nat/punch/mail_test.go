package punch

import (
	"testing"
	"time"
)

// Messages come in order and once, and stay until they are acknowledged.
func TestMail(t *testing.T) {
	var a, b mail
	first, second := a.keep([]byte("one")), a.keep([]byte("two"))
	take := func(frame []byte) {
		n, message, ok := frameNumber(frame)
		if !ok {
			t.Fatalf("%q has no number", frame)
		}
		b.take(n, message)
	}
	take(second) // It is too early, and said again.
	take(first)
	take(first)
	take(second)
	var read string
	for m, ok := b.next(); ok; m, ok = b.next() {
		read += string(m) + ";"
	}
	if read != "one;two;" || b.unread != 0 {
		t.Errorf("%q came, %d bytes are unread", read, b.unread)
	}
	n, _, _ := frameNumber(b.ack(frameAck))
	if a.acked(n); len(a.kept) != 0 || a.bytes != 0 {
		t.Errorf("%d messages of %d bytes are kept", len(a.kept), a.bytes)
	}
	if a.news(n) || a.news(n+1) {
		t.Error("what is known, or was never sent, is news")
	}
}

// Mail is stalled as long as something waits and nothing is acknowledged.
func TestMailStalls(t *testing.T) {
	var m mail
	at := func(s int) time.Duration { return m.stalled(start0.Add(time.Duration(s) * time.Second)) }
	if at(0) != 0 || at(50) != 0 {
		t.Error("nothing waits")
	}
	m.keep([]byte("one"))
	m.keep([]byte("two"))
	if d := at(53); d != 3*time.Second {
		t.Errorf("stalled for %v, want 3 s", d)
	}
	m.acked(1)
	if at(54) != 0 || at(56) != 2*time.Second {
		t.Error("an acknowledgement is no progress")
	}
	if m.acked(2); at(60) != 0 {
		t.Error("all is acknowledged")
	}
}
