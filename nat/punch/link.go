package punch

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/punchback/punchback/nat/trace"
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

	mu        sync.Mutex
	state     State
	err       error
	pipe      *pipe  // that is open
	live      uint64 // the attempt that it came of
	trial     *pipe  // that is being connected, beside the one that is open or before there is one
	attempt   uint64 // whose pipe trial is, or was
	broken    error  // what the pipe of this attempt failed of
	old       *pipe  // that was open before: what is on its way still arrives
	before    uint64 // the attempt that it came of
	spent     []*pipe
	asked     bool   // the other end has gone over to trial already
	other     uint64 // the Link at the other end
	heard     []*signal
	said      [][]byte
	fresh     []candidate // ours that were not said yet
	ours      []candidate
	theirs    []candidate
	in        inbox
	mail      mail
	newest    time.Time // when anything was heard last
	turned    time.Time // when run had its turn last, or something was heard
	all       uint64    // packets and messages heard
	packets   bucket
	bytes     bucket
	letters   struct{ messages, bytes bucket }
	refused   time.Time                                               // when the first packet or message came that was beyond the Limits
	out       struct{ packets, bytes, messages, messageBytes bucket } // what we send keeps to our own Limits
	waiting   outbox                                                  // packets that were sent
	frames    outbox                                                  // and what was said beside them
	begged    uint64                                                  // the attempt on whose path we were asked to say the rest again
	report    Report
	marks     marks
	quality   quality
	seeks     bool   // another path, since this one is silent
	renewed   bool   // there are servers that no attempt was made with
	era       int    // of the servers: with the next no relay is the same
	made      int    // the era that trial is of, or was
	lives     int    // and pipe
	denied    int    // the error code of a relay that does not let us in; zero: none
	chance    chance // of run alone
	strangers strangers
	signals   trace.Signals
	noted     [2]candidate // the pair that Options.Trace has heard of last
}

// Supported is why New can make no link on this machine or in this browser at
// all, as an *Error; nil if it can.
func Supported() error {
	if lack := lacking(); lack != "" {
		return &Error{Unsupported, lack}
	}
	return nil
}

// New starts to connect.
func New(o Options) (*Link, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	if err := checkServers(o.Servers); err != nil {
		return nil, err
	}
	if err := o.Limits.check(); err != nil {
		return nil, err
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
	}
	l.letters.messages, l.letters.bytes = newBucket(o.Limits.Messages), newBucket(o.Limits.MessageBytes)
	l.out.packets, l.out.bytes, l.out.messages, l.out.messageBytes = l.packets, l.bytes, l.letters.messages, l.letters.bytes
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

// Recv copies the next packet to dst, if there is one.
func (l *Link) Recv(dst []byte) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.pop(dst)
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

// Path is that of the Report, for those who ask often.
func (l *Link) Path() Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.report.Path
}

// Report tells how the link goes.
func (l *Link) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.report
	r.State = l.state
	r.Dropped += l.in.dropped
	r.Tried = l.tried()
	if silent := time.Since(l.newest); l.seeks && r.State == Open && silent >= silentAfter {
		r.Silent = silent
	}
	if e, ok := l.err.(*Error); ok {
		r.Cause = e.Cause
	}
	r.Reason = r.line(l.err)
	return r
}

// Goodbye is the goodbye of Close at once, for a page that has no time to wait for
// it to leave. Close is to follow.
func (l *Link) Goodbye() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == Open {
		l.pipe.sendMessage([]byte{frameBye})
	}
}

// Close says goodbye, ends the link and waits for its goroutines.
func (l *Link) Close() error {
	l.once.Do(func() { close(l.quit) })
	<-l.done
	return nil
}

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
		l.noteClosed(err)
		l.poke()
	}
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

func (l *Link) beyond(now time.Time) {
	if l.refused.IsZero() {
		l.refused = now
	}
}
