// Package punch makes one link between two machines through whatever NATs
// stand between them: signals in and out, one unreliable and one reliable
// channel, native (pion) and in the browser (RTCPeerConnection). It knows no
// room, seat or frame.
package punch

import (
	"errors"
	"time"
)

// Server is a STUN or TURN server, as RTCIceServer has it.
type Server struct {
	URLs       []string
	Username   string
	Credential string
}

// Options of one link. The two ends differ in Offer.
type Options struct {
	Servers   []Server
	Offer     bool          // exactly one of the two ends offers
	RelayOnly bool          // show the other end no address of ours
	Timeout   time.Duration // to be open; zero means 15 s
	Limits    Limits
	Notify    func() // called from any goroutine when a method would answer anew; must not block. May be nil
}

// Limits bound what the other end can make us keep or do. Zero means the default.
type Limits struct {
	Packets int // a second, unreliable; default 240
	Bytes   int // a second, unreliable; default 64 KiB
	Inbox   int // packets held for Recv, oldest dropped; default 256
	Message int // bytes of a reliable message; default 16 KiB
}

// MaxPacket is the most that Send takes, in bytes.
const MaxPacket = 1200

// State of a link.
type State uint8

const (
	Connecting State = iota
	Open
	Closed // see Err
)

// Link is one end of a link.
type Link struct{}

// New starts to connect.
func New(o Options) (*Link, error) { return nil, errors.New("punch: not built yet") }

// NextSignal is the next signal to carry to the other end, if there is one.
// Signals may be lost, doubled and reordered on the way.
func (l *Link) NextSignal() (signal []byte, ok bool) { return nil, false }

// Signal hears a signal of the other end. Junk is an error and harms nothing.
func (l *Link) Signal(signal []byte) error { return nil }

// Send sends a packet, unreliable and unordered. It never blocks; what can't be sent now is dropped and counted.
func (l *Link) Send(packet []byte) {}

// Recv copies the next packet to dst, if there is one.
func (l *Link) Recv(dst []byte) (n int, ok bool) { return 0, false }

// SendMessage sends a message, reliable and ordered. It never blocks; a full queue is an error.
func (l *Link) SendMessage(m []byte) error { return nil }

// RecvMessage is the next message, if there is one.
func (l *Link) RecvMessage() (m []byte, ok bool) { return nil, false }

// State of the link; Err says why it is Closed.
func (l *Link) State() State { return Closed }

// Err is why the link closed: nil while it lives and after Close.
func (l *Link) Err() error { return nil }

// Report tells how the link goes.
func (l *Link) Report() Report { return Report{} }

// Close ends the link and waits for its goroutines.
func (l *Link) Close() error { return nil }

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
	Local   string        // our end of the selected pair, as "srflx 203.0.113.5:4711"
	Remote  string        // theirs
	RTT     time.Duration // of the last check; zero if unknown
	Connect time.Duration // from New to Open
	Tried   []string      // candidates of both ends, for a person who asks why not
	Dropped uint64        // packets dropped by Limits
	Reason  string        // one line: how it is, or why it failed
}
