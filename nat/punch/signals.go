package punch

import (
	"fmt"

	"github.com/punchback/punchback/nat/trace"
)

const (
	maxHeard = 64 // signals waiting to be read
	maxSaid  = 64 // and to be carried
)

// signals are those that wait: what was heard for run, what was said for NextSignal.
type signals struct {
	heard []*signal
	said  [][]byte
	count trace.Signals
}

// hear takes a signal of the other end.
func (b *signals) hear(s *signal) error {
	if len(b.heard) == maxHeard {
		b.count.Useless++
		return fmt.Errorf("punch: signals waiting are %d, one more is dropped", maxHeard)
	}
	b.heard = append(b.heard, s)
	b.count.Heard++
	return nil
}

// hearCarried takes one that came by the path, if it is of the Link at its other end.
func (b *signals) hearCarried(text []byte, of uint64) {
	s, err := decodeSignal(text)
	if err != nil || s.From != of {
		b.count.Useless++
		return
	}
	_ = b.hear(s) // which counts what is one too many
}

// take is what was heard.
func (b *signals) take() (heard []*signal) {
	heard, b.heard = b.heard, nil
	return heard
}

// say keeps a signal until somebody carries it. Of too many the oldest are dropped:
// the last repeat holds everything.
func (b *signals) say(s *signal) {
	if len(b.said) >= maxSaid {
		b.said = b.said[1:]
		b.count.Dropped++
	}
	b.count.Said++
	b.said = append(b.said, s.encode())
}

func (b *signals) next() (signal []byte, ok bool) {
	if len(b.said) == 0 {
		return nil, false
	}
	signal = b.said[0]
	b.said = b.said[1:]
	return signal, true
}

// forget drops what waits.
func (b *signals) forget() { b.heard, b.said = nil, nil }

// NextSignal is the next signal to carry to the other end, if there is one.
func (l *Link) NextSignal() (signal []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signals.next()
}

// Signal hears a signal of the other end. Junk is an error and harms nothing.
func (l *Link) Signal(signal []byte) error {
	s, err := decodeSignal(signal)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.signals.count.Useless++
		return err
	}
	if l.state == Closed || l.state == Open && s.From != l.negotiation.other {
		return nil
	}
	if err := l.signals.hear(s); err != nil {
		return err
	}
	l.poke()
	return nil
}

// carry says a signal over the path that there is; the caller holds the lock.
func (l *Link) carry(s *signal) {
	s.From = l.id
	l.signals.count.Said++
	l.say(append([]byte{frameCarry}, s.encode()...))
}
