package rtc

import (
	"time"

	"github.com/punchback/punchback/nat/punch"
)

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

// LiftLimits lets players of that name send more than anybody lets in; undo it
// in the end.
func LiftLimits(name string) (undo func()) {
	before := limits
	limits = func(o *Options) punch.Limits {
		l := before(o)
		if o.Name == name {
			l.Packets, l.Bytes = 1<<30, 1<<30
		}
		return l
	}
	return func() { limits = before }
}

// Flood sends a packet to everybody that the room is linked to, and tells how
// many links that were.
func (r *Room) Flood() int {
	r.mu.Lock()
	links := append([]*link(nil), r.links...)
	r.mu.Unlock()
	for _, l := range links {
		l.Send([]byte("junk"))
	}
	return len(links)
}
