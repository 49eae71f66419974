package punch

import (
	"strings"
	"testing"
)

// Signals wait in order. Of those that are to be carried the newest stay, of those that
// were heard the oldest.
func TestSignalsWait(t *testing.T) {
	var b signals
	for i := range uint64(maxSaid + 10) {
		b.say(&signal{Attempt: i})
	}
	for i := range uint64(maxHeard + 10) {
		if err := b.hear(&signal{Attempt: i}); (err != nil) != (i >= maxHeard) {
			t.Fatalf("signal %d: %v", i, err)
		}
	}
	if s, ok := b.next(); !ok || !strings.Contains(string(s), `"attempt":10`) {
		t.Errorf("%s is to be carried first", s)
	}
	if heard := b.take(); len(heard) != maxHeard || heard[0].Attempt != 0 || len(b.take()) != 0 {
		t.Errorf("%d signals were heard", len(heard))
	}
	if c := b.count; c.Said != maxSaid+10 || c.Dropped != 10 || c.Heard != maxHeard || c.Useless != 10 {
		t.Errorf("counted %+v", c)
	}
	b.forget()
	if s, ok := b.next(); ok {
		t.Errorf("%s is to be carried", s)
	}
}

// A signal that came by the path is of the Link at its other end, or none.
func TestSignalsThatWereCarried(t *testing.T) {
	var b signals
	b.hearCarried([]byte("{"), 2)
	b.hearCarried((&signal{From: 3, Attempt: 1}).encode(), 2)
	b.hearCarried((&signal{From: 2, Attempt: 1}).encode(), 2)
	if len(b.heard) != 1 || b.heard[0].From != 2 || b.count.Useless != 2 {
		t.Errorf("heard %+v, counted %+v", b.heard, b.count)
	}
}
