package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc/internal/mesh"
	"github.com/punchback/punchback/signaling/protocol"
)

// linkTimeout is how long one try to link two machines may take. It is a
// variable for tests alone.
var linkTimeout = 8 * time.Second

// limits of a link. A session says one packet in a tick; more than that is for
// catching up. It is a variable for tests alone.
var limits = func(o *Options) punch.Limits {
	rate := max(o.Rate, 60)
	return punch.Limits{Packets: 4 * rate, Bytes: rate * punch.MaxPacket}
}

// driver is the state of a room's one goroutine. It carries what the server
// and the links say to the mesh, and does what the mesh orders.
type driver struct {
	*Room
	mesh    mesh.Mesh
	strange map[protocol.ID]bool // whose signals are not understood
	ready   bool
	data    []byte
	up      bool      // the server was there in the last turn,
	said    int       // see mesh.Spoken
	text    string    // and this was how it went
	news    bool      // something may look different to the game
	shown   string    // what the page knows of the room
	fault   *Error    // why the room is over, or will be after the match
	hurried time.Time // see hasten
	ticks   int
	known   map[protocol.ID]*noted
	named   string         // the servers that were noted last
	closing sync.WaitGroup // links that are being closed
}

// run is the goroutine of a room, from Join to the end.
func (r *Room) run() {
	defer close(r.done)
	d := &driver{Room: r}
	defer r.parting()()
	ticker := time.NewTicker(time.Second / mesh.TickRate)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			d.fault = &Error{Code: CodeClosed, Text: "the room was closed"}
			d.end()
			return
		case <-ticker.C:
			d.mesh.Tick()
			d.paths()
			d.hasten()
			if d.ticks++; d.mesh.Match() == nil || d.ticks%mesh.TickRate == 0 { // Somebody may be away for a second more.
				d.news = true
			}
		case <-r.wake:
		}
		d.turn()
		if d.fault != nil && d.mesh.Match() == nil {
			d.end()
			return
		}
	}
}

// turn hears everybody once and does what comes of it. It is called for every
// packet too, since links say no more than that there is something; then it
// finds nothing, and costs next to nothing.
func (d *driver) turn() {
	for msg, ok := d.client.Recv(); ok; msg, ok = d.client.Recv() {
		d.news = true
		if msg.Kind == protocol.Signal && !d.unseal(&msg) {
			continue
		}
		d.noteHeard(&msg)
		d.mesh.Hear(msg)
		if msg.Kind != protocol.Signal {
			d.noteMembers()
		}
		d.obey()
		if len(msg.Servers) > 0 {
			d.renew()
		}
	}
	d.hearLinks()
	d.hearGame() // after the links: it may say something to whoever it has seen linked
	d.hearLines()
	d.obey()
	if up, text := d.client.Up(), d.client.Text(); up != d.up || text != d.text {
		d.noteServer(up, text)
		d.up, d.text, d.news = up, text, true
		d.mesh.Server(up)
	}
	if err := d.client.Err(); err != nil && d.fault == nil {
		d.fault = serverError(err)
	}
	if d.news {
		d.news = false
		d.publish()
	}
}

// unseal opens what another machine says, or drops what it does not understand.
func (d *driver) unseal(msg *protocol.Message) (ok bool) {
	msg.Payload, ok = d.seal.open(msg.Payload, d.mesh.Code(), msg.From, d.mesh.Self())
	if !ok && d.strange == nil {
		d.strange = map[protocol.ID]bool{}
	}
	if d.strange != nil && len(d.strange) < protocol.MaxMembers {
		d.strange[msg.From] = !ok
	}
	return ok
}

// hearGame tells the mesh what the game wants since the last turn.
func (d *driver) hearGame() {
	d.mu.Lock()
	ready, data, playing, asks := d.Room.ready, d.Room.data, d.match != nil, d.asks
	d.asks = wants{}
	d.spoken += len(asks.says)
	d.mu.Unlock()
	if !playing && d.mesh.Match() != nil {
		d.news = true
		d.log.Add(trace.Event{Kind: trace.End})
		d.mesh.EndMatch()
	}
	if ready != d.ready {
		d.ready, d.news = ready, true
		d.mesh.SetReady(ready)
	}
	if !bytes.Equal(data, d.data) {
		d.data, d.news = data, true
		d.mesh.SetData(data)
	}
	if asks.wish != nil {
		d.mesh.SetRoom(*asks.wish)
	}
	for _, id := range asks.kicks {
		d.mesh.Kick(id)
	}
	for _, text := range asks.says {
		d.mesh.SayText(text)
		d.said = -1 // Whether it was said is to be told.
	}
}

