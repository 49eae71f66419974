package punch

// path is a connection to the other end, or one that is being made.
type path struct {
	pipe      *pipe     // nil: it can't be made
	attempt   uint64    // that it came of
	era       int       // of the servers that it was made with
	err       error     // what it failed of
	asked     bool      // the other end has asked, by it, for what it lacks: it has gone over to it
	admission admission // of the other end's candidates; run's alone
}

// paths are those that a link has at one time.
type paths struct {
	current  *path   // that is open
	trial    *path   // that is being made, beside the current one or before there is one
	previous *path   // that was current before: what is on its way still arrives
	spent    []*pipe // that are to be closed
	era      int     // of the servers: with the next no relay is the same
}

// have reports whether a path is one of them.
func (ps *paths) have(p *path) bool {
	return p != nil && (p == ps.current || p == ps.trial || p == ps.previous)
}

// try makes place for another trial; what is returned is to be closed.
func (ps *paths) try(attempt uint64) (trial *path, old *pipe) {
	old = ps.drop()
	ps.trial = &path{attempt: attempt, era: ps.era}
	return ps.trial, old
}

// trying reports whether a trial goes on.
func (ps *paths) trying() bool { return ps.trial != nil && ps.trial.pipe != nil }

// drop ends the trial; what is returned is to be closed.
func (ps *paths) drop() (old *pipe) {
	if ps.trial != nil {
		old = ps.trial.pipe
	}
	ps.trial = nil
	return old
}

// move makes the trial the current path, and reports whether another was before it.
func (ps *paths) move() (moved bool) {
	moved = ps.current != nil
	if moved && ps.previous != nil {
		ps.spent = append(ps.spent, ps.previous.pipe)
	}
	if moved {
		ps.previous = ps.current
	}
	ps.current, ps.trial = ps.trial, nil
	return moved
}

// retire takes away what need not be heard any more: what is spent, and where it has
// lingered long enough the previous path.
func (ps *paths) retire(lingered bool) (old []*pipe) {
	old, ps.spent = ps.spent, nil
	if lingered && ps.previous != nil {
		old = append(old, ps.previous.pipe)
		ps.previous = nil
	}
	return old
}

// end takes all of them away.
func (ps *paths) end() (old []*pipe) {
	old = ps.spent
	for _, p := range []*path{ps.trial, ps.previous, ps.current} {
		if p != nil {
			old = append(old, p.pipe)
		}
	}
	*ps = paths{era: ps.era}
	return old
}

// outdated reports whether the current path was made with servers that are none of
// ours any more.
func (ps *paths) outdated() bool { return ps.current != nil && ps.current.era != ps.era }

func closeAll(pipes []*pipe) {
	for _, p := range pipes {
		if p != nil {
			p.close()
		}
	}
}
