package netcode

import (
	"bytes"
	"flag"
	"fmt"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "accept the packets and stories of now as those in testdata")

func filled(seed uint64, frames int, commands bool) *queue {
	q := newQueue()
	x := seed
	for f := range frames {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		v := q.at(q.head)
		switch x % 4 {
		case 0:
			v ^= 1 << (x >> 8 % 64)
		case 1:
			v = x
		}
		var c []byte
		if commands && x>>20%5 == 0 {
			c = bytes.Repeat([]byte{byte(f)}, 1+int(x>>30%MaxCommand))
		}
		q.put(v, c, 0)
	}
	return &q
}

func TestSeatRoundTrip(t *testing.T) {
	for seed := uint64(1); seed < 200; seed++ {
		q := filled(seed, 1+int(seed%70), seed%3 == 0)
		for from := Frame(1); from <= q.head; from += 7 {
			count := min(int(q.head-from)+1, maxRun)
			b := appendSeat(nil, q, from, count, seed%3 == 0)
			r := reader{packet: b}
			var block seatBlock
			block.parse(&r, count, seed%3 == 0)
			if r.bad || r.left() > 0 {
				t.Fatalf("seed %d: what was written can't be read", seed)
			}
			for known := 0; known < count; known += 1 + int(seed)%9 {
				block := block
				block.skip(known)
				for k := known; k < count; k++ {
					f := from + Frame(k)
					v, c := block.next(k, q.at(f-1))
					if v != q.at(f) || !bytes.Equal(c, q.command(f)) {
						t.Fatalf("seed %d frame %d: got %x %x, want %x %x", seed, f, v, c, q.at(f), q.command(f))
					}
				}
			}
			// Every shorter packet is refused.
			for n := range b {
				r := reader{packet: b[:n]}
				if new(seatBlock).parse(&r, count, seed%3 == 0); !r.bad {
					t.Fatalf("seed %d: %d of %d bytes were read as a whole", seed, n, len(b))
				}
			}
		}
	}
}

func TestSpareBitsAreRefused(t *testing.T) {
	r := reader{packet: []byte{1, 0xff, 1, 2, 3, 4, 5, 6, 7, 8}}
	if new(seatBlock).parse(&r, 5, false); !r.bad {
		t.Error("a change in frame 6 of 5 was taken")
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	for _, near := range []Frame{0, 5, 32767, 32768, 65535, 65536, 1 << 20, 1<<30 + 12345} {
		for _, off := range []Frame{0, 1, 100, 30000, -3} {
			if near+off < 0 {
				continue
			}
			want := play{flags: flagEcho | flagBlock | flagBye | flagView, view: 300, seq: 7, echo: 9, complete: near + off,
				now: near + off + 8, ack: near + off + 3, head: near + off + 11, count: 4, last: near + off + 15, confirmed: max(0, near+off-5), hash: 0x1122334455667788}
			b := want.appendHeader(nil, 0xbeef)
			var got play
			if !got.parse(b[2:], near) {
				t.Fatalf("near %d off %d: refused", near, off)
			}
			got.inputs = nil
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("near %d off %d:\ngot  %+v\nwant %+v", near, off, got, want)
			}
		}
	}
}

func TestQueuePredictsAndCompares(t *testing.T) {
	q := newQueue()
	var in Input
	q.use(1, &in)
	if in.Bits != 0 || in.Command != nil {
		t.Fatalf("without history: %+v", in)
	}
	q.put(77, []byte("go"), 1)
	for f := Frame(2); f < 6; f++ { // beyond the first missing frame Bits repeat, the Command does not
		if q.use(f, &in); in.Bits != 77 || in.Command != nil {
			t.Fatalf("frame %d: %+v", f, in)
		}
	}
	if q.use(1, &in); in.Bits != 77 || string(in.Command) != "go" {
		t.Fatalf("frame 1: %+v", in)
	}
	if q.put(77, nil, 5) {
		t.Error("a right prediction was called wrong")
	}
	if !q.put(78, nil, 5) {
		t.Error("other Bits were not seen")
	}
	// What counts is what was used for frame 4 (77), not what would be predicted now (78).
	if !q.put(78, nil, 5) {
		t.Error("compared with a fresh prediction, not with what was used")
	}
	if !q.put(77, []byte("x"), 5) {
		t.Error("a Command that was not predicted was not seen")
	}
	if q.put(5, nil, 5) {
		t.Error("frame 6 was not stepped yet, so nothing was wrong")
	}
	for range 1000 { // around the ring
		q.put(uint64(q.head), nil, 0)
		if q.at(q.head) != uint64(q.head-1) {
			t.Fatal("lost in the ring")
		}
	}
}

