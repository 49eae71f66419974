package punch

// bareLink is an open Link that nobody runs and that has no pipe, and what a pipe
// would tell it by.
func bareLink(limits Limits) (*Link, events) {
	o := Options{Notify: func() {}, Limits: limits.withDefaults()}
	l := &Link{o: o, wake: make(chan struct{}, 1), state: Open, in: newReceived(o.Limits), out: newSent(o.Limits), strangers: newStrangers()}
	l.paths.current = &path{attempt: 1}
	return l, events{l, l.paths.current}
}
