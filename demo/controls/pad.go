package controls

// Finger is one that touches the screen, at pixels of the game's screen.
type Finger struct {
	ID   int
	X, Y float64
}

// spot is a circle on the screen.
type spot struct{ x, y, r float64 }

func (s spot) has(f Finger, reach float64) bool { return length(f.X-s.x, f.Y-s.y) <= s.r*reach }

// Pad is a stick and buttons on a touch screen. The stick comes to where the left thumb
// lands, and follows it; a right thumb that slides from one button to the next holds the
// next.
type Pad struct {
	names   []string // of the buttons, the first nearest to the thumb
	left    float64  // everything left of it is the stick's
	top     float64  // nothing above it is the pad's
	rest    spot     // where the stick is shown when nobody touches it
	buttons []spot

	stick  spot
	thumb  int // the finger that holds the stick,
	held   bool
	at     [2]float64 // which is so far from the middle of it, of 1
	down   uint64     // buttons, as bits
	direct Stick
}

// How far from the middle of a button a finger still holds it, in its radius. Buttons that
// stand apart by less share what is between them.
const buttonReach = 1.45

// Place gives the pad its part of the screen: its top left corner and its size, in pixels.
// A thumb is the radius that a stick needs, about 60 pixels of a phone's own.
func (p *Pad) Place(x, y, w, h, thumb float64) {
	p.left, p.top = x+w*0.5, y
	p.rest = spot{x + 1.5*thumb, y + h - 1.4*thumb, thumb}
	if h > w { // a field of its own, below a picture: thumbs reach its middle
		p.rest.y = y + h*0.42
	}
	p.buttons = p.buttons[:0]
	bx, by := x+w-2.2*thumb, p.rest.y+0.35*thumb
	for i := range p.names { // each further to the right and higher
		p.buttons = append(p.buttons, spot{bx + float64(i)*1.25*thumb, by - float64(i)*0.95*thumb, thumb * 0.62})
	}
}

// touch hears which fingers are on the screen now.
func (p *Pad) touch(fingers []Finger) {
	kept := false
	p.down = 0
	for _, f := range fingers {
		if p.held && f.ID == p.thumb {
			kept = true
			p.drag(f)
			continue
		}
		if f.Y < p.top {
			continue
		}
		if i := p.nearest(f); i >= 0 {
			p.down |= 1 << i
			continue
		}
		if !p.held && f.X < p.left {
			p.held, p.thumb, kept = true, f.ID, true
			p.stick = spot{f.X, f.Y, p.rest.r}
			p.drag(f)
		}
	}
	if !kept {
		p.held, p.at, p.direct = false, [2]float64{}, 0
	}
}

// drag moves the stick's thumb. One that leaves the stick takes it along, so that the way
// back is short.
func (p *Pad) drag(f Finger) {
	dx, dy := f.X-p.stick.x, f.Y-p.stick.y
	if d := length(dx, dy); d > p.stick.r {
		k := (d - p.stick.r) / d
		p.stick.x, p.stick.y = p.stick.x+dx*k, p.stick.y+dy*k
		dx, dy = f.X-p.stick.x, f.Y-p.stick.y
	}
	p.at = [2]float64{dx / p.stick.r, dy / p.stick.r}
	p.direct = directions(p.at[0], p.at[1])
}

// nearest is the button that a finger holds, -1 for none.
func (p *Pad) nearest(f Finger) int {
	best, least := -1, 0.0
	for i, s := range p.buttons {
		if d := length(f.X-s.x, f.Y-s.y); s.has(f, buttonReach) && (best < 0 || d < least) {
			best, least = i, d
		}
	}
	return best
}
