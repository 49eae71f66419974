// Package rtc puts netcode online: rooms, seats and links. Join a room, poll it
// until it has a Match, and give the Match to netcode.NewSession as its Transport.
//
// # Rooms
//
// Join with wss://play.example/pong puts strangers together; with Options.Near it
// prefers players who are near each other. /pong/CODE is one room, which friends enter
// by a link or by a code that can be spoken. List finds public rooms by what their
// leaders say of them. A room holds up to eight machines. Its leader may Lock it, Kick
// members and set its data, which becomes Terms.Setup. With Options.Late friends join
// the room during a match and play the next one. Say and Chat go from machine to
// machine, so they work without the server.
//
// A machine's room ends by Close, by a kick or by a refusal at joining, and by nothing
// else. Member.Away and Member.Unreachable say which member is in trouble, and why.
// After 10 s a match starts without that member, if enough of the others are linked to
// each other; after 30 s a newcomer may take its place. A player who comes back by the
// same link gets the old place at once: see Options.Identity.
//
// Players see each other's addresses unless one of them sets RelayOnly. Secret hides
// the addresses from the server, too.
//
// # What it never does
//
// Goroutines, clocks and locks live in this package, so that a game has none. The game
// polls everything; only calls that take a context block, and nobody calls the game
// back. The server introduces players and starts matches. What players say goes from
// machine to machine, and a match goes on without the server. In the browser it is the
// same API over the browser's own WebRTC.
package rtc

