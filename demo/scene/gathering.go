package scene

import (
	"fmt"
	"slices"
	"strings"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode/rtc"
)

// gathering is a room between two matches, as this machine sees it.
type gathering struct {
	members []rtc.Member
	least   int      // that a match needs,
	most    int      // and takes
	well    int      // who can play with this machine, itself among them
	waits   []string // names of those who are away or can't be reached
	trouble bool     // there are such, or somebody was banned
	playing bool     // others play without this machine,
	cut     bool     // which can't reach all of them
}

// look sees how it is with a room now.
func look(room *rtc.Room) gathering {
	g := gathering{members: slices.Collect(room.Members())}
	g.least, g.most = room.Players()
	g.count()
	return g
}

func (g *gathering) count() {
	for i := range g.members {
		m := &g.members[i]
		switch {
		case m.Self, m.Report.State == punch.Open && !m.Away:
			g.well++
		case m.Banned != "":
			g.trouble = true
		case m.Away, m.Unreachable != "":
			g.trouble = true
			g.waits = append(g.waits, cutText(called(m), 20))
		}
		if m.Plays && !m.Self && !m.Away { // who died in its match is still in it
			g.playing = true
			g.cut = g.cut || m.Unreachable != ""
		}
	}
}

// rematch are the names of the others who have left a match and are ready for the next,
// and of those whom that waits for, or empty.
func (g *gathering) rematch() (want, wait []string) {
	for i := range g.members {
		m := &g.members[i]
		switch {
		case m.Self || m.Away || m.Banned != "":
		case m.Plays:
			wait = append(wait, cutText(called(m), mostName))
		case m.Report.State == punch.Open:
			want = append(want, cutText(called(m), mostName))
		}
	}
	return want, wait
}

// asked says who wants a rematch; empty: nobody has said so.
func (g *gathering) asked() string {
	want, _ := g.rematch()
	switch len(want) {
	case 0:
		return ""
	case 1:
		return want[0] + " wants a rematch"
	}
	return strings.Join(want, " and ") + " want a rematch"
}

// answers says what a rematch waits for.
func (g *gathering) answers() string {
	if _, wait := g.rematch(); len(wait) > 0 {
		return strings.Join(wait, " and ") + ", do you want a rematch?"
	}
	return "Everybody wants one"
}

// enough reports whether a match could begin with those who are here.
func (g *gathering) enough() bool { return len(g.members) >= g.least }

// asks reports whether there is something to choose: enough are here for a match,
// and more could be.
func (g *gathering) asks() bool {
	return g.least <= g.well && g.well < g.most
}

// ask puts the choice to the player where there is one, and does what it says.
func (g *gathering) ask(room *rtc.Room, c *choice, p *press) {
	if g.asks() && c.update(p) {
		room.SetReady(c.on)
	}
}

// advice is what to do where there is nothing to choose, since whoever is in
// trouble is needed; empty: nothing.
func (g *gathering) advice() string {
	if g.well >= g.least || len(g.waits) == 0 {
		return ""
	}
	return "The room waits for " + strings.Join(g.waits, " and ") + ". After half a minute a newcomer can take the place: " +
		"send the link above (C or a click copies it)."
}

// words tell how it is with a member.
func (g *gathering) words(m *rtc.Member) string {
	switch {
	case m.Self && g.cut:
		return "left out of this match"
	case m.Self && g.playing:
		return "plays the next match"
	case m.Self:
		return "here"
	case m.Banned != "":
		return "banned"
	case m.Away:
		return fmt.Sprintf("away for %d s", int(m.AwayFor.Seconds()))
	case m.Plays && m.Unreachable != "":
		return "plays, can't be reached from here"
	case m.Plays:
		return "plays"
	case m.Unreachable != "":
		return "can't be reached: " + m.Unreachable
	case m.Report.State == punch.Open && g.playing:
		return "plays the next match"
	case m.Report.State == punch.Open && m.Ready && g.asks():
		return "linked, wants to start"
	case m.Report.State == punch.Open:
		return "linked, " + m.Report.Path.String()
	case m.Report.State == punch.Closed && m.Report.Reason != "":
		return m.Report.Reason
	}
	return "punching through ..."
}

// called is what a member is called.
func called(m *rtc.Member) string {
	return orText(m.Name, fmt.Sprintf("player %d", m.Peer))
}

// trouble is what is wrong with a member in a match, for its card; empty: nothing.
// Whoever has lost only the server plays on.
func trouble(m *rtc.Member) string {
	away := int(m.AwayFor.Seconds())
	switch open := m.Report.State == punch.Open; {
	case m.Self:
		return ""
	case open && m.Report.Silent > 0:
		return fmt.Sprintf("silent %d s", int(m.Report.Silent.Seconds()))
	case open && m.Away:
		return fmt.Sprintf("no server %d s", away)
	case m.Away:
		return fmt.Sprintf("away %d s", away)
	case !open:
		return "no link"
	}
	return ""
}

// cutOff reports whether this machine has lost the server in a match, which goes on.
func cutOff(st rtc.Status) bool { return st.Phase == rtc.Playing && st.Text != "playing" }
