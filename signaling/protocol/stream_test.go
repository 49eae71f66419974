package protocol

import "testing"

func TestStream(t *testing.T) {
	var a, b Stream
	say := func(k Kind, payload int) Message {
		m := Message{Kind: k, Payload: make([]byte, payload)}
		a.Say(&m)
		m.Ack = a.Heard
		return m
	}
	one, ping, two, three := say(Signal, 1), say(Ping, 0), say(Left, 0), say(Signal, 1)
	if one.Seq != 1 || ping.Seq != 0 || two.Seq != 2 || three.Seq != 3 {
		t.Fatalf("numbers %d, %d, %d, %d", one.Seq, ping.Seq, two.Seq, three.Seq)
	}
	for _, m := range []*Message{&one, &ping, &two, &ping} {
		if !b.Hear(m) {
			t.Errorf("%+v is not new", m)
		}
	}
	if b.Hear(&one) || b.Hear(&two) || b.Heard != 2 {
		t.Error("heard twice")
	}
	if kept, all := a.Since(b.Heard); !all || len(kept) != 1 || kept[0].Seq != 3 {
		t.Errorf("missed: %+v, all %v", kept, all)
	}
	if _, all := a.Since(9); all {
		t.Error("what was never said can't have been heard")
	}
	if kept, all := a.Since(1); all || len(kept) != 1 {
		t.Error("what was acknowledged is not held any more")
	}
}

func TestStreamIsBounded(t *testing.T) {
	for name, payload := range map[string]int{"messages": 0, "bytes": MaxPayload} {
		var s Stream
		for range 2 * MaxKept {
			s.Say(&Message{Kind: Signal, Payload: make([]byte, payload)})
		}
		kept, all := s.Since(0)
		if len(kept) == 0 || len(kept) > MaxKept || len(kept)*payload > MaxKeptBytes || all {
			t.Errorf("%s: %d kept, all %v", name, len(kept), all)
		}
		if kept[len(kept)-1].Seq != 2*MaxKept {
			t.Errorf("%s: the newest is %d", name, kept[len(kept)-1].Seq)
		}
		if n := s.Fresh(); n != 2*MaxKept+1 {
			t.Errorf("%s: is told everything by %d", name, n)
		}
		if kept, all := s.Since(2*MaxKept + 1); len(kept) != 0 || !all {
			t.Errorf("%s: after a fresh start %d are missed", name, len(kept))
		}
	}
}
