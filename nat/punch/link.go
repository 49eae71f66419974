package punch

import (
	"math/rand/v2"
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

	mu          sync.Mutex // of what follows
	state       State
	err         error
	paths       paths
	negotiation negotiation
	signals     signals
	in          received
	out         sent
	mail        mail
	report      Report
	marks       marks
	quality     quality
	upkeep      upkeep
	birthday    birthday   // run's alone
	strangers   *strangers // with a lock of its own
	denied      int        // the error code of a relay that does not let us in; zero: none
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
	if err := checkServers(o.ICEServers); err != nil {
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
		in:        newReceived(o.Limits),
		out:       newSent(o.Limits),
		strangers: newStrangers(),
	}
	l.negotiation = newNegotiation(l.id, uint64(l.started.UnixNano()), &o)
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
	r.Dropped, r.Unsent = l.in.dropped+l.in.inbox.dropped, l.out.unsent
	r.Tried = l.tried()
	if silent := l.in.silent(time.Now()); l.upkeep.silent && r.State == Open && silent >= silentAfter {
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
		l.paths.current.pipe.sendMessage([]byte{frameBye})
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
		l.signals.forget()
		l.noteClosed(err)
		l.poke()
	}
}