import (
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// Options of Join; nil and zero values are fine.
type Options struct {
	Build string // the game's name and version: only members with the same one meet
	Name  string // of the player, for the others to see
	// Identity brings this player back to the same place in the room after a crash or a
	// reload, in a new process or page, once the old one is dead. "" is one that the
	// client keeps: in the browser's storage, or natively in a file under
	// os.UserConfigDir. A game with accounts may use those; NoIdentity is none. Other
	// players never learn it, and a server learns only a hash for this game.
	Identity  string
	Fallbacks []string // other servers of the same service, as wss://HOST, if the one of the link does not answer; see client.Options
	// Secret is known to the players but not to the server, such as the part of your
	// link after #; see NewSecret. It hides the signals by which players connect, and so
	// their addresses, from the server. All members of a room have the same or none, so
	// a spoken code alone no longer leads into the room.
	Secret    string
	Page      string            // the page that Invite leads to; default: the current page in the browser, natively the server's
	RelayOnly bool              // show no other player an address of ours
	PortMap   bool              // ask the router to open a port for each link; not in the browser
	Birthday  punch.Probe       // nat.PublicPorts: where only a relay is left, guess ports of a symmetric NAT, if the other end does so too; nil: don't. See punch.Probe
	Public    bool              // if this makes the room, it is in the list: see List
	Late      bool              // if this makes the room, newcomers come in during a match, too: see Room.SetLate
	Metadata  map[string]string // if this makes the room, what the list says of it: see Room.SetMetadata
	Near      map[string]int    // milliseconds to up to 8 places that your game names ("fra": 20), so that strangers who meet are near each other
	Rate      int               // ticks a second; zero means 60. All members of a room have the same, and the same Timeout
	Timeout   time.Duration     // silence after which the others go on without a machine, half a second to a minute; zero means 5 s, because browsers sometimes stop a tab for more than one
	Local     int               // seats on this machine; zero means 1, the only number for now
}

// Phase of a room.
type Phase uint8

// Phases, in the order in which a room usually has them.
const (
	Joining   Phase = iota // reaching the server
	Gathering              // waiting for people
	Linking                // punching through to them
	Playing                // a Match is there
	Over                   // see Status.Err
)

func (p Phase) String() string {
	if int(p) >= len(phases) {
		return "unknown phase"
	}
	return phases[p]
}

var phases = [...]string{"joining", "gathering", "linking", "playing", "over"}

// Status is what to show while there is no Match yet.
type Status struct {
	Phase    Phase
	Text     string  // a sentence for the player
	Progress float32 // 0 to 1
	Err      error   // an *Error: why the room is over
}

// Member is a machine in the room.
type Member struct {
	Peer   netcode.Peer
	Name   string
	Ready  bool
	Away   bool         // its connection to the server is lost, or it has left a match that it plays
	Plays  bool         // it is in a match
	Self   bool         // it is this machine
	Data   []byte       // what it said by SetData; not to be changed
	Report punch.Report // of itself: open

	// AwayFor is how long it has been Away. After ten seconds a match starts without it,
	// if there are enough others; after half a minute it is no member any more.
	AwayFor time.Duration
	// Unreachable says why this machine could not be linked to it in a few tries. The
	// tries go on, and other members may reach it: after ten seconds a match starts
	// among the members that are linked to each other, if they are enough, without the
	// rest. It is empty while the link is open or tried for the first time.
	Unreachable string
	// Banned says why this machine does not link to it any more: it was hostile, see
	// punch.ErrHostile. A match goes on without it. The next one starts when it has
	// left the room; if the leader has banned it, the leader kicks it. Empty if it is
	// not banned.
	Banned string
	// Accused is the reason that another member gives for banning it. It may be a lie
	// and has no consequence.
	Accused string
}

// Room is a place where people meet, link and play one match after another.
// Its methods may be called from any goroutine.
type Room struct {
	options Options
	server  *url.URL
	client  *client.Conn
	wake    chan struct{} // there is something for run to do
	stop    chan struct{} // closed by Close
	done    chan struct{} // closed at the end of run
	seal    *seal         // nil: signals are open
	log     *trace.Log    // see Trace

	mu       sync.Mutex // guards everything below
	status   Status
	code     string
	players  string // as in a link: "2" or "2-4"
	least    int    // the same
	most     int
	members  []Member
	links    []*link
	match    *Match
	settings protocol.Room // what the leader has made of it
	asks     wants
	wish     *protocol.Room // what this machine, as leader, wants it to be
	spoken   int            // see mesh.Spoken
	lines    []Line
	over     error
	ready    bool
	data     []byte
	closed   bool
	changed  chan struct{} // closed and made anew when match or over changes
}

// link is the link to a peer.
type link struct {
	peer netcode.Peer
	*punch.Link
	open bool // as run saw it last
}

// Join enters the room that a url names: wss://host/GAME fills any room of the
// game, wss://host/GAME?new makes one that strangers are not put into,
// wss://host/GAME/CODE is that room, and ?players=2, or 2-4, says how
// many machines a match takes. A link that begins with a slash leaves out the
// server: in the browser it is the page's own, and the page's ?room= and
// ?players= count; natively it is ws://127.0.0.1:8080. It returns at once; the
// error is for a bad url or option, or an *Error for a browser without WebRTC,
// which enters no room.
//
// A page's own server is punchback.server, which its script may set, or else where
// the page comes from. Its ?server= counts only if the script sets
// punchback.serverFromLink, or on a loopback address without punchback.server: a
// link is made by anybody.
//
// In the browser the page, too, is told why a Join failed, a match ended or a
// room is over: page.js of demo/web shows it.
func Join(link string, o *Options) (*Room, error) {
	r, err := join(link, o)
	if err != nil {
		reportEnd(err)
	}
	return r, err
}

func join(link string, o *Options) (*Room, error) {
	if err := punch.Supported(); err != nil {
		return nil, &Error{Code: CodeWebRTC, Text: strings.TrimPrefix(err.Error(), "punch: "), Err: err}
	}
	link = around().complete(link)
	r := &Room{wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{})}
	if o != nil {
		r.options = *o
	}
	if o := &r.options; o.Rate == 0 {
		o.Rate = 60
	}
	if rate := r.options.Rate; rate < 1 || rate > netcode.MaxRate {
		return nil, fmt.Errorf("rtc: Rate is %d, must be 1 to %d", rate, netcode.MaxRate)
	}
	if o := &r.options; o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if t := r.options.Timeout; t < time.Second/2 || t > time.Minute {
		return nil, fmt.Errorf("rtc: Timeout is %v, must be 500ms to 1m", t)
	}
	if local := r.options.Local; local != 0 && local != 1 {
		return nil, fmt.Errorf("rtc: Local is %d, must be 1", local)
	}
	r.seal = newSeal(r.options.Secret)
	r.options.identify()
	server, place, err := client.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	who := who(place.Game, r.options.Identity)
	r.server, r.log = server, r.options.begin(server, place)
	r.log.Hide(who, "identity")
	if r.client, err = client.Dial(link, client.Options{Build: r.options.Build, Name: r.options.Name, Who: who, Fallbacks: r.options.Fallbacks, Room: r.options.settings(), Near: r.options.Near, Notify: r.poke}); err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	r.status = Status{Phase: Joining, Text: "connecting to " + r.server.Host}
	offerTrace(r.log)
	go r.run()
	return r, nil
}

