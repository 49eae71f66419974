package punch

import (
	"errors"
	"testing"
	"time"
)

// A page that was frozen for ten seconds hears them all at once, which is no
// flood; one that was awake hears the same as one, and so does who slept, later.
func TestWhatCameInASleepIsNoFlood(t *testing.T) {
	flooded := func(slept time.Duration, bursts int) error {
		l, ev := bareLink(Limits{Packets: 240, Bytes: 1 << 20})
		l.in.turned = time.Now().Add(-slept)
		for range bursts * 10 * 240 {
			ev.packet(100, func([]byte) {})
		}
		return l.Err()
	}
	if err := flooded(10*time.Second, 1); err != nil {
		t.Error("ten seconds' worth after ten seconds:", err)
	}
	if err := flooded(0, 1); !errors.Is(err, ErrHostile) {
		t.Error("ten seconds' worth at once:", err)
	}
	if err := flooded(10*time.Second, 2); !errors.Is(err, ErrHostile) {
		t.Error("twenty seconds' worth after ten seconds:", err)
	}
}