// hearLinks carries the links' signals and tells the mesh what became of them.
func (d *driver) hearLinks() {
	for i := 0; i < len(d.links); i++ { // Only this goroutine changes links.
		l := d.links[i]
		id := protocol.ID(l.peer)
		for signal, ok := l.NextSignal(); ok; signal, ok = l.NextSignal() {
			d.mesh.Carry(id, signal)
		}
		for m, ok := l.RecvMessage(); ok; m, ok = l.RecvMessage() {
			d.mesh.Posted(id, m)
		}
		switch l.State() {
		case punch.Open:
			if !l.open {
				l.open, d.news = true, true
				d.mesh.Opened(id)
			}
		case punch.Closed:
			reason := "it was closed"
			if err := l.Err(); errors.Is(err, punch.ErrGone) {
				reason = gone
			} else if err != nil {
				reason = strings.TrimPrefix(err.Error(), "punch: ")
			}
			if d.strange[id] {
				reason = "what it says is sealed with another secret, or with none"
			}
			d.news = true
			d.drop(l.peer)
			if errors.Is(l.Err(), punch.ErrHostile) {
				d.mesh.Ban(id, reason)
			} else {
				d.mesh.Closed(id, reason)
			}
			i--
		}
	}
}

// paths tells the mesh by which way the links go.
func (d *driver) paths() {
	for _, l := range d.links {
		if l.open {
			d.mesh.Path(protocol.ID(l.peer), mesh.Path(l.Path())) // both begin with unknown, direct
		}
	}
}

// hasten asks for the server, where it is away, for links that need another path:
// its relay may have ended with it, and a match does not wait as long as the client
// may, for whom there is no hurry as long as the links are good.
func (d *driver) hasten() {
	if d.client.Up() || d.mesh.Match() == nil || time.Since(d.hurried) < time.Second {
		return
	}
	if slices.ContainsFunc(d.links, func(l *link) bool { return l.open && l.Silent() }) {
		d.hurried = time.Now()
		d.client.Hurry()
	}
}

// obey does what the mesh wants.
func (d *driver) obey() {
	for o, ok := d.mesh.Next(); ok; o, ok = d.mesh.Next() {
		peer := netcode.Peer(o.Peer)
		switch o.Kind {
		case mesh.Open:
			d.open(peer, o.Offer)
		case mesh.Close:
			d.drop(peer)
		case mesh.Signal:
			if l := d.link(peer); l != nil {
				_ = l.Signal(o.Payload) // Junk of another machine is its own loss.
			}
		case mesh.Post:
			if l := d.link(peer); l != nil {
				_ = l.SendMessage(o.Payload) // Whoever hears nothing any more is seen as such by the link.
			}
		case mesh.Say:
			if m := &o.Message; m.Kind == protocol.Signal {
				m.Payload = d.seal.close(m.Payload, d.mesh.Code(), d.mesh.Self(), m.To)
			}
			_ = d.client.Send(o.Message) // The Welcome after a lost connection makes up for what is lost here.
		case mesh.Start:
			d.log.Add(trace.Event{Kind: trace.Match, N: len(o.Match.Seats)})
			d.mu.Lock()
			d.match = newMatch(d.Room, d.mesh.Self(), o.Match)
			d.change()
			d.mu.Unlock()
		case mesh.Anew:
			d.client.Anew()
		}
	}
}

// peer is another machine as the mesh knows it.
func (d *driver) peer(id protocol.ID) mesh.Peer {
	for _, p := range d.mesh.Peers(nil) {
		if p.ID == id {
			return p
		}
	}
	return mesh.Peer{Member: protocol.Member{ID: id}}
}

