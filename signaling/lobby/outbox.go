package lobby

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/punchback/punchback/signaling/protocol"
)

// An outbox is what the rooms and the directory share: where what they say is
// gathered, where what nobody can guess comes from, the time, and the limits.
type outbox struct {
	random func() uint64
	out    []Out
	now    int // ticks, from 1
	limits Limits

	// See kept.go:
	books   *Books
	members map[string][]*member // of this lobby, by network
	heavy   bool                 // too much is kept
}

// say tells a member something, now or when it is back.
//
//go:noinline
func (b *outbox) say(to *member, m *protocol.Message) {
	to.stream.Say(m)
	b.weigh(to)
	if to.conn != 0 {
		b.out = append(b.out, Out{To: to.conn})
		b.out[len(b.out)-1].Message = *m
	}
}

// object tells a member what will not be done; it is the end of nothing.
//
//go:noinline
func (b *outbox) object(m *member, code, text string) {
	b.say(m, &protocol.Message{Kind: protocol.Error, Code: code, Text: text})
}

// flush is what an event leads to; it is valid until the next event.
func (b *outbox) flush() []Out {
	out := b.out
	if b.out = b.out[:0]; cap(out) > 64 {
		b.out = nil
	}
	return out
}

// name is a match's nonce: a random UUID (RFC 9562, version 4), so that a log,
// a replay and a bug report can name the match alike.
func (b *outbox) name() []byte {
	id, err := uuid.NewRandomFromReader(bytes.NewReader(b.bytes(2)))
	if err != nil {
		panic("lobby: 16 bytes are enough for a UUID: " + err.Error())
	}
	return id[:]
}

func (b *outbox) bytes(words int) []byte {
	var text []byte
	for range words {
		text = binary.BigEndian.AppendUint64(text, b.random())
	}
	return text
}

func (b *outbox) hex(words int) string { return hex.EncodeToString(b.bytes(words)) }
