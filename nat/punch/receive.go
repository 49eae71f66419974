package punch

import (
	"fmt"
	"time"
)

// Recv copies the next packet to dst, if there is one.
func (l *Link) Recv(dst []byte) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.pop(dst)
}

// RecvMessage is the next message, if there is one.
func (l *Link) RecvMessage() (m []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.mail.received) == 0 {
		return nil, false
	}
	m = l.mail.received[0]
	l.mail.received = l.mail.received[1:]
	l.mail.unread -= len(m)
	return m, true
}

func (l *Link) beyond(now time.Time) {
	if l.refused.IsZero() {
		l.refused = now
	}
}

// packet takes a packet of n bytes, which copy fills in.
func (e events) packet(n int, copy func(dst []byte)) {
	e.do(func(l *Link) bool {
		if n > MaxPacket {
			l.fail(hostile("sent a packet of more than %d bytes", MaxPacket))
			return false
		}
		now := time.Now()
		l.woke(now)
		l.newest = now
		l.all++
		few, many := l.packets.take(1, now)
		small, big := l.bytes.take(n, now)
		switch {
		case many:
			l.fail(hostile("sends more than %d packets a second", l.o.Limits.Packets))
		case big:
			l.fail(hostile("sends more than %d bytes a second", l.o.Limits.Bytes))
		case !few || !small:
			l.beyond(now)
			l.report.Dropped++
		default:
			copy(l.in.slot(n))
		}
		return true
	})
}

func (e events) message(n int, copy func(dst []byte)) {
	e.do(func(l *Link) (quiet bool) {
		now := time.Now()
		l.woke(now)
		l.newest = now
		l.all++
		if n > l.o.Limits.Message+frameHead {
			l.fail(hostile("sent a message of more than %d bytes", l.o.Limits.Message))
			return false
		}
		frame := make([]byte, max(n, 1))
		if n > 0 {
			copy(frame)
		}
		number, message, ok := frameNumber(frame)
		if frame[0] != frameAck || !ok || !l.mail.news(number) { // News of what we sent are no more than that.
			few, _ := l.letters.messages.take(1, now)
			small, _ := l.letters.bytes.take(len(message), now)
			if !few || !small {
				l.beyond(now)
			}
		}
		switch m := &l.mail; {
		case l.letters.messages.refused > l.letters.messages.rate/2:
			l.fail(hostile("sends more than %d messages a second", l.o.Limits.Messages))
		case l.letters.bytes.refused > l.letters.bytes.rate/2:
			l.fail(hostile("sends messages of more than %d bytes a second", l.o.Limits.MessageBytes))
		case frame[0] == frameBye:
			l.fail(ErrGone)
		case frame[0] == frameCarry:
			if s, err := decodeSignal(frame[1:]); err == nil && s.From == l.other && len(l.heard) < maxHeard {
				l.heard = append(l.heard, s)
				l.signals.Heard++
			} else {
				l.signals.Useless++
			}
		case !ok || len(message) > l.o.Limits.Message:
			l.fail(hostile("sent a message of more than %d bytes, or none", l.o.Limits.Message))
		case frame[0] == frameData && (len(m.received) >= 2*l.o.Limits.Messages || m.unread+n > 2*l.o.Limits.MessageBytes): // that may be our own doing
			l.fail(&Error{Unacknowledged, fmt.Sprintf("nobody has read %d messages of %d bytes, and one more came", len(m.received), m.unread)})
		case frame[0] == frameData:
			m.take(number, message)
			if l.pipe != nil {
				l.say(m.ack(frameAck))
			}
			return true
		case frame[0] == frameAck:
			m.acked(number)
			return true
		case frame[0] == frameAgain && l.begged == e.attempt:
			l.fail(hostile("asks twice for what it lacks"))
		case frame[0] == frameAgain:
			l.begged = e.attempt
			m.acked(number)
			if l.asked = e.attempt != l.live; !l.asked {
				l.sayAgain()
			}
		}
		return false
	})
}
