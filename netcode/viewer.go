package netcode

import "fmt"

// Viewer plays confirmed rows: a spectator and a replay are the same thing. It
// simulates the match again and never rolls back. It is not safe for use by
// several goroutines.
type Viewer struct {
	game   Game
	src    Source
	start  []byte // frame 0, as the game gives it
	frame  Frame
	agreed Frame // the last frame whose hash was equal, -1 before the first
	row    Row
	state  []byte
	err    error
}

// NewViewer starts to view rows from wherever the source is. The game is at
// its start, made by the source's Terms.
func NewViewer(g Game, src Source) (*Viewer, error) {
	if g == nil {
		return nil, fmt.Errorf("netcode: Game is nil")
	}
	if src == nil {
		return nil, fmt.Errorf("netcode: Source is nil")
	}
	start := g.Save(nil)
	return &Viewer{game: g, src: src, start: start, agreed: -1, state: make([]byte, 0, len(start)+len(start)/4)}, nil
}

// Advance steps to the next row, if there is one. To catch up, call it more
// often than the match ticks, while Behind is large. Where a row has a hash or
// a state, Advance compares: a *DesyncError, with Nobody as Peer, says that the
// game here makes something else of the rows than the game there. An error
// comes again until Seek.
func (v *Viewer) Advance() error {
	for v.err == nil {
		var ok bool
		if ok, v.err = v.src.Next(&v.row); v.err != nil || !ok {
			break
		}
		if v.err = v.show(&v.row); v.row.Frame > 0 {
			break // frame 0 was on screen before its row
		}
	}
	return v.err
}

// Frame is the frame on screen.
func (v *Viewer) Frame() Frame { return v.frame }

// Behind is how many rows are waiting, if the source can tell by a method
// Behind() int, else 0.
func (v *Viewer) Behind() int {
	if s, ok := v.src.(interface{ Behind() int }); ok {
		return s.Behind()
	}
	return 0
}

// Seek goes to frame f, or to the first after it if the source begins later. It
// steps there from the screen, from a state in the source or from the start,
// whichever is nearest.
func (v *Viewer) Seek(f Frame) error {
	if f < 0 {
		return fmt.Errorf("netcode: Seek to frame %d, must be 0 or more", f)
	}
	if err := v.src.Seek(f); err != nil {
		return err
	}
	if f < v.frame || v.err != nil {
		v.game.Load(v.start)
		v.frame, v.agreed, v.err = 0, -1, nil
	}
	for v.row.Frame = -1; v.row.Frame < f && f > 0; {
		ok, err := v.src.Next(&v.row)
		if err == nil && !ok {
			err = fmt.Errorf("netcode: Seek to frame %d, rows end at frame %d", f, v.frame)
		}
		if err == nil && (v.row.Frame > v.frame || v.frame == 0) { // the others are in the state already
			err = v.show(&v.row)
		}
		if err != nil {
			v.err = err
			return err
		}
	}
	return nil
}

// show makes the state at the row's frame.
func (v *Viewer) show(r *Row) error {
	switch {
	case r.Frame == v.frame+1:
		if n := v.src.Terms().Players; len(r.Inputs) != n {
			return fmt.Errorf("netcode: row of frame %d has %d inputs, must be %d", r.Frame, len(r.Inputs), n)
		}
		v.game.Step(r.Inputs)
	case r.Frame == 0 && v.frame == 0:
	case r.State != nil:
		if err := v.load(r); err != nil {
			return err
		}
	default:
		return fmt.Errorf("netcode: row of frame %d has no State, and must be of frame %d", r.Frame, v.frame+1)
	}
	v.frame = r.Frame
	return v.compare(r)
}

// load becomes a state that comes from elsewhere. A Game may panic at one that
// it would not have saved; here that is an error.
func (v *Viewer) load(r *Row) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("netcode: State of frame %d, %d bytes, is not of this game: %v", r.Frame, len(r.State), why)
		}
	}()
	v.game.Load(r.State)
	return nil
}

// compare looks whether this simulation came to what the row says.
func (v *Viewer) compare(r *Row) error {
	if r.Hash == 0 && r.State == nil {
		return nil
	}
	v.state = v.game.Save(v.state[:0])
	ours, theirs := HashState(v.state), r.Hash
	if r.State != nil {
		theirs = HashState(r.State)
	}
	if ours == theirs {
		v.agreed = r.Frame
		return nil
	}
	e := &DesyncError{Peer: Nobody, Frame: r.Frame, Ours: ours, Theirs: theirs, Agreed: v.agreed, State: append([]byte(nil), v.state...), Offset: -1}
	if r.State != nil {
		e.Their = append([]byte(nil), r.State...)
		e.name(v.game, firstByte(v.state, r.State), r.State, len(r.State))
	}
	t := v.src.Terms()
	e.Dump = appendDump(e, v.game, &t, nil, Nobody, [][]Input{r.Inputs}, e.Their, nil)
	return e
}
