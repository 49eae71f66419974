package mesh

import (
	"encoding/binary"

	"github.com/punchback/punchback/signaling/protocol"
)

const maxTry = 1 << 32

// A signal travels behind the number of its try, so that what was meant for a
// link that failed never reaches the one that is tried after it. Both ends
// count tries of their pair; the higher number wins. Only a failure raises it:
// whoever hears of a try joins that one, however the two ends cross.

// Carry takes a signal of the link to a peer on its way to the other end.
func (m *Mesh) Carry(id protocol.ID, signal []byte) {
	if i := m.index(id); i >= 0 {
		m.carry(m.peers[i], signal)
	}
}

func (m *Mesh) carry(p *peer, signal []byte) {
	payload := append(binary.AppendUvarint(make([]byte, 0, len(signal)+2), p.try), signal...)
	m.order(Order{Kind: Say, Message: protocol.Message{Kind: protocol.Signal, To: p.ID, Payload: payload}})
}

// again joins the try that the other end has begun, at once or a little later: one
// that begins another ten times a second costs us no more than three links a second.
func (m *Mesh) again(p *peer, try uint64) {
	if p.Link == Connecting || p.Link == Linked {
		m.order(Order{Kind: Close, Peer: p.ID})
		m.failed(p, "the other end tries again")
	}
	p.try, p.wait = try, min(p.wait, retryTicks)
	if p.age >= retryTicks {
		m.open(p)
	}
}

func (m *Mesh) signal(from protocol.ID, payload []byte) {
	i := m.index(from)
	try, n := binary.Uvarint(payload)
	if i < 0 || n <= 0 {
		return
	}
	p := m.peers[i]
	if p.Link == Banned {
		return
	}
	if try == 0 {
		m.hearBan(from, payload[n:])
		return
	}
	if try < p.try || try > maxTry {
		return // Late, or nonsense.
	}
	if try > p.try || p.Link == Waiting {
		m.again(p, try)
	}
	if signal := payload[n:]; len(signal) > 0 && (p.Link == Connecting || p.Link == Linked) {
		m.order(Order{Kind: Signal, Peer: p.ID, Payload: signal})
	}
}
