package rtc

import "time"

// SetLinkTimeout makes tests of links that fail shorter; undo it in the end.
func SetLinkTimeout(d time.Duration) (undo func()) {
	before := linkTimeout
	linkTimeout = d
	return func() { linkTimeout = before }
}

// BreakLinks ends all links of a room, as a network that goes away does.
func (r *Room) BreakLinks() {
	r.mu.Lock()
	links := append([]*link(nil), r.links...)
	r.mu.Unlock()
	for _, l := range links {
		l.Close()
	}
	r.poke()
}