// From the frame on at which a player is gone nothing else counts: neither what
// is known nor what comes later.
func TestQueueIsAbsentWhereNobodySits(t *testing.T) {
	q := newQueue()
	for range 5 {
		q.put(9, []byte("x"), 0)
	}
	q.gone = 4
	for f, want := range []Input{1: {Bits: 9}, 3: {Bits: 9}, 4: {Absent: true}, 5: {Absent: true}, 6: {Absent: true}} {
		if f != 1 && f < 3 {
			continue
		}
		in := Input{Bits: 1, Command: []byte("old"), Absent: f == 1}
		q.use(Frame(f), &in)
		if in.Bits != want.Bits || in.Absent != want.Absent || (in.Command != nil) == want.Absent {
			t.Errorf("frame %d: %+v", f, in)
		}
	}
	if q.put(7, nil, 10) {
		t.Error("what comes after the last frame was called wrong")
	}
}

func TestAverage(t *testing.T) {
	var a average
	tick := int64(0)
	add := func(s int64) {
		tick++
		a.add(s, tick)
	}
	for range 100 {
		add(5 << 8)
	}
	if a.at(tick) != 5<<8 {
		t.Fatalf("%d", a.at(tick))
	}
	for range 10 {
		add(20 << 8)
	}
	add(5 << 8)
	for range 2 {
		add(60 << 8)
	}
	add(5 << 8)
	if a.at(tick)>>8 > 20 {
		t.Errorf("followed a spike to %d", a.at(tick)>>8)
	}
	for range 40 {
		add(205 << 8)
	}
	if a.at(tick) != 205<<8 {
		t.Errorf("did not follow a sleep: %d", a.at(tick)>>8)
	}
	for k := range 1000 { // a clock that is a twelfth faster
		add(205<<8 + int64(k)<<8/12)
	}
	if want := int64(205<<8 + 999<<8/12); a.at(tick) < want-4 || a.at(tick) > want+4 || a.rate < 5400 || a.rate > 5500 {
		t.Errorf("it is %d and grows by %d a tick, want %d and %d", a.at(tick), a.rate, want, 65536/12)
	}
}

func TestClockKeepsCountAcrossGaps(t *testing.T) {
	var c clock
	ticks, theirs := int64(0), int64(1000)
	step := func(n int64) { ticks += n; theirs += n }
	c.hear(byte(theirs), false, ticks)
	base := c.tick - theirs
	for _, gap := range []int64{1, 1, 5, 100, 127, 200, 1000} { // all heard again after a cut: both counted on
		step(gap)
		c.hear(byte(theirs), true, ticks)
		if c.tick-theirs != base {
			t.Fatalf("after a gap of %d: off by %d", gap, c.tick-theirs-base)
		}
	}
	if c.hear(byte(theirs-2), false, ticks) {
		t.Error("an old packet was taken for a new one")
	}
	theirs += 200 // we slept, they did not
	if !c.hear(byte(theirs), true, ticks) || c.tick-theirs != base {
		t.Error("lost count while asleep")
	}
}

// A hello names no view and no vote, so it says goodbye only where that takes no
// vote from a ballot.
func TestHelloSaysGoodbyeWithoutAVote(t *testing.T) {
	for _, c := range []struct {
		view     uint32
		promised ballotID
		bye      bool
	}{{0, 0, true}, {0, 1 << 3, false}, {1, 0, false}} {
		s, err := NewSession(&toy{}, newBus(3)[0], Config{Terms: Terms{Players: 3}, Seats: []Peer{0, 1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		s.Leave()
		s.members.view, s.members.ballot.votes[0].promised = c.view, c.promised
		if bye := s.encodeHello(nil, &s.peers[0])[2]&helloBye != 0; bye != c.bye {
			t.Errorf("%+v: %v", c, bye)
		}
	}
}
