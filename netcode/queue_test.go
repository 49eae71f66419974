package netcode

import "testing"

func TestQueueInOrder(t *testing.T) {
	q := newQueue()
	var in Input
	for f := Frame(1); f <= 3*inputRing; f++ { // three times around the ring
		command := []byte{byte(f), byte(f >> 8)}[:f%3]
		q.put(uint64(f), command, 0)
		if q.head != f {
			t.Fatalf("head is %d after %d inputs", q.head, f)
		}
		for back := range min(f, inputRing/2) {
			k := f - back
			q.use(k, &in)
			if in.Bits != uint64(k) || len(in.Command) != int(k%3) || len(in.Command) > 0 && in.Command[0] != byte(k) {
				t.Fatalf("at head %d, frame %d is %+v", f, k, in)
			}
		}
	}
}

// What was used is what a late input is compared with, frame by frame.
func TestQueueNamesWrongFrames(t *testing.T) {
	q := newQueue()
	var in Input
	q.put(5, nil, 0)
	for f := Frame(2); f <= 9; f++ {
		q.use(f, &in) // 5
	}
	q.predict(8, 6)
	for f, c := range []struct {
		bits    uint64
		command string
		wrong   bool
	}{2: {5, "", false}, 3: {99, "", true}, 4: {5, "", false}, 5: {5, "x", true}, 6: {0, "", true}, 7: {5, "", false}, 8: {6, "", false}, 9: {5, "", false}, 10: {77, "", false}} {
		if f < 2 {
			continue
		}
		if got := q.put(c.bits, []byte(c.command), 9); got != c.wrong {
			t.Errorf("frame %d: %+v was called wrong: %v", f, c, got)
		}
	}
}

// However the wrong inputs of several players come in, the lowest frame counts;
// inputs beyond a gap wait.
func TestLowestWrongFrameCounts(t *testing.T) {
	for order := range 2 {
		s, err := NewSession(&toy{}, newBus(3)[0], Config{Terms: Terms{Players: 4}, Seats: []Peer{0, 1, 2, 1}, Delay: NoDelay, Window: 30})
		if err != nil {
			t.Fatal(err)
		}
		s.started = true
		for i := range s.peers {
			s.peers[i].agreed = true
		}
		for range 20 {
			s.local.commit(&s.timeline, never)
			s.timeline.advance(0)
		}
		// Machine 1 changes its seats in frames 9 and 7, machine 2 in frame 8.
		make := func(n, from int) *queue {
			q := newQueue()
			for f := 1; f <= n; f++ {
				bits := uint64(0)
				if f >= from {
					bits = 4
				}
				q.put(bits, nil, 0)
			}
			return &q
		}
		one := func(from, to int) {
			m := play{now: 20, head: Frame(to), count: to - from + 1}
			b := m.appendHeader(nil, s.port.tag)
			b = appendSeat(b, make(to, 9), Frame(from), m.count, false)
			b = appendSeat(b, make(to, 7), Frame(from), m.count, false)
			if !s.receive(b, 1) {
				t.Fatal("refused")
			}
		}
		two := func() {
			m := play{now: 20, head: 12, count: 12}
			if !s.receive(appendSeat(m.appendHeader(nil, s.port.tag), make(12, 8), 1, 12, false), 2) {
				t.Fatal("refused")
			}
		}
		one(6, 12) // frames 1 to 5 are missing
		if s.timeline.wrong != 0 || s.peers[0].head != 0 {
			t.Fatalf("inputs beyond a gap were taken: wrong is %d", s.timeline.wrong)
		}
		if order == 0 {
			two()
		}
		one(1, 5)
		one(4, 12)
		if order == 1 {
			two()
		}
		if s.timeline.wrong != 7 {
			t.Errorf("the lowest wrong frame is %d, want 7", s.timeline.wrong)
		}
	}
}
