package rtc

import (
	"fmt"
	"strings"

	"github.com/punchback/punchback/netcode/printable"
	"github.com/punchback/punchback/netcode/rtc/internal/mesh"
	"github.com/punchback/punchback/signaling/protocol"
)

// gone is why a link closed that the other end closed: it has left.
const gone = "it closed the link"

// describe is the status of a room that is not over.
func describe(m *mesh.Mesh, up bool, server string) Status {
	s := gather(m)
	if s.Phase == Joining {
		s.Text = server
	} else if !up && server != "" {
		s.Text += " (" + server + ")"
	}
	return s
}

func gather(m *mesh.Mesh) Status {
	if m.Self() == 0 {
		return Status{Phase: Joining, Progress: 0.1}
	}
	if m.Match() != nil {
		return Status{Phase: Playing, Text: "playing", Progress: 1}
	}
	lo, hi := m.Players()
	peers := m.Peers(nil)
	if text := leftOut(m, peers); text != "" {
		return Status{Phase: Gathering, Text: text, Progress: 0.9}
	}
	c := companyOf(m, peers)
	here := len(peers) + 1
	missing, without := lo-here, ""
	if c.linked+1 >= lo {
		without = ", or going on without"
	}
	switch {
	case c.waits != "":
		if len(peers) > 1 {
			c.waits += fmt.Sprintf(" (%d of %d are)", c.linked, len(peers))
		}
		return Status{Phase: Linking, Text: c.waits, Progress: 0.5 + 0.4*float32(c.linked)/float32(len(peers))}
	case missing > 0:
		return Status{Phase: Gathering, Text: farewell(m.LastLeft()) + fmt.Sprintf("waiting for %d more", missing), Progress: 0.2 + 0.3*float32(here)/float32(lo)}
	case len(c.playing) > 0:
		return Status{Phase: Gathering, Text: "waiting for " + list(c.playing) + " to end their match", Progress: 0.9}
	case len(c.lost) > 0:
		text := c.lost[0] + "; trying on"
		if without == "" {
			text += ", or waiting for somebody else"
		}
		return Status{Phase: Linking, Text: text + without, Progress: 0.5}
	case len(c.away) > 0:
		return Status{Phase: Gathering, Text: "waiting for " + list(c.away) + without, Progress: 0.5}
	case len(c.late) > 0:
		return Status{Phase: Gathering, Text: "waiting for " + list(c.late), Progress: 0.9}
	case here < hi && !m.Ready():
		return Status{Phase: Gathering, Text: fmt.Sprintf("%d here, %d can play: start when you are ready", here, hi), Progress: 0.9}
	case here < hi && len(c.unready) > 0:
		return Status{Phase: Gathering, Text: "waiting for " + list(c.unready) + " to be ready", Progress: 0.9}
	}
	return Status{Phase: Gathering, Text: "starting", Progress: 0.95}
}

// company is the other members by what a start still waits for.
type company struct {
	linked                             int
	waits                              string // what is tried, if somebody is not linked yet
	away, lost, playing, late, unready []string
}

func companyOf(m *mesh.Mesh, peers []mesh.Peer) (c company) {
	for i := range peers {
		p := &peers[i]
		name := nameOf(p.Member)
		switch {
		case p.Link == mesh.Banned:
			c.lost = append(c.lost, banned(*p)+": no match with it starts")
			continue
		case p.Away || p.Gone > 0:
			c.away = append(c.away, fmt.Sprintf("%s, away for %d s", name, p.Gone/mesh.TickRate))
			continue
		case unreachable(p):
			c.lost = append(c.lost, fmt.Sprintf("%s can't be reached: %s", name, p.Reason))
			continue
		case p.Link == mesh.Linked:
			c.linked++
		case p.Tries > 0 && p.Reason != gone:
			c.waits = fmt.Sprintf("connecting to %s again, since it failed: %s", name, p.Reason)
		case c.waits == "":
			c.waits = "connecting to " + name
		}
		if m.Plays(p) {
			c.playing = append(c.playing, name)
		} else if p.Round < m.Round() {
			c.late = append(c.late, name)
		} else if !p.Ready {
			c.unready = append(c.unready, name)
		}
	}
	return c
}

// unreachable reports whether a peer counts as one that can't be reached.
func unreachable(p *mesh.Peer) bool {
	return p.Link != mesh.Linked && p.Link != mesh.Banned && p.Tries >= mesh.Unreachable && p.Reason != gone
}

// leftOut tells who plays without this machine since it can't reach one of them;
// empty: nobody does.
func leftOut(m *mesh.Mesh, peers []mesh.Peer) string {
	if m.LeftOut() == nil {
		return ""
	}
	var play []string
	why := ""
	for i := range peers {
		p := &peers[i]
		if !m.Plays(p) {
			continue
		}
		play = append(play, nameOf(p.Member))
		if p.Link != mesh.Linked && p.Reason != "" && why == "" {
			why = fmt.Sprintf("%s can't be reached from here: %s", nameOf(p.Member), p.Reason)
		}
	}
	if why == "" {
		return ""
	}
	return list(play) + " play this match without you, since " + why
}

// farewell tells who left, as long as that explains why the room waits.
func farewell(p mesh.Peer) string {
	switch {
	case p.ID == 0:
		return ""
	case p.Link == mesh.Linked, p.Tries > 0 && p.Reason == gone:
		return nameOf(p.Member) + " left: "
	case p.Tries > 0:
		return fmt.Sprintf("the connection to %s failed (%s): ", nameOf(p.Member), p.Reason)
	}
	return nameOf(p.Member) + " left while connecting: "
}

// banned names a member that was banned, and says why.
func banned(p mesh.Peer) string {
	reason := p.Reason
	if p.Link != mesh.Banned {
		reason = p.Told
	}
	return fmt.Sprintf("%s was banned: %s", nameOf(p.Member), reason)
}

// said is text that others chose, as one line.
func said(s string) string { return strings.TrimSpace(printable.Line(s)) }

// nameOf is the name of a member for a sentence; others chose it, so it is not
// to be trusted with more than letters.
func nameOf(m protocol.Member) string {
	name := said(m.Name)
	if name == "" {
		return fmt.Sprintf("player %d", m.ID)
	}
	return name
}

func list(names []string) string {
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " and " + names[n]
	}
	return names[0]
}
