package netcodetest

import (
	"slices"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// shrinkRuns bounds how many matches are played to make a story short.
const shrinkRuns = 400

// shrink makes a story shorter as long as the same law stays broken.
func (w *match) shrink(s *story, b *breach) (*story, *breach, int) {
	runs := 0
	try := func(c *story) bool {
		if runs >= shrinkRuns {
			return false
		}
		runs++
		if got := w.play(c); got != nil && got.law == b.law {
			s, b = c, got
			return true
		}
		return false
	}
	for better := true; better && runs < shrinkRuns; {
		better = false
		for m := s.machines - 1; m >= 0 && s.machines > 2; m-- {
			better = try(s.without(m)) || better
		}
		for n := len(s.troubles); n > 0; n /= 2 { // in halves, quarters, one by one
			for i := 0; i+n <= len(s.troubles); {
				c := s.clone()
				c.troubles = slices.Delete(c.troubles, i, i+n)
				if try(c) {
					better = true
				} else {
					i += n
				}
			}
		}
		if b.tick < s.ticks-1 { // nothing after the breach matters
			c := s.clone()
			c.cutOff(b.tick + 1)
			better = try(c) || better
		}
		for step := s.ticks / 2; step > 0; step /= 2 {
			c := s.clone()
			c.cutOff(c.ticks - step)
			better = try(c) || better
		}
		for _, change := range []func(*story){
			func(c *story) { c.path = simnet.Path{} },
			func(c *story) { c.path.Loss = 0 },
			func(c *story) { c.path.Jitter = 0 },
			func(c *story) { c.path.Duplicate = 0 },
			func(c *story) { c.path.Reorder = 0 },
			func(c *story) { c.path.Latency = c.path.Latency / 2000 * 1000 },
			func(c *story) { c.calm = true },
			func(c *story) { clear(c.windows) },
			func(c *story) { clear(c.delays) },
			func(c *story) { c.open() },
		} {
			c := s.clone()
			change(c)
			if !c.same(s) {
				better = try(c) || better
			}
		}
		for i := range s.troubles {
			for s.troubles[i].last > s.troubles[i].at {
				c := s.clone()
				t := &c.troubles[i]
				t.last = t.at + (t.last-t.at)/2
				if !try(c) {
					break
				}
				better = true
			}
		}
	}
	return s, b, runs
}

func (s *story) clone() *story {
	c := *s
	c.seats, c.windows, c.delays = slices.Clone(s.seats), slices.Clone(s.windows), slices.Clone(s.delays)
	c.troubles = slices.Clone(s.troubles)
	return &c
}

func (s *story) same(o *story) bool {
	return s.path == o.path && s.calm == o.calm && slices.Equal(s.windows, o.windows) && slices.Equal(s.delays, o.delays) && slices.Equal(s.seats, o.seats)
}

// cutOff ends the trouble at an earlier tick.
func (s *story) cutOff(ticks int) {
	s.ticks = ticks
	s.troubles = slices.DeleteFunc(s.troubles, func(t trouble) bool { return t.at >= ticks })
	for i := range s.troubles {
		s.troubles[i].last = min(s.troubles[i].last, ticks-1)
	}
}

// open leaves each machine one seat, and the others to nobody.
func (s *story) open() {
	for p, id := range s.seats {
		if id != netcode.Nobody && slices.Contains(s.seats[:p], id) {
			s.seats[p] = netcode.Nobody
		}
	}
	s.troubles = slices.DeleteFunc(s.troubles, func(t trouble) bool { return t.kind == delay && s.seats[t.a] == netcode.Nobody })
}

// without is the story without machine m: its seats are open.
func (s *story) without(m int) *story {
	c := s.clone()
	c.machines--
	c.windows, c.delays = slices.Delete(c.windows, m, m+1), slices.Delete(c.delays, m, m+1)
	for p, id := range c.seats {
		switch {
		case id == netcode.Nobody:
		case int(id) == m:
			c.seats[p] = netcode.Nobody
		case int(id) > m:
			c.seats[p]--
		}
	}
	lower := func(id int) int {
		if id > m {
			return id - 1
		}
		return id
	}
	var left []trouble
	for _, t := range c.troubles {
		switch t.kind {
		case cut, burst:
			if t.a == m || t.b == m {
				continue
			}
			t.a, t.b = lower(t.a), lower(t.b)
		case lag:
			if t.a == m || t.b>>16 == m {
				continue
			}
			t.a, t.b = lower(t.a), lower(t.b>>16)<<16|t.b&0xffff
		case part:
			t.a = t.a&(1<<m-1) | t.a>>(m+1)<<m
		case delay:
			if c.seats[t.a] == netcode.Nobody {
				continue
			}
		default:
			if t.a == m {
				continue
			}
			t.a = lower(t.a)
		}
		left = append(left, t)
	}
	c.troubles = left
	return c
}
