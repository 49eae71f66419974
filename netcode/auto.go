package netcode

// Auto is a delay that follows the path. Every packet that echoes one of our
// ticks tells a round trip; half of it, rounded up, is how many frames our
// inputs travel. Every autoEvery ticks the machine looks at those it has seen
// of each peer. It takes a longer delay at once when two looks in a row ask for
// it, and one frame less only when a long row of looks could have done with
// that. So one spike changes nothing, and jitter at the border of two delays
// ends at the longer one instead of going to and fro.

const (
	autoEvery = 32 // ticks of a look
	autoCalm  = 10 // looks in a row that could have done with less
	autoFew   = 8  // trips without which a look says nothing
	autoLate  = 2  // trips of a look that may be longer than the delay: one in sixteen
	autoMin   = 1  // frames
	autoStart = 2  // frames, before the first look
	autoMax   = 6  // frames, or as many as the window lacks
)

// trips counts the trips of one look by their length in ticks.
type trips struct {
	counts [MaxDelay + 2]uint8
	n      int
}

func (t *trips) add(roundTrip int) {
	t.counts[min(max(roundTrip+1, 0)/2, MaxDelay+1)]++
	t.n++
}

// within is the shortest delay that all trips but late ones keep to.
func (t *trips) within(late int) Frame {
	for d := len(t.counts) - 1; d > 0; d-- {
		if late -= int(t.counts[d]); late < 0 {
			return Frame(d)
		}
	}
	return 0
}

// auto is what the looks say, for all seats of this machine.
type auto struct {
	delay Frame // of the seats that follow the path
	last  Frame // what the look before this one asked for
	calm  int   // looks in a row that could have done with a shorter delay
}

// look ends a look at the trips to those who are heard.
func (a *auto) look(peers []peer, window Frame) {
	need, all := Frame(0), Frame(0)
	heard, few := false, false
	for i := range peers {
		t := &peers[i].clock.trips
		if t.n == 0 || peers[i].gone {
			continue // it is silent, and may never be heard again
		}
		heard, few = true, few || t.n < autoFew
		need = max(need, t.within(autoLate))
		all = max(all, t.within(0))
		*t = trips{}
	}
	if few || !heard {
		return
	}
	need, all = autoBound(need, window), autoBound(all, window)
	if longer := min(need, a.last); longer > a.delay {
		a.delay, a.calm = longer, 0
	} else if all >= a.delay {
		a.calm = 0
	} else if a.calm++; a.calm == autoCalm {
		a.delay, a.calm = a.delay-1, 0
	}
	a.last = need
}

// autoBound keeps a delay within the bounds: what is longer than autoMax is left to
// predictions, as far as the window allows them.
func autoBound(d, window Frame) Frame {
	return min(max(d, autoMin), max(autoMax, d-window), MaxDelay)
}

// follow looks at the path now and then, and gives the seats that follow it their
// delay.
func (s *seats) follow(tick int64, peers []peer, window Frame) {
	if tick%autoEvery != 0 || len(peers) == 0 {
		return
	}
	s.auto.look(peers, window)
	for i := range s.list {
		if s.list[i].auto {
			s.list[i].delay = s.auto.delay
		}
	}
}
