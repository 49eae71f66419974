package scene

import (
	"fmt"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode/rtc"
)

// choice is what a player is asked where somebody is in trouble, or not here yet:
// to play with those who are here, or to wait. It is waiting until it is asked.
type choice struct {
	on bool // to go on
}

// Where it stands: two buttons side by side, below the lobby's card.
const (
	choiceTop    = lobbyTop + lobbyHeight + 7
	choiceHeight = 20
	choiceWidth  = 150
	choiceLeft   = 320 - choiceWidth - 5
	choiceRight  = 320 + 5
)

// update hears the keys and the pointer, and reports whether the choice is another.
func (c *choice) update(p *press) (changed bool) {
	was := c.on
	if p.enter {
		c.on = !c.on
	}
	if p.click && p.y >= choiceTop && p.y < choiceTop+choiceHeight {
		switch {
		case p.x >= choiceLeft && p.x < choiceLeft+choiceWidth:
			c.on = true
		case p.x >= choiceRight && p.x < choiceRight+choiceWidth:
			c.on = false
		}
	}
	return c.on != was
}

// words are those of the two buttons.
func (c *choice) words(trouble bool) (goOn, wait string) {
	if trouble {
		return "go on without", "wait"
	}
	return "start with who is here", "wait for more"
}

// company is how many members can play with one another, as far as this machine
// can tell, itself among them, and whether somebody is in trouble.
func company(members []rtc.Member) (well int, trouble bool) {
	for i := range members {
		switch m := &members[i]; {
		case m.Self, m.Link.State == punch.Open && !m.Away:
			well++
		case m.Away, m.Unreachable != "", m.Banned != "":
			trouble = true
		}
	}
	return well, trouble
}

// linkWords tells how it is with a member.
func linkWords(m *rtc.Member) string {
	switch {
	case m.Self:
		return "here"
	case m.Banned != "":
		return "thrown out"
	case m.Away:
		return fmt.Sprintf("away for %d s", int(m.AwayFor.Seconds()))
	case m.Plays:
		return "plays"
	case m.Link.State == punch.Open:
		return "linked, " + m.Link.Path.String()
	case m.Unreachable != "":
		return "can't be reached, trying on"
	case m.Link.State == punch.Closed && m.Link.Reason != "":
		return m.Link.Reason
	}
	return "punching through ..."
}
