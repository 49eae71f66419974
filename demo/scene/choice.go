package scene

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
// Left and right are the buttons, and Enter is the other one.
func (c *choice) update(p *press) (changed bool) {
	was := c.on
	switch {
	case p.enter:
		c.on = !c.on
	case p.left:
		c.on = true
	case p.right:
		c.on = false
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
