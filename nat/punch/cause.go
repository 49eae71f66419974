package punch

import (
	"fmt"
	"time"
)

// Cause names why a link could not be made, or has ended.
type Cause uint8

// Causes.
const (
	NoCause        Cause = iota // none: it lives, or this end closed it
	NoAnswer                    // nothing was heard from the other end: it is not there, or signals are not carried
	NoCandidates                // one of the ends has no address to be reached at: no network, or no relay where only relays may be shown
	NoUDP                       // no server told an address of ours, though there are servers: UDP is blocked here, and no relay is reached by TCP
	RelayRefused                // the relay let us in not: credentials are wrong or too old, or it is full
	RelayQuota                  // the relay has carried for this player what it may, or as many links (486 of RFC 8656)
	ChecksFailed                // both ends know addresses of each other, and nothing came through between any two of them
	DTLSFailed                  // packets came through, but there was no handshake: somebody else answers there, or long packets are lost
	ChannelsFailed              // the handshake was done, but the channels did not open: the other end may be of another version
	PathLost                    // it was open, and nothing was heard for so long that it is given up
	Unacknowledged              // it was open, and messages are not acknowledged, or not read at this end
	ClosedByThem                // the other end closed it on purpose
	Hostile                     // the other end did what none of ours does; see ErrHostile
	Unsupported                 // this machine or browser can't make a link at all
)

func (c Cause) String() string {
	return [...]string{"none", "no answer", "no candidates", "no UDP", "relay refused", "relay quota", "checks failed", "DTLS failed",
		"channels failed", "path lost", "unacknowledged", "closed by them", "hostile", "unsupported"}[c]
}

// Error is what the Err of a link is.
type Error struct {
	Cause Cause
	Text  string // a sentence with what was tried and with what result
}

func (e *Error) Error() string { return "punch: " + e.Text }

// Is makes everything hostile an ErrHostile.
func (e *Error) Is(target error) bool { return target == ErrHostile && e.Cause == Hostile }

// ErrGone is the Err of a link that the other end closed.
var ErrGone error = &Error{ClosedByThem, "the other side closed the link"}

// errLost is what a path ends of that was open.
var errLost = &Error{PathLost, "nothing is heard from the other side any more"}

// errDTLS is what a path ends of on which no handshake is possible.
var errDTLS = &Error{DTLSFailed, "DTLS failed: the other side is not who signals say, or handshakes don't come through"}

func unacknowledged(limit time.Duration, waiting int) error {
	return &Error{Unacknowledged, fmt.Sprintf("the other side acknowledged nothing for %v, and %d bytes wait for it", limit, waiting)}
}