// poke wakes run.
func (r *Room) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Status is what to show while there is no Match yet.
func (r *Room) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Code is the room's name, to be spoken; empty until the server has told it.
func (r *Room) Code() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.code
}

// Invite leads others into this room, by Options.Page; empty while Code is.
func (r *Room) Invite() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pageLink()
}

// pageLink is Link; the lock is held.
func (r *Room) pageLink() string {
	if r.code == "" {
		return ""
	}
	return pageLink(r.options.Page, r.server, r.code, r.players)
}

// Players is how many machines a match needs, and takes; zero until the server has
// told it.
func (r *Room) Players() (least, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.least, r.most
}

// Members are the machines in the room, this one included, in order of Peer.
func (r *Room) Members() iter.Seq[Member] {
	r.mu.Lock()
	members := r.members // Replaced, never changed.
	r.mu.Unlock()
	return func(yield func(Member) bool) {
		for _, m := range members {
			if l := r.link(m.Peer); l != nil {
				m.Report = l.Report()
			} else if m.Self {
				m.Report.State = punch.Open
			}
			if !yield(m) {
				return
			}
		}
	}
}

// wants is what the game wants done once, and the room's goroutine has not done yet.
type wants struct {
	wish  *protocol.Room
	kicks []protocol.ID
	says  []string
}

// settings are what the room is to be if this machine makes it.
func (o *Options) settings() *protocol.Room {
	if !o.Public && !o.Late && len(o.Metadata) == 0 {
		return nil
	}
	return &protocol.Room{Public: o.Public, Late: o.Late, Meta: maps.Clone(o.Metadata)}
}

// SetReady says that this player wants to start, or not yet. Where the number
// of players is fixed there is nothing to decide: a full room starts.
func (r *Room) SetReady(ready bool) {
	r.mu.Lock()
	r.ready = ready
	r.mu.Unlock()
	r.poke()
}

// SetData sets what the others see of this machine: a character, a team. That
// of the first seat becomes netcode.Terms.Setup when a match starts, if the
// room has no data of its own: see SetRoomData.
func (r *Room) SetData(data []byte) error {
	if len(data) > protocol.MaxData {
		return fmt.Errorf("rtc: data of %d bytes, the limit is %d", len(data), protocol.MaxData)
	}
	r.mu.Lock()
	r.data = append([]byte{}, data...)
	r.mu.Unlock()
	r.poke()
	return nil
}

// Close leaves the room and ends its links and its Match. It waits for all
// that it has started.
func (r *Room) Close() error {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	r.mu.Unlock()
	if first {
		close(r.stop)
	}
	<-r.done
	return nil
}

// link is the link to a peer; nil if there is none.
func (r *Room) link(p netcode.Peer) *punch.Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		if l.peer == p {
			return l.Link
		}
	}
	return nil
}
