package protocol

import "unsafe"

// Stream numbers what one end says to the other, so that after a lost
// connection exactly what was missed is said again, in order, and nothing is
// heard twice. Both ends have one, of both directions. Only some kinds are
// numbered: see Numbered.
type Stream struct {
	said  uint64 // number of the last message
	acked uint64 // the other end has had everything up to here
	kept  []Message
	bytes int    // of what is kept
	Heard uint64 // number of the last message that the other end said
}

// What a Stream keeps for an end that is away. Beyond it, that end is told
// everything anew instead.
const (
	MaxKept      = 256
	MaxKeptBytes = 256 << 10
)

// Numbered reports whether messages of a kind are numbered: those that say
// something once. A Welcome and a State say everything, a Ping nothing.
func (m *Message) Numbered() bool {
	switch m.Kind {
	case Signal, Left, Start, SetRoom, Kick:
		return true
	case Update:
		return len(m.Members) > 0 || m.Room != nil
	}
	return false
}

// Say numbers a message that is to be said now, or later if the other end is away.
func (s *Stream) Say(m *Message) {
	if m.Numbered() {
		s.keep(m)
	}
}

// keep has a frame of its own, which only what is numbered needs.
//
//go:noinline
func (s *Stream) keep(m *Message) {
	s.said++
	m.Seq = s.said
	s.kept = append(s.kept, Message{})
	s.kept[len(s.kept)-1] = *m
	s.bytes += m.Weight()
	for len(s.kept) > MaxKept || s.bytes > MaxKeptBytes {
		s.drop()
	}
}

func (s *Stream) drop() {
	s.bytes -= s.kept[0].Weight()
	s.kept[0] = Message{}
	if s.kept = s.kept[1:]; len(s.kept) == 0 {
		s.kept = nil // Nearly always there is nothing, and there are many Streams.
	}
}

// Size is about how much memory is taken by what is kept, in bytes.
func (s *Stream) Size() int { return s.bytes + cap(s.kept)*int(unsafe.Sizeof(Message{})) }

// Forget keeps nothing of what was said: whoever has missed some of it is told
// everything anew.
func (s *Stream) Forget() { s.kept, s.bytes = nil, 0 }

// Weight is about how long a message is, in bytes.
func (m *Message) Weight() int {
	n := 128 + len(m.Payload) + len(m.coded) + len(m.Data)
	for i := range m.Members {
		n += len(m.Members[i].Data) + len(m.Members[i].Name)
	}
	if m.Match != nil {
		n += len(m.Match.Setup)
	}
	if m.Room != nil {
		n += len(m.Room.Data) + len(m.Room.Meta)*(MaxKey+MaxValue)
	}
	return n
}

// Acked hears up to which number the other end has everything.
func (s *Stream) Acked(seq uint64) {
	if seq <= s.acked || seq > s.said {
		return
	}
	s.acked = seq
	for len(s.kept) > 0 && s.kept[0].Seq <= seq {
		s.drop()
	}
}

// Since is what is held of all that comes after number seq, to be said again,
// and whether that is all.
func (s *Stream) Since(seq uint64) (kept []Message, all bool) {
	s.Acked(seq)
	return s.kept, seq <= s.said && s.said-seq == uint64(len(s.kept))
}

// Fresh begins anew where the other end is told everything: nothing that was
// said before counts. It returns a number for what tells it, never zero.
func (s *Stream) Fresh() uint64 {
	s.said++
	s.kept, s.bytes, s.acked = nil, 0, s.said
	return s.said
}

// Said is the number of the last message that this end has said.
func (s *Stream) Said() uint64 { return s.said }

// Hear reports whether a message is new, and notes that it was heard.
func (s *Stream) Hear(m *Message) bool {
	s.Acked(m.Ack)
	if m.Seq == 0 {
		return true
	}
	if m.Seq <= s.Heard {
		return false
	}
	s.Heard = m.Seq
	return true
}
