package netcode

import "testing"

// sender is a machine that gives a frame in each tick, and hears of it some ticks later.
type sender struct {
	again
	tick, ack Frame
	whole     int // packets that repeated everything
	tail      int // that repeated what comes after the last Command
	fresh     int // that repeated nothing
}

// play sends the frames of so many ticks. A frame in every so many has a Command of size
// bytes; a frame is acknowledged after trip ticks, or never if that is 0.
func (s *sender) play(ticks, trip, every, size int) {
	for range ticks {
		s.tick++
		if trip > 0 && s.tick > Frame(trip) {
			s.ack = max(s.ack, s.tick-Frame(trip))
			s.trip(trip, int64(s.tick))
		}
		cost, last := 0, s.ack
		for f := s.ack + 1; f <= s.newest; f++ {
			if size > 0 && int(f)%every == 0 {
				cost, last = cost+size, f
			}
		}
		if s.ack < s.newest {
			switch s.from(s.ack, last, cost, int64(s.tick)) {
			case s.ack:
				s.whole++
			case s.newest:
				s.fresh++
			default:
				s.tail++
			}
		}
		s.sent(s.tick, int64(s.tick))
	}
}

func (s *sender) reset() { s.whole, s.tail, s.fresh = 0, 0, 0 }

// Bits alone are repeated in each packet; a large Command as the budget allows, and what
// comes after it always.
func TestAgainOnAGoodLine(t *testing.T) {
	var s sender
	s.play(100, 7, 1, 0)
	s.reset()
	s.play(600, 7, 1, 0)
	if s.whole != 600 {
		t.Errorf("Bits alone: %d whole, %d tails, %d fresh", s.whole, s.tail, s.fresh)
	}
	s.reset()
	s.play(600, 7, 40, 200)
	if s.fresh > 30 || s.tail < 30 || s.whole < 400 {
		t.Errorf("a Command now and then: %d whole, %d tails, %d fresh", s.whole, s.tail, s.fresh)
	}
}

// Where the queue of a line grows nothing is repeated but what is overdue, with pauses.
func TestAgainOnANarrowLine(t *testing.T) {
	var s sender
	s.play(100, 7, 1, 0)
	s.play(30, 20, 8, 256)
	s.reset()
	s.play(200, 20, 8, 256)
	if s.whole > 200/20 || s.tail > 0 {
		t.Errorf("Commands: %d whole, %d tails, %d fresh", s.whole, s.tail, s.fresh)
	}
	s.reset()
	s.play(200, 20, 1, 0)
	if s.whole < 200/againFew-2 || s.whole > 200/againFew+2 {
		t.Errorf("Bits alone: %d whole, %d tails, %d fresh", s.whole, s.tail, s.fresh)
	}
}

// While nothing is heard pauses grow to a limit, and everything is tried again.
func TestAgainWhileNothingIsHeard(t *testing.T) {
	var s sender
	s.play(100, 7, 1, 0)
	s.play(20, 0, 4, 256)
	s.reset()
	s.play(200, 0, 4, 256)
	if s.whole < 200/(7+againLate+againPause) || s.whole > 200/(7+againLate)+1 {
		t.Errorf("%d whole in 200 ticks of silence", s.whole)
	}
	s.reset()
	if s.play(60, 7, 40, 200); s.whole < 20 {
		t.Errorf("after it %d whole, %d tails, %d fresh", s.whole, s.tail, s.fresh)
	}
}
