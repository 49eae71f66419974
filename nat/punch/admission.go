package punch

import (
	"net/netip"
	"slices"
	"time"
)

// admission is what one path has admitted of the other end's candidates.
type admission struct {
	held  []candidate // those that wait
	at    []string
	count [classes]int
}

// admit hands to the stack those candidates that there is a place for, the likeliest
// first. The others wait. Where keep says so each class is kept one place, since
// reflexive and relayed candidates come later than those of hosts, of which there may
// be many.
func (p *path) admit(by *strangers, keep bool, now time.Time) {
	a := &p.admission
	if len(a.held) == 0 {
		return
	}
	held := likeliest(a.held, a.count)
	a.held = nil
	for _, c := range held {
		s, at, ok := c.class()
		switch {
		case !ok:
		case slices.Contains(a.at, at):
			p.pipe.add(c)
		case by.place(a, s, at, keep, now):
			p.pipe.add(c) // one that the stack can't read is one that does not help
		default:
			a.held = append(a.held, c)
		}
	}
}

// place lets an attempt try an address, if it may.
func (s *strangers) place(a *admission, of class, at string, keep bool, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ap, err := netip.ParseAddrPort(at); err == nil && s.asked.has(ap) { // It has met us.
		a.at = append(a.at, at)
		return true
	}
	left := min(s.places.left(now), mostStrangers-s.unmet(a))
	if keep && a.count[of] > 0 {
		for other := range classes {
			if other != of && a.count[other] == 0 {
				left--
			}
		}
	}
	if left <= 0 {
		return false
	}
	s.places.take(1, now)
	a.at = append(a.at, at)
	a.count[of]++
	return true
}

// unmet is how many of the admitted addresses have not answered.
func (s *strangers) unmet(a *admission) (n int) {
	for _, at := range a.at {
		if ap, err := netip.ParseAddrPort(at); err != nil || !s.asked.has(ap) {
			n++
		}
	}
	return n
}

// likeliest orders candidates: the first of each class, then the second of each.
// Of hosts, one in a network of ours comes first, and what is an address of this
// machine itself comes last: every machine has some 172.17.0.1.
func likeliest(all []candidate, count [classes]int) []candidate {
	type ranked struct {
		c     candidate
		turn  int
		class class
	}
	var by []ranked
	near := vicinity()
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b candidate) int { return near.distance(a) - near.distance(b) })
	for _, c := range all {
		s, _, _ := c.class()
		by = append(by, ranked{c, count[s], s})
		count[s]++
	}
	slices.SortStableFunc(by, func(a, b ranked) int {
		if a.turn != b.turn {
			return a.turn - b.turn
		}
		return int(a.class) - int(b.class)
	})
	for i := range by {
		all[i] = by[i].c
	}
	return all
}