// renew tells the links of the servers that are good now: those that they began
// with end some time, and what they relay with them.
func (d *driver) renew() {
	servers := d.servers()
	for _, l := range d.links {
		_ = l.SetICEServers(servers) // A link says what is wrong with them when it is made.
	}
}

func (d *driver) servers() (list []punch.ICEServer) {
	for _, s := range d.mesh.Servers() {
		list = append(list, punch.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return list
}

func (d *driver) open(peer netcode.Peer, offer bool) {
	o := punch.Options{
		Offer: offer, RelayOnly: d.options.RelayOnly, PortMap: d.options.PortMap, Birthday: d.options.Birthday, Timeout: linkTimeout, Notify: d.poke,
		Limits: limits(&d.options), ICEServers: d.servers(),
	}
	d.traced(&o, peer)
	l, err := punch.New(o)
	if err != nil {
		o.Trace(trace.Event{Kind: trace.Closed, Text: err.Error()})
		d.mesh.Closed(protocol.ID(peer), err.Error())
		return
	}
	d.mu.Lock()
	d.links = append(d.links, &link{peer: peer, Link: l})
	d.mu.Unlock()
}

// drop closes a link, beside this goroutine since that may take a moment.
func (d *driver) drop(peer netcode.Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, l := range d.links {
		if l.peer == peer {
			d.links = append(d.links[:i:i], d.links[i+1:]...)
			d.closing.Go(func() { l.Close() })
			return
		}
	}
}

// publish sets what the game sees.
func (d *driver) publish() {
	d.noteMembers()
	m := &d.mesh
	s := describe(m, d.up, plain(d.text))
	lo, hi := m.Players()
	var members []Member
	if m.Self() != 0 {
		self := Member{Peer: netcode.Peer(m.Self()), Name: d.options.Name, Ready: m.Ready(), Self: true, Plays: m.Match() != nil, Data: d.data}
		for _, p := range m.Peers(nil) {
			if p.ID > m.Self() && !hasSelf(members) {
				members = append(members, self)
			}
			member := Member{Peer: netcode.Peer(p.ID), Name: nameOf(p.Member), Ready: p.Ready, Away: p.Away || p.Left, Plays: m.Plays(&p), Data: p.Data}
			if member.Away {
				member.AwayFor = time.Duration(p.Gone) * time.Second / mesh.TickRate
			} else if unreachable(&p) {
				member.Unreachable = p.Reason
			}
			if p.Link == mesh.Banned {
				member.Banned = banned(p)
			} else if p.Teller != 0 {
				member.Accused = fmt.Sprintf("%s says: %s", nameOf(d.peer(p.Teller).Member), banned(p))
			}
			members = append(members, member)
		}
		if !hasSelf(members) {
			members = append(members, self)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.code, d.members, d.settings = s, m.Code(), members, m.Room()
	if d.settings.Leader != m.Self() {
		d.wish = nil
	}
	d.least, d.most = lo, hi
	if d.players = strconv.Itoa(lo); hi != lo {
		d.players += "-" + strconv.Itoa(hi)
	}
	d.show(s.Phase)
}

// show tells the page of the room when that is another than before; the lock is held.
func (d *driver) show(phase Phase) {
	if now := d.code + d.players + phase.String(); now != d.shown {
		d.shown = now
		show(d.code, d.pageLink(), phase)
		keepTrace(d.log)
	}
}

func hasSelf(members []Member) bool {
	for _, m := range members {
		if m.Self {
			return true
		}
	}
	return false
}

// end closes everything, and says why.
func (d *driver) end() {
	d.noteOver()
	d.mu.Lock()
	d.over = d.fault
	d.status = Status{Phase: Over, Text: d.fault.Text, Err: d.fault}
	if d.match != nil {
		d.match.closed, d.match = true, nil
	}
	links := d.links
	d.links, d.members = nil, nil
	d.change()
	d.mu.Unlock()
	show("", "", Over)
	if d.fault.Code != CodeClosed {
		reportEnd(d.fault)
	}
	// The others hear from the server that we leave before they lose the link,
	// or they would try to mend it.
	d.client.Close()
	for _, l := range links {
		d.closing.Go(func() { l.Close() })
	}
	d.closing.Wait()
}
