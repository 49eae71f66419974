package rtc

import "time"

// SetLinkTimeout makes tests of links that fail shorter; undo it in the end.
func SetLinkTimeout(d time.Duration) (undo func()) {
	before := linkTimeout
	linkTimeout = d
	return func() { linkTimeout = before }
}
