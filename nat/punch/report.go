package punch

import (
	"fmt"
	"math"
	"time"
)

// Path is the way that packets take.
type Path uint8

// Paths.
const (
	Unknown Path = iota
	Direct
	Relay
)

func (p Path) String() string { return [...]string{"unknown", "direct", "relay"}[p] }

// Phases of a connect. Signal, Check, DTLS and Open follow one another, and
// together are Report.Connect; Gather goes on beside them.
type Phases struct {
	Signal time.Duration // until both ends had the description of the other
	Gather time.Duration // until the last candidate of ours that came in time
	Check  time.Duration // ICE: until a pair of addresses worked
	DTLS   time.Duration // until the handshake was done
	Open   time.Duration // SCTP: until both channels were open
}

func (p Phases) String() string {
	return fmt.Sprintf("signal %v, gather %v, check %v, dtls %v, open %v", ms(p.Signal), ms(p.Gather), ms(p.Check), ms(p.DTLS), ms(p.Open))
}

func ms(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Millisecond)*10) / 10 }

// Report of one link, from this end.
type Report struct {
	State   State
	Path    Path
	Local   string        // our end of the selected pair, as "srflx 203.0.113.5:4711 udp"
	Remote  string        // theirs
	RTT     time.Duration // of the last check (RFC 7675), which there is about once a second; zero if unknown
	Jitter  time.Duration // how much that changes from one check to the next, smoothed
	Loss    float64       // share of the last few hundred packets of the other end that did not come, or were dropped here, 0 to 1; what is late is not lost
	Silent  time.Duration // nothing is heard for so long where something came all the time, and another way is sought; zero: all is well
	Why     string        // a sentence: why the path is no direct one; empty if it is
	Connect time.Duration // from New to Open
	Phases  Phases        // of it
	Moves   int           // how often the link went over to another path
	Tried   []string      // candidates of both ends, for a person who asks why not
	Dropped uint64        // packets received and dropped: beyond the Limits, or not polled in time
	Unsent  uint64        // packets not sent: not open, too long, or the network is slower than we send
	Cause   Cause         // why it is Closed
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
	why := ""
	if r.Why != "" {
		why = ", since " + r.Why
	}
	silent := ""
	if r.Silent > 0 {
		silent = fmt.Sprintf("nothing is heard for %.1f s, looking for another way; before: ", r.Silent.Seconds())
	}
	return silent + fmt.Sprintf("%v, %v ms (jitter %v ms, loss %.0f %%), %s to %s%s; connected in %v ms: %v",
		r.Path, r.RTT.Milliseconds(), ms(r.Jitter), 100*r.Loss, r.Local, r.Remote, why, ms(r.Connect), r.Phases)
}
