package punch

import "time"

const (
	stoodStill = time.Second // without a turn of run, which takes one many times a second
	longest    = time.Minute // that is made good for
)

// woke lets in what came while this program stood still: a phone was locked and
// its page frozen, or a process stopped. It comes all at once then, and was said
// within the Limits all the same. The caller holds the lock.
func (l *Link) woke(now time.Time) {
	d := now.Sub(l.turned)
	if !l.turned.IsZero() && d > stoodStill {
		for _, b := range []*bucket{&l.packets, &l.bytes, &l.letters.messages, &l.letters.bytes} {
			b.grant(min(d, longest), now)
		}
	}
	l.turned = now
}
