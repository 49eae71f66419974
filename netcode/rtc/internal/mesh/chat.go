package mesh

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/punchback/punchback/signaling/protocol"
)

// What people say goes over the links, reliable and in order, and needs no
// server: a byte that says so, the number of the line, and the text.

// MaxText is the longest line, in bytes.
const MaxText = 280

// ChatBurst is how many lines of one machine are heard at once; after that two
// a second.
const ChatBurst = 10

const (
	chat       = 'c'          // the first byte of a line; others are for later, and ignored
	chatTicks  = TickRate / 2 // ticks until there is one line more
	maxHearing = 64           // lines that wait for NextLine; of more the oldest are lost
)

// Line is what somebody said.
type Line struct {
	From   protocol.ID
	Number uint64 // of that machine's lines, from 1: what is left out was not heard
	Text   string
}

// talk is what is known of what a machine says.
type talk struct {
	number uint64 // of its last line
	spent  int    // ticks' worth of lines
}

// take reports whether one more line is heard.
func (t *talk) take() bool {
	if t.spent > (ChatBurst-1)*chatTicks {
		return false
	}
	t.spent += chatTicks
	return true
}

func (t *talk) tick() { t.spent = max(0, t.spent-1) }

// Spoken is how much of ChatBurst this machine has used up.
func (m *Mesh) Spoken() int { return (m.talk.spent + chatTicks - 1) / chatTicks }

// SayText says a line to every machine that is linked now; it is false where
// the others would hear no more of it, or it is no text.
func (m *Mesh) SayText(text string) bool {
	if m.self == 0 || text == "" || len(text) > MaxText || !utf8.ValidString(text) || !m.talk.take() {
		return false
	}
	m.talk.number++
	frame := append(binary.AppendUvarint([]byte{chat}, m.talk.number), text...)
	for _, p := range m.peers {
		if p.Link == Linked {
			m.order(Order{Kind: Post, Peer: p.ID, Payload: frame})
		}
	}
	m.hearing(Line{m.self, m.talk.number, text})
	return true
}

// Posted takes what came by the link to a peer, as reliable message.
func (m *Mesh) Posted(id protocol.ID, frame []byte) {
	i := m.index(id)
	if i < 0 || m.peers[i].Link == Banned || len(frame) < 1 || frame[0] != chat {
		return
	}
	p := m.peers[i]
	number, n := binary.Uvarint(frame[1:])
	if n <= 0 || number <= p.talk.number {
		return // Nonsense, or said again.
	}
	text := frame[1+n:]
	if len(text) == 0 || len(text) > MaxText || !utf8.Valid(text) || !p.talk.take() {
		return
	}
	p.talk.number = number
	m.hearing(Line{id, number, string(text)})
}

func (m *Mesh) hearing(l Line) {
	if len(m.lines) >= maxHearing {
		m.lines = m.lines[1:]
	}
	m.lines = append(m.lines, l)
}

// NextLine is the next line that was said, by this machine too.
func (m *Mesh) NextLine() (l Line, ok bool) {
	if len(m.lines) == 0 {
		return l, false
	}
	l = m.lines[0]
	if m.lines = m.lines[1:]; len(m.lines) == 0 {
		m.lines = nil
	}
	return l, true
}
