package punch

import (
	"encoding/binary"
	"math"
	"time"
)

// The first byte of a reliable message.
const (
	frameData  = 0 // and its number, a uvarint, and the message
	frameBye   = 1 // the link is closed on purpose
	frameAck   = 2 // and a number: every message up to it has come
	frameAgain = 3 // the same, as the first on a new path: say the rest again
	frameCarry = 4 // and a signal, of an end that looks for a better path

	frameHead = 1 + binary.MaxVarintLen32 // bytes that a frame is longer than its message
)

// mail numbers reliable messages, so that none is lost, doubled or out of
// order where a link goes from one path to another: SCTP makes them reliable on
// one path only.
type mail struct {
	sent     uint32   // number of the last message that SendMessage took
	kept     [][]byte // frames of those that are not acknowledged, in order
	bytes    int      // of these
	held     bool     // nothing is said until the other end has told what it lacks
	heard    uint32   // number of the last message that came
	received [][]byte // for RecvMessage
	unread   int      // bytes of these
	known    uint32   // number of the last message that was acknowledged when that was looked at
	progress time.Time
}

// keep takes a message to be sent and makes a frame of it, which is kept until
// it is acknowledged.
func (m *mail) keep(message []byte) (frame []byte) {
	m.sent++
	frame = append(binary.AppendUvarint([]byte{frameData}, uint64(m.sent)), message...)
	m.kept = append(m.kept, frame)
	m.bytes += len(frame)
	return frame
}

// news reports whether it was not known that everything up to n has come.
func (m *mail) news(n uint32) bool { return m.sent-uint32(len(m.kept)) < n && n <= m.sent }

// acked hears that everything up to n has come.
func (m *mail) acked(n uint32) {
	for m.news(n) {
		m.bytes -= len(m.kept[0])
		m.kept[0] = nil
		m.kept = m.kept[1:]
	}
}

// take is message n, which counts if it is the next: what comes twice was said
// again, and what comes too early will be.
func (m *mail) take(n uint32, message []byte) {
	if n == m.heard+1 {
		m.heard = n
		m.received = append(m.received, message)
		m.unread += len(message)
	}
}

// next is the oldest message that nobody has read, if there is one.
func (m *mail) next() (message []byte, ok bool) {
	if len(m.received) == 0 {
		return nil, false
	}
	message = m.received[0]
	m.received = m.received[1:]
	m.unread -= len(message)
	return message, true
}

// stalled is how long nothing was acknowledged of what waits to be; zero: nothing waits.
func (m *mail) stalled(now time.Time) time.Duration {
	if known := m.sent - uint32(len(m.kept)); known == m.sent || known > m.known || m.progress.IsZero() {
		m.known, m.progress = known, now
	}
	return now.Sub(m.progress)
}

// ack is the frame that tells how far we have heard.
func (m *mail) ack(kind byte) []byte {
	return binary.AppendUvarint([]byte{kind}, uint64(m.heard))
}

// frameNumber reads the number of a frame and what comes after it.
func frameNumber(frame []byte) (n uint32, rest []byte, ok bool) {
	v, k := binary.Uvarint(frame[1:])
	if k <= 0 || v > math.MaxUint32 {
		return 0, nil, false
	}
	return uint32(v), frame[1+k:], true
}
