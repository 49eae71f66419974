package simnet

// Clock says when a machine ticks that is not as exact as the others, or
// sleeps. It is counted in whole numbers and forgets no remainder, so it ticks
// the same everywhere, and for days. The zero Clock is exact.
//
// Let the same time pass for the network and for each clock, in steps that are
// as fine as the world should be, and advance a machine when its clock ticks.
type Clock struct {
	PPM int // millionths that it is too fast; negative is slow: 59.9 instead of 60 ticks a second are -1667

	part  int64 // of the next tick, in 1/1e9
	sleep int   // thousandths of a tick left to sleep
}

// Start says how far the first tick has come, in thousandths of a tick: 0 to 999.
func (c *Clock) Start(thousandths int) { c.part = int64(thousandths) * 1e6 }

// Pass lets so many thousandths of a tick of true time pass and returns how
// often the machine ticks in it. What it would have ticked asleep never comes.
func (c *Clock) Pass(thousandths int) (ticks int) {
	slept := min(c.sleep, thousandths)
	c.sleep -= slept
	c.part += int64(thousandths-slept) * int64(1e6+c.PPM)
	ticks = int(c.part / 1e9)
	c.part %= 1e9
	return ticks
}

// Sleep stops the machine for so many thousandths of a tick from now on.
func (c *Clock) Sleep(thousandths int) { c.sleep = thousandths }

// Since is how far the next tick has come, in thousandths of a tick.
func (c *Clock) Since() int { return int(c.part / 1e6) }
