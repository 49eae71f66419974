package punch

import (
	"fmt"
	"time"
)

// Send sends a packet, unreliable and unordered. It never blocks; what can't
// be sent now, is longer than MaxPacket, or more than our own Limits let in from
// the other end, is dropped and counted.
func (l *Link) Send(packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pipe
	ok := l.state == Open && len(packet) <= MaxPacket
	if ok {
		now := time.Now()
		few, _ := l.out.packets.take(1, now)
		small, _ := l.out.bytes.take(len(packet), now)
		ok = few && small
	}
	if ok {
		// What waits may come all at once after a blackout, and must not look like
		// a flood then: it is no more than the other end lets in at once. (Natively
		// what was lost counts too, until SCTP gives it up.)
		waiting := l.pipe.unsent()
		ok = waiting <= l.o.Limits.Bytes/2 && l.waiting.waiting(waiting) < l.o.Limits.Packets && p.send(packet) == nil
	}
	if ok {
		l.waiting.add(max(len(packet), 1)) // an empty one is a byte to SCTP
	} else {
		l.report.Unsent++
	}
}

// SendMessage sends a message, reliable and ordered. It never blocks; a link
// that is not open, a message over Limits.Message, more than Limits.Messages in a
// second, and more than a quarter of them unacknowledged are errors; so it is with
// their bytes.
func (l *Link) SendMessage(m []byte) error {
	limits := &l.o.Limits
	if len(m) > limits.Message {
		return fmt.Errorf("punch: message is %d bytes, must be at most %d", len(m), limits.Message)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != Open {
		return fmt.Errorf("punch: the link is %v", l.state)
	}
	if most := max(limits.Message, limits.MessageBytes/4); l.mail.bytes > 0 && l.mail.bytes+len(m) > most {
		return fmt.Errorf("punch: messages of %d bytes wait to be sent, the limit is %d", l.mail.bytes, most)
	}
	if n, most := len(l.mail.kept), max(1, limits.Messages/4); n >= most {
		return fmt.Errorf("punch: messages that wait to be sent are %d, the limit is %d", n, most)
	}
	now := time.Now()
	if few, _ := l.out.messages.take(1, now); !few {
		return fmt.Errorf("punch: messages are more than %d a second", limits.Messages)
	}
	if small, _ := l.out.messageBytes.take(len(m), now); !small {
		return fmt.Errorf("punch: messages are more than %d bytes a second", limits.MessageBytes)
	}
	if frame := l.mail.keep(m); !l.mail.held {
		l.say(frame)
	}
	return nil
}

// sayAgain says what the other end lacks on a new path; the caller holds the lock.
func (l *Link) sayAgain() {
	l.mail.held = false
	for _, frame := range l.mail.kept {
		l.say(frame)
	}
}

// say hands a frame to the pipe; the caller holds the lock. An end that makes us
// say things and takes none of them in makes us keep them all, but not for ever.
func (l *Link) say(frame []byte) {
	bytes := l.pipe.unsaid()
	if n := l.frames.waiting(bytes); n >= max(maxUnsaid, 2*l.o.Limits.Messages) || bytes > l.o.Limits.MessageBytes {
		l.fail(&Error{Unacknowledged, fmt.Sprintf("the other side takes in nothing: %d frames of %d bytes wait for it", n, bytes)})
		return
	}
	l.pipe.sendMessage(frame)
	l.frames.add(len(frame))
}

// maxUnsaid is how many frames may wait, or two seconds' worth where that is
// more; half of them are acknowledgements.
const maxUnsaid = 2048
