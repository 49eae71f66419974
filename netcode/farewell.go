package netcode

// A machine that leaves names its last frame and votes no more; the others let
// it go by the next view, in which it has no input beyond. That frame lies ahead, so
// that they agree on the view while it plays on, holding nothing, and wait for
// nobody. It stays until it and all of them have confirmed its last frame. If only one
// machine is left, the match is over for that one, too, at the last frame of the
// machines that were with it.

const (
	linger    = 10 // ticks that a finished machine goes on speaking
	goneAfter = 90 // ticks of silence after which a finished machine waits no longer
	mostAhead = 64 // frames that a leaver plays on
)

// farewell is how far this machine is on its way out, and where the match ends.
type farewell struct {
	parting bool // Leave was called,
	at      int64
	leaving bool  // and everything given before has its frame
	last    Frame // then it is known up to where this machine plays
	end     Frame // nobody plays beyond this frame
	fin     bool  // everything up to end is confirmed
	finAt   int64 // tick of it
}

// part notes that Leave was called, and reports whether that is new.
func (f *farewell) part(tick int64) bool {
	if f.parting {
		return false
	}
	f.parting, f.at = true, tick
	return true
}

// leave names the last frame and leaves, if it is time: nothing that was given waits
// any more, or nobody stays to hear it, or it will not get on.
func (f *farewell) leave(tick int64, useful bool, last Frame) {
	if f.parting && !f.leaving && (!useful || tick-f.at >= goneAfter) {
		f.leaving, f.last = true, last
	}
}

// setEnd finds the frame beyond which nobody plays, as far as that is known.
func (f *farewell) setEnd(m *membership) {
	f.end = never
	if m.alone() {
		f.end = 0
		for i := range m.others {
			f.end = max(f.end, m.cuts[m.others[i].machine])
		}
		if f.leaving {
			f.end = min(f.end, f.last)
		}
		return
	}
	if !f.leaving {
		return
	}
	f.end = f.last
	if m.absent.has(m.self) { // What came too late for the others does not count.
		f.end = min(f.end, m.cuts[m.self])
	}
	last := f.end
	for i := range m.others {
		p := &m.others[i]
		if !p.gone && !p.leaving {
			return
		}
		if !p.gone {
			last = min(last, p.last)
		}
	}
	f.end = last // Everybody leaves: then nobody is let go.
}

// finish notes that everything there will be is confirmed, and reports whether that
// is so since this tick.
func (f *farewell) finish(tick int64, confirmed Frame) bool {
	if f.fin || confirmed < f.end {
		return false
	}
	f.fin, f.finAt = true, tick
	return true
}

// lingers reports whether somebody who leaves shall still hear that its end is
// confirmed.
func (f *farewell) lingers(tick int64, m *membership) bool {
	for i := range m.others {
		if p := &m.others[i]; p.leaving && (tick-f.finAt < linger || !p.fin && p.unheard < goneAfter) {
			return true
		}
	}
	return false
}

// done reports whether everybody has heard our goodbye, or can't any more.
func (f *farewell) done(tick int64, m *membership, started bool) bool {
	switch {
	case !f.parting:
		return false
	case tick-f.at >= int64(2*m.timeout+goneAfter):
		return true // The others can't let us go, whoever still speaks.
	case !f.leaving:
		return false
	case !started:
		return len(m.others) == 0 || tick-f.at >= quietAfter
	}
	lost := false // somebody is, so that the rest can't be confirmed
	for i := range m.others {
		p := &m.others[i]
		lost = lost || p.present() && p.unheard >= m.timeout
	}
	for i := range m.others {
		p := &m.others[i]
		gone := p.unheard >= m.timeout || (f.fin || lost) && p.unheard >= goneAfter
		if p.present() && !gone && !(p.fin && f.fin) {
			return false
		}
	}
	return true
}
