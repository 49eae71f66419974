package rtc

import "time"

// maxDue is the most ticks that are due at once: whoever was away longer skips
// the rest, or would be away for even longer.
const maxDue = 8

// pace turns a monotonic clock into ticks.
type pace struct {
	rate  int
	start time.Time
	given int64 // ticks since start, those that were skipped included
}

// elapsed is how many ticks have begun since start.
func (p *pace) elapsed(now time.Time) int64 {
	if p.start.IsZero() {
		p.start = now
	}
	d := now.Sub(p.start)
	return int64(d/time.Second)*int64(p.rate) + int64(d%time.Second)*int64(p.rate)/int64(time.Second) + 1
}

func (p *pace) due(now time.Time) int {
	all := p.elapsed(now)
	n := all - p.given
	p.given = all
	return int(min(n, maxDue))
}

// wait is how long it is until a tick is due.
func (p *pace) wait(now time.Time) time.Duration {
	if p.elapsed(now) > p.given {
		return 0
	}
	s, k := p.given/int64(p.rate), p.given%int64(p.rate)
	rate := int64(p.rate)
	return p.start.Add(time.Duration(s)*time.Second + time.Duration((k*int64(time.Second)+rate-1)/rate)).Sub(now)
}
