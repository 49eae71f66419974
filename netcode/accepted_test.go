package netcode

import "testing"

// voters are five ballots of one view whose votes are passed on by hand.
type voters [5]ballot

func newVoters() *voters {
	var c voters
	for i := range c {
		c[i] = ballot{self: i, members: 1<<5 - 1}
	}
	return &c
}

var noHeads [MaxPlayers]Frame

// tell passes the vote of one machine to others.
func (c *voters) tell(from int, to ...int) {
	for _, i := range to {
		v := c[from].votes[from]
		c[i].hear(from, &v, &noHeads)
	}
}

// What a quorum may have accepted stands, also when the next ballot suspects
// whoever proposed it: machine 0 knows that 4 is out and begins the next view,
// and then nobody hears it.
func TestAcceptedValueStands(t *testing.T) {
	c := newVoters()
	c[0].begin(setOf(4), &noHeads)
	c.tell(0, 1, 2, 3)
	for i := 1; i <= 3; i++ {
		c.tell(i, 0)
	}
	c.tell(0, 1, 2) // they accept, and only machine 0 hears it
	c.tell(1, 0)
	c.tell(2, 0)
	first := c[0].decided()
	if first == nil {
		t.Fatal("the first ballot decided nothing")
	}
	c[3].begin(setOf(4)|setOf(0), &noHeads)
	for range 2 {
		for i := 1; i <= 2; i++ {
			c.tell(3, i)
			c.tell(i, 3)
		}
	}
	if second := c[3].decided(); second == nil || *first != *second {
		t.Errorf("machine 0 decided %+v, the others %+v", first, second)
	}
}
