package punch

import (
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
	strangers *strangers
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
		o:         o,
		id:        rand.Uint64(),
		started:   time.Now(),
		wake:      make(chan struct{}, 1),
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		in:        newInbox(o.Limits.Inbox),
		packets:   perSecond(o.Limits.Packets),
		bytes:     perSecond(o.Limits.Bytes),
		strangers: newStrangers(),
	}
	l.letters.messages, l.letters.bytes = perSecond(o.Limits.Messages), perSecond(o.Limits.MessageBytes)
	l.out.packets, l.out.bytes, l.out.messages, l.out.messageBytes = l.packets, l.bytes, l.letters.messages, l.letters.bytes
	go l.run()
	return l, nil
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
