package punch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Link is one end of a link. Its methods may be called from any goroutine and
// never block, but for Close.
type Link struct {
	o       Options
	id      uint64 // no other Link's
	started time.Time
	wake    chan struct{} // one token: something for run to look at
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once

	mu       sync.Mutex
	state    State
	err      error
	pipe     *pipe
	attempt  uint64 // whose pipe it is; events of another one are late
	broken   error  // what the pipe of this attempt failed of
	heard    []*signal
	said     [][]byte
	fresh    []candidate // ours that were not said yet
	ours     []candidate
	theirs   []candidate
	in       inbox
	messages [][]byte
	packets  bucket
	bytes    bucket
	mail     bucket
	refused  time.Time // when the first packet or message came that was beyond the Limits
	sent     int       // bytes of messages
	acked    int       // how many of them had been acknowledged when that was last looked at,
	ackedAt  time.Time // and when it was more for the last time
	report   Report
}

// New starts to connect.
func New(o Options) (*Link, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	for _, s := range o.Servers {
		for _, u := range s.URLs {
			if scheme, _, _ := strings.Cut(u, ":"); !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
				return nil, fmt.Errorf("punch: Servers: %q is no stun: or turn: URL", u)
			}
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Notify == nil {
		o.Notify = func() {}
	}
	o.Limits = o.Limits.withDefaults()
	l := &Link{
		o:       o,
		id:      rand.Uint64(),
		started: time.Now(),
		wake:    make(chan struct{}, 1),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
		in:      newInbox(o.Limits.Inbox),
		packets: newBucket(o.Limits.Packets),
		bytes:   newBucket(o.Limits.Bytes),
		mail:    newBucket(o.Limits.Messages),
	}
	go l.run()
	return l, nil
}

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
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != Connecting {
		return nil
	}
	if len(l.heard) == maxHeard {
		return fmt.Errorf("punch: signals waiting are %d, one more is dropped", maxHeard)
	}
	l.heard = append(l.heard, s)
	l.poke()
	return nil
}

// Send sends a packet, unreliable and unordered. It never blocks; what can't
// be sent now, or is longer than MaxPacket, is dropped and counted.
func (l *Link) Send(packet []byte) {
	l.mu.Lock()
	p, open := l.pipe, l.state == Open
	l.mu.Unlock()
	if !open || len(packet) > MaxPacket || !p.send(packet) {
		l.mu.Lock()
		l.report.Unsent++
		l.mu.Unlock()
	}
}

// Recv copies the next packet to dst, if there is one.
func (l *Link) Recv(dst []byte) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.pop(dst)
}

// SendMessage sends a message, reliable and ordered. It never blocks; a full
// queue, a link that is not open and a message over Limits.Message are errors.
func (l *Link) SendMessage(m []byte) error {
	if len(m) > l.o.Limits.Message {
		return fmt.Errorf("punch: message is %d bytes, must be at most %d", len(m), l.o.Limits.Message)
	}
	l.mu.Lock()
	p, state := l.pipe, l.state
	l.sent += len(m) + 1
	l.mu.Unlock()
	if state != Open {
		return fmt.Errorf("punch: the link is %v", state)
	}
	err := p.sendMessage(append([]byte{frameData}, m...))
	if err != nil {
		l.mu.Lock()
		l.sent -= len(m) + 1
		l.mu.Unlock()
	}
	return err
}

// RecvMessage is the next message, if there is one.
func (l *Link) RecvMessage() (m []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.messages) == 0 {
		return nil, false
	}
	m = l.messages[0]
	l.messages = l.messages[1:]
	return m, true
}

// State of the link; Err says why it is Closed.
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Err is why the link closed: nil while it lives and after Close.
func (l *Link) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Report tells how the link goes.
func (l *Link) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.report
	r.State = l.state
	r.Dropped += l.in.dropped
	r.Tried = l.tried()
	r.Reason = r.line(l.err)
	return r
}

// Close says goodbye, ends the link and waits for its goroutines.
func (l *Link) Close() error {
	l.once.Do(func() { close(l.quit) })
	<-l.done
	return nil
}

// The first byte of a reliable message.
const (
	frameData = 0
	frameBye  = 1
)

// What waits to be sent may be so much; beyond it the network is slower than
// the game, and what waits grows old.
const (
	maxUnsent        = 64 << 10
	maxUnsentMessage = 256 << 10
)

// ErrGone is the Err of a link that the other end closed.
var ErrGone = errors.New("punch: the other side closed the link")

func (l *Link) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// fail ends the link; the caller holds the lock.
func (l *Link) fail(err error) {
	if l.state != Closed {
		l.state, l.err = Closed, err
		l.heard, l.said = nil, nil
		l.poke()
	}
}

// events is what a pipe tells its link. Nothing here blocks, since browsers
// and pion call it from loops of their own. What a pipe says that is no longer
// the link's is dropped.
type events struct {
	l       *Link
	attempt uint64
}

func (e events) do(f func(l *Link)) {
	e.l.mu.Lock()
	was := e.l.state
	if e.attempt != e.l.attempt || was == Closed {
		e.l.mu.Unlock()
		return
	}
	f(e.l)
	packet := was == Open && e.l.state == Open // which is nothing to run
	e.l.mu.Unlock()
	if !packet {
		e.l.poke()
	}
	e.l.o.Notify()
}

func (e events) candidate(c candidate) {
	e.do(func(l *Link) {
		if l.o.RelayOnly {
			var ok bool
			if c, ok = c.private(); !ok {
				return
			}
		}
		if len(l.ours) < maxCandidates && len(c.Text) <= maxCandidate && !slices.Contains(l.ours, c) {
			l.ours = append(l.ours, c)
			l.fresh = append(l.fresh, c)
		}
	})
}

func (e events) open() {
	e.do(func(l *Link) {
		if l.state == Connecting {
			l.state = Open
			l.report.Connect = time.Since(l.started)
			l.heard, l.said, l.fresh = nil, nil, nil
		}
	})
}

// failed tells that the pipe can't connect or has lost its way.
func (e events) failed(err error) {
	e.do(func(l *Link) {
		if l.state == Open {
			l.fail(err)
		} else {
			l.broken = err
		}
	})
}

// hostile ends the link at once: the other end did what none of ours does.
func (e events) hostile(err error) { e.do(func(l *Link) { l.fail(err) }) }

// packet takes a packet of n bytes, which copy fills in.
func (e events) packet(n int, copy func(dst []byte)) {
	e.do(func(l *Link) {
		if n > MaxPacket {
			l.fail(hostile("sent a packet of more than %d bytes", MaxPacket))
			return
		}
		now := time.Now()
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
	})
}

func (e events) message(n int, copy func(dst []byte)) {
	e.do(func(l *Link) {
		now := time.Now()
		few, many := l.mail.take(1, now)
		if !few {
			l.beyond(now)
		}
		switch {
		case n > l.o.Limits.Message+1:
			l.fail(hostile("sent a message of more than %d bytes", l.o.Limits.Message))
		case many || len(l.messages) >= l.o.Limits.Messages:
			l.fail(hostile("sends more than %d messages a second, or more than are read", l.o.Limits.Messages))
		case n > 0:
			m := make([]byte, n)
			copy(m)
			switch m[0] {
			case frameData:
				l.messages = append(l.messages, m[1:])
			case frameBye:
				l.fail(ErrGone)
			}
		}
	})
}

func (l *Link) beyond(now time.Time) {
	if l.refused.IsZero() {
		l.refused = now
	}
}
