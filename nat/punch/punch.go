// Package punch makes one link between two machines, through the NATs between them:
// signals in and out, one unreliable and one reliable channel. It knows no room, seat
// or frame. The only callbacks are Options.Notify, which says that there is something
// to poll, and Options.Trace.
//
// The caller carries the signals to the other end; on the way they may be lost,
// doubled and reordered. Options say which end offers, so there is no glare.
//
// An open link keeps looking for a better path. Where it began with a relay, it tries
// the direct way again and again. Where it hears nothing any more, or this machine has
// changed networks, it makes another path while the old one stays in use. The change
// loses no packet, and loses, doubles or reorders no message. So the caller must go on
// carrying signals while the link is open.
//
// Native links are pion's, tuned and hardened. They do not wait for a better pair, and
// save every round trip that DTLS and SCTP can spare. The two channels are agreed
// beforehand and no others are accepted; Limits bound what the other end may send in a
// second. Only a few of the addresses that the other end names are tried until one
// answers, and each gets ten checks at most. In the browser a link is an
// RTCPeerConnection: the browser chooses addresses, timers and buffers, and hides this
// machine's addresses behind names that end in .local, which native ends resolve.
package punch

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// ICEServer is a STUN or TURN server, as RTCIceServer has it.
type ICEServer struct {
	URLs       []string
	Username   string
	Credential string
}

// Options of one link. The two ends differ in Offer.
type Options struct {
	ICEServers []ICEServer
	Offer      bool          // exactly one of the two ends offers
	RelayOnly  bool          // show the other end no address of ours
	PortMap    bool          // ask the router to open a port (PCP, NAT-PMP, UPnP) as long as the link lives; not in the browser
	Birthday   Probe         // where one NAT is symmetric and only a relay is left, guess its ports, by what nat.PublicPorts or another Probe says of them; nil: don't
	Timeout    time.Duration // to be open; zero means 15 s
	Limits     Limits
	Trace      func(trace.Event) // hears what happens, for a report of why a link was not made; called from any goroutine, must not block nor call the Link. May be nil
	Notify     func()            // called from any goroutine when a method would answer anew; must not block. May be nil
}

// Probe asks STUN servers, as "host:port", what the NAT of this machine does: its
// public IPv4 address and, where the port changes with the destination, the lowest
// and the highest to be expected. Both are zero where it does not change; an error
// means that nobody can tell. It is nat.PublicPorts, which this package does not
// link for those who do not guess.
//
// A round of guesses begins when the direct way has failed. It takes hundreds of
// packets, both ends must have a Probe, and none of them is a browser. The Probe
// is called from a goroutine of the link's, and Close waits for it: it must end
// when ctx does.
type Probe func(ctx context.Context, servers ...string) (public netip.Addr, low, high uint16, err error)

// Limits bound what the other end can make us keep or do. Zero means the default.
type Limits struct {
	Packets      int           // a second, unreliable; default 240
	Bytes        int           // a second, unreliable; default 64 KiB
	Inbox        int           // packets held for Recv, oldest dropped; default 256
	Message      int           // bytes of a reliable message; default 16 KiB, at most MaxMessage
	Messages     int           // a second, reliable; default 64
	MessageBytes int           // a second, reliable; default 256 KiB
	Ack          time.Duration // how long what SendMessage took may go unacknowledged; default 15 s: more than a dead path is given
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Packets, 240}, {&l.Bytes, 64 << 10}, {&l.Inbox, 256}, {&l.Message, 16 << 10}, {&l.Messages, 64}, {&l.MessageBytes, 256 << 10}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	l.MessageBytes = max(l.MessageBytes, l.Message) // or the longest could never be sent
	if l.Ack <= 0 {
		l.Ack = 15 * time.Second
	}
	return l
}

// check names what no link could keep to.
func (l Limits) check() error {
	if l.Message > MaxMessage {
		return fmt.Errorf("punch: Limits.Message is %d, the limit is %d", l.Message, MaxMessage)
	}
	return nil
}

// MaxMessage is the limit of Limits.Message, in bytes: what a native end's window
// takes. A message is handed out when all of it is there, so that a longer one would
// fill the window and never end.
const MaxMessage = 64 << 10

// MaxPacket is the most that Send takes, in bytes.
const MaxPacket = 1200

// State of a link.
type State uint8

// States of a link, in their order.
const (
	Connecting State = iota
	Open
	Closed // see Err
)

func (s State) String() string { return [...]string{"connecting", "open", "closed"}[s] }
