package rtc

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/signaling/protocol"
)

// Trace is the black box of the room: a file of at most 64 KiB of text that tells
// what happened to the room and its links, and when. A player for whom it did
// not connect sends it to you, and `natcheck trace FILE` tells it in words, with
// what failed and what to do. It is there as long as the Room is, also when that
// is over or closed.
//
// It holds no credential, no Secret, no code of the room, no name and no chat. Of
// addresses it tells the kind, and which of them are equal. In the browser
// punchback.trace() of the page is that of the room that was joined last.
func (r *Room) Trace() []byte { return r.log.Bytes(false) }

// TraceUnmasked is Trace with the addresses of this player, of those whom it tried
// to reach, and of the server. Ask the player first.
func (r *Room) TraceUnmasked() []byte { return r.log.Bytes(true) }

// noted is what was told of a member.
type noted struct {
	away, strange bool
	lost          bool // it could not be reached
	tries         int  // to link to it
}

// begin makes the log of a room that is joined at a place of a server.
func (o *Options) begin(server *url.URL, place protocol.Place) *trace.Log {
	log := trace.NewLog()
	log.Hide(o.Secret, "secret")
	log.Hide(o.Identity, "identity")
	e := trace.Event{Kind: trace.Join}
	log.Hide(place.Code, "code")
	how := "any room"
	if place.Code != "" {
		how = "a room by its code"
	} else if place.New {
		how = "a new room"
	}
	e.Text = server.String()
	e.List = append(e.List, "game "+place.Game, how, "players "+place.Players())
	if o.Build != "" {
		e.List = append(e.List, "build "+o.Build)
	}
	for _, x := range []struct {
		is   bool
		name string
	}{{o.Secret != "", "signals are sealed"}, {o.RelayOnly, "relay only"}, {o.PortMap, "port mapping"}, {o.Birthday != nil, "birthday"}, {o.Late, "late"}, {len(o.Fallbacks) > 0, fmt.Sprintf("%d more servers", len(o.Fallbacks))}} {
		if x.is {
			e.List = append(e.List, x.name)
		}
	}
	log.Add(e)
	return log
}

// noteServer tells why the server is not there; that it is, its Welcome tells, and
// what it refused for the end of the room. The first try is nothing to tell yet.
func (d *driver) noteServer(up bool, text string) {
	first := strings.HasPrefix(text, "connecting to ")
	if !up && text != d.text && text != "" && !first && d.client.Err() == nil {
		d.log.Add(trace.Event{Kind: trace.Down, Text: plain(text)})
	}
}

// noteHeard tells what the server said, before the mesh acts on it.
func (d *driver) noteHeard(msg *protocol.Message) {
	d.log.Hide(msg.Token, "token")
	if msg.Kind == protocol.Welcome {
		d.log.Hide(msg.Code, "code")
		d.log.Add(trace.Event{Kind: trace.Welcome, N: int(msg.Self)})
	}
	if len(msg.Servers) == 0 {
		return
	}
	var list []string
	for _, s := range msg.Servers {
		d.log.Hide(s.Credential, "credential")
		d.log.Hide(s.Username, "user")
		for _, u := range s.URLs {
			list = append(list, serverKind(u))
		}
	}
	if is := strings.Join(list, " "); is != d.named {
		d.named = is
		d.log.Add(trace.Event{Kind: trace.Servers, List: list})
	}
}

// serverKind is what a developer need know of a server: "turn:3478/tcp". Its host
// would tell nothing, and may be an address.
func serverKind(u string) string {
	scheme, rest, _ := strings.Cut(u, ":")
	host, query, _ := strings.Cut(rest, "?")
	secure := strings.HasSuffix(scheme, "s")
	port, by := "3478", "udp"
	if secure {
		port, by = "5349", "tcp"
	}
	if a, err := netip.ParseAddrPort(host); err == nil {
		port = fmt.Sprint(a.Port())
	} else if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Trim(host[i+1:], "0123456789") == "" {
		port = host[i+1:]
	}
	if query == "transport=tcp" {
		by = "tcp"
	}
	return scheme + ":" + port + "/" + by
}

// noteMembers tells who came, is away, or left since it was last called.
func (d *driver) noteMembers() {
	if d.known == nil {
		d.known = map[protocol.ID]*noted{}
	}
	here := map[protocol.ID]bool{}
	for _, p := range d.mesh.Peers(nil) {
		here[p.ID] = true
		note := func(k trace.Kind) { d.log.Add(trace.Event{Kind: k, Peer: int(p.ID)}) }
		n := d.known[p.ID]
		if n == nil {
			n = &noted{}
			d.known[p.ID] = n
			note(trace.Came)
		}
		if away := p.Away || p.Left; away != n.away {
			n.away = away
			if away {
				note(trace.Away)
			} else {
				note(trace.Back)
			}
		}
		if lost := unreachable(&p); lost != n.lost {
			if n.lost = lost; lost {
				d.log.Add(trace.Event{Kind: trace.Unreached, Peer: int(p.ID), N: p.Tries})
			}
		}
		if d.strange[p.ID] && !n.strange {
			note(trace.Sealed)
		}
		n.strange = d.strange[p.ID]
	}
	for id := range d.known {
		if !here[id] {
			delete(d.known, id)
			d.log.Add(trace.Event{Kind: trace.Left, Peer: int(id)})
		}
	}
}

// traced has a link tell its part.
func (d *driver) traced(o *punch.Options, peer netcode.Peer) {
	word, try := "answers", 1
	if o.Offer {
		word = "offers"
	}
	if n := d.known[protocol.ID(peer)]; n != nil {
		n.tries++
		try = n.tries
	}
	log := d.log
	o.Trace = func(e trace.Event) {
		e.Peer, e.Try = int(peer), try
		log.Add(e)
	}
	o.Trace(trace.Event{Kind: trace.Link, Word: word})
}

// noteOver tells why the room is over.
func (d *driver) noteOver() {
	d.log.Add(trace.Event{Kind: trace.Over, Word: d.fault.Code, Text: d.fault.Text})
	keepTrace(d.log)
}
