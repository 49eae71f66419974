package punch

import (
	"fmt"
)

// NextSignal is the next signal to carry to the other end, if there is one.
func (l *Link) NextSignal() (signal []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.said) == 0 {
		return nil, false
	}
	signal = l.said[0]
	l.said = l.said[1:]
	return signal, true
}

// Signal hears a signal of the other end. Junk is an error and harms nothing.
func (l *Link) Signal(signal []byte) error {
	s, err := decodeSignal(signal)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || len(l.heard) == maxHeard {
		l.signals.Useless++
	}
	if err != nil {
		return err
	}
	if l.state == Closed || l.state == Open && s.From != l.other {
		return nil
	}
	if len(l.heard) == maxHeard {
		return fmt.Errorf("punch: signals waiting are %d, one more is dropped", maxHeard)
	}
	l.heard = append(l.heard, s)
	l.signals.Heard++
	l.poke()
	return nil
}

// carry says a signal over the path that there is; the caller holds the lock.
func (l *Link) carry(s *signal) {
	s.From = l.id
	l.signals.Said++
	l.say(append([]byte{frameCarry}, s.encode()...))
}
