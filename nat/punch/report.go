package punch

import (
	"fmt"
	"time"
)

// Path is the way that packets take.
type Path uint8

const (
	Unknown Path = iota
	Direct
	Relay
)

func (p Path) String() string { return [...]string{"unknown", "direct", "relay"}[p] }

// Report of one link, from this end.
type Report struct {
	State   State
	Path    Path
	Local   string        // our end of the selected pair, as "srflx 203.0.113.5:4711 udp"
	Remote  string        // theirs
	RTT     time.Duration // of the last check; zero if unknown
	Connect time.Duration // from New to Open
	Moves   int           // how often the link went over to another path
	Tried   []string      // candidates of both ends, for a person who asks why not
	Dropped uint64        // packets received and dropped: beyond the Limits, or not polled in time
	Unsent  uint64        // packets not sent: not open, too long, or the network is slower than we send
	Reason  string        // one line: how it is, or why it failed
}

func (r Report) line(err error) string {
	switch {
	case r.State == Closed && err != nil:
		return err.Error()
	case r.State == Closed:
		return "closed"
	case r.State == Connecting:
		return "connecting"
	case r.Path == Unknown:
		return "open"
	}
	return fmt.Sprintf("%v, %v ms, %s to %s", r.Path, r.RTT.Milliseconds(), r.Local, r.Remote)
}
