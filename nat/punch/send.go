package punch

import (
	"encoding/binary"
	"fmt"
	"time"
)

// sent is what this end sends. It keeps to its own Limits, as the other end expects it.
type sent struct {
	packets      bucket
	bytes        bucket // of packets
	messages     bucket
	messageBytes bucket
	waiting      outbox // packets
	frames       outbox // and what is said beside them
	unsent       uint64 // packets
	number       uint16 // of the last packet
	packet       []byte // it, with its number
}

func newSent(l Limits) sent {
	return sent{
		packets: perSecond(l.Packets), bytes: perSecond(l.Bytes),
		messages: perSecond(l.Messages), messageBytes: perSecond(l.MessageBytes),
	}
}

// mayPacket reports whether a packet of n bytes may be sent.
func (s *sent) mayPacket(n int, now time.Time) bool {
	few, _ := s.packets.take(1, now)
	small, _ := s.bytes.take(n, now)
	return few && small
}

// numbered is a packet with its number, until the next.
func (s *sent) numbered(packet []byte) []byte {
	s.number++
	s.packet = binary.BigEndian.AppendUint16(append(s.packet[:0], packet...), s.number)
	return s.packet
}

// mayMessage is why a message of n bytes can't be sent.
func (s *sent) mayMessage(n int, now time.Time) error {
	if few, _ := s.messages.take(1, now); !few {
		return fmt.Errorf("punch: messages are more than %d a second", int(s.messages.rate))
	}
	if small, _ := s.messageBytes.take(n, now); !small {
		return fmt.Errorf("punch: messages are more than %d bytes a second", int(s.messageBytes.rate))
	}
	return nil
}

// moved forgets what waits on a path that is not the current one any more.
func (s *sent) moved() { s.waiting, s.frames = outbox{}, outbox{} }

// Send sends a packet, unreliable and unordered; one that comes after 64 newer ones is
// dropped there. It never blocks; what can't be sent now, is longer than MaxPacket, or more than our own Limits let in from
// the other end, is dropped and counted.
func (l *Link) Send(packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ok := l.state == Open && len(packet) <= MaxPacket && l.out.mayPacket(len(packet), time.Now())
	if ok {
		// What waits may come all at once after a blackout, and must not look like
		// a flood then: it is no more than the other end lets in at once. (Natively
		// what was lost counts too, until SCTP gives it up.)
		p := l.paths.current.pipe
		bytes := p.unsent()
		ok = bytes <= l.o.Limits.Bytes/2 && l.out.waiting.waiting(bytes) < l.o.Limits.Packets && p.send(l.out.numbered(packet)) == nil
	}
	if ok {
		l.out.waiting.add(len(packet) + numberSize)
	} else {
		l.out.unsent++
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
	if err := l.out.mayMessage(len(m), time.Now()); err != nil {
		return err
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

// maxUnsaid is how many frames may wait, or two seconds' worth where that is
// more; half of them are acknowledgements.
const maxUnsaid = 2048

// say hands a frame to the current path; the caller holds the lock. An end that makes
// us say things and takes none of them in makes us keep them all, but not for ever.
func (l *Link) say(frame []byte) {
	p := l.paths.current.pipe
	bytes := p.unsaid()
	if n := l.out.frames.waiting(bytes); n >= max(maxUnsaid, 2*l.o.Limits.Messages) || bytes > l.o.Limits.MessageBytes {
		l.fail(&Error{Unacknowledged, fmt.Sprintf("the other side takes in nothing: %d frames of %d bytes wait for it", n, bytes)})
		return
	}
	p.sendMessage(frame)
	l.out.frames.add(len(frame))
}
