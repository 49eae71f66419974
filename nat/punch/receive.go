package punch

import (
	"encoding/binary"
	"fmt"
	"time"
)

// received is what comes from the other end, within the Limits.
type received struct {
	inbox        inbox
	packets      bucket
	bytes        bucket // of packets
	messages     bucket
	messageBytes bucket
	dropped      uint64    // packets that were one too many
	count        uint64    // packets and messages
	numbers      numbers   // of packets
	newest       time.Time // when the last of them came
	turned       time.Time // when run had its turn last, or something came
	beyond       time.Time // when the first came that was beyond the Limits
}

func newReceived(l Limits) received {
	return received{
		inbox:   newInbox(l.Inbox),
		packets: perSecond(l.Packets), bytes: perSecond(l.Bytes),
		messages: perSecond(l.Messages), messageBytes: perSecond(l.MessageBytes),
	}
}

const (
	stoodStill = time.Second // without a turn of run, which takes one many times a second
	longest    = time.Minute // that is made good for
)

// awake lets in what came while this program stood still: a phone was locked and
// its page frozen, or a process stopped. It comes all at once then, and was said
// within the Limits all the same.
func (r *received) awake(now time.Time) {
	d := now.Sub(r.turned)
	if !r.turned.IsZero() && d > stoodStill {
		for _, b := range []*bucket{&r.packets, &r.bytes, &r.messages, &r.messageBytes} {
			b.grant(min(d, longest), now)
		}
	}
	r.turned = now
}

// came notes that something has.
func (r *received) came(now time.Time) {
	r.awake(now)
	r.newest = now
	r.count++
}

// silent is how long nothing has come.
func (r *received) silent(now time.Time) time.Duration { return now.Sub(r.newest) }

// packet is a place for a packet of n bytes and its number, if it is not one too many. The error
// says that the other end is hostile.
func (r *received) packet(n int, now time.Time) (place []byte, ok bool, err error) {
	few, many := r.packets.take(1, now)
	small, big := r.bytes.take(n, now)
	switch {
	case many:
		return nil, false, hostile("sends more than %d packets a second", int(r.packets.rate))
	case big:
		return nil, false, hostile("sends more than %d bytes a second", int(r.bytes.rate))
	case !few || !small:
		r.over(now)
		r.dropped++
		return nil, false, nil
	}
	return r.inbox.slot(n), true, nil
}

// message counts a message of n bytes. None is ever dropped, so that half a second's
// worth beyond the Limits is too much: then the other end is hostile.
func (r *received) message(n int, now time.Time) error {
	few, _ := r.messages.take(1, now)
	small, _ := r.messageBytes.take(n, now)
	if !few || !small {
		r.over(now)
	}
	switch {
	case r.messages.refused > r.messages.rate/2:
		return hostile("sends more than %d messages a second", int(r.messages.rate))
	case r.messageBytes.refused > r.messageBytes.rate/2:
		return hostile("sends messages of more than %d bytes a second", int(r.messageBytes.rate))
	}
	return nil
}

func (r *received) over(now time.Time) {
	if r.beyond.IsZero() {
		r.beyond = now
	}
}

// Recv copies the next packet to dst, if there is one.
func (l *Link) Recv(dst []byte) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.inbox.pop(dst)
}

// RecvMessage is the next message, if there is one.
func (l *Link) RecvMessage() (m []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mail.next()
}

// packet takes a packet of n bytes, which copy fills in.
func (e events) packet(n int, copy func(dst []byte)) {
	e.do(func(l *Link) bool {
		switch n -= numberSize; {
		case n > MaxPacket:
			l.fail(hostile("sent a packet of more than %d bytes", MaxPacket))
			return false
		case n < 0:
			l.fail(hostile("sent a packet without a number"))
			return false
		}
		now := time.Now()
		l.in.came(now)
		place, ok, err := l.in.packet(n, now)
		if err != nil {
			l.fail(err)
		} else if ok {
			copy(place)
			if l.in.numbers.hear(binary.BigEndian.Uint16(place[n:]), now) {
				l.in.inbox.unslot()
			}
		}
		return true
	})
}

// message takes a frame of n bytes, which copy fills in.
func (e events) message(n int, copy func(dst []byte)) {
	e.do(func(l *Link) (quiet bool) {
		now := time.Now()
		l.in.came(now)
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
			if err := l.in.message(len(message), now); err != nil {
				l.fail(err)
				return false
			}
		}
		switch {
		case frame[0] == frameBye:
			l.fail(ErrGone)
		case frame[0] == frameCarry:
			l.signals.hearCarried(frame[1:], l.negotiation.other)
		case !ok || len(message) > l.o.Limits.Message:
			l.fail(hostile("sent a message of more than %d bytes, or none", l.o.Limits.Message))
		default:
			return l.numbered(e.path, frame[0], number, message)
		}
		return false
	})
}

// numbered takes a frame that has a number, by the path on which it came; the caller
// holds the lock. It is quiet where there is nothing to run.
func (l *Link) numbered(p *path, kind byte, number uint32, message []byte) (quiet bool) {
	m := &l.mail
	switch kind {
	case frameData:
		if n := len(message) + frameHead; len(m.received) >= 2*l.o.Limits.Messages || m.unread+n > 2*l.o.Limits.MessageBytes { // That may be our own doing.
			l.fail(&Error{Unacknowledged, fmt.Sprintf("nobody has read %d messages of %d bytes, and one more came", len(m.received), m.unread)})
			return false
		}
		m.take(number, message)
		if l.paths.current != nil {
			l.say(m.ack(frameAck))
		}
		return true
	case frameAck:
		m.acked(number)
		return true
	case frameAgain:
		if p.asked {
			l.fail(hostile("asks twice for what it lacks"))
			return false
		}
		p.asked = true
		m.acked(number)
		if p == l.paths.current {
			l.sayAgain()
		}
	}
	return false
}
