//go:build !js

package punch

import (
	"errors"
	"testing"
	"time"
)

// What the report of an open link tells of how it came to be adds up.
func TestPhases(t *testing.T) {
	for _, kinds := range [][2]string{{"port", "port"}, {"symm", "port"}} {
		bubble(t, func(t *testing.T) {
			n := newInternet(t, kinds)
			defer n.close()
			n.link(Options{ICEServers: servers()})
			for range 300 {
				n.talk()
			}
			for i, l := range n.links {
				r := l.Report()
				t.Logf("%v end %d: %s", kinds, i, r.Reason)
				p := r.Phases
				if sum := p.Signal + p.Check + p.DTLS + p.Open; sum < r.Connect-time.Millisecond || sum > r.Connect+time.Millisecond {
					t.Errorf("%v end %d: phases are %v together, the connect took %v", kinds, i, sum, r.Connect)
				}
				if p.Signal < 2*away || p.Check < 2*away || p.DTLS <= 0 || p.Gather <= 0 {
					t.Errorf("%v end %d: %v", kinds, i, p)
				}
				if relayed := kinds[0] == "symm"; (r.Path == Relay) != relayed || (r.Why != "") != relayed {
					t.Errorf("%v end %d: %v since %q", kinds, i, r.Path, r.Why)
				}
				if r.RTT != 4*away || r.Loss != 0 || r.Jitter > time.Millisecond {
					t.Errorf("%v end %d: RTT %v, jitter %v, loss %v", kinds, i, r.RTT, r.Jitter, r.Loss)
				}
			}
		})
	}
}

// Jitter is that of the checks on the path that is open; what was sent before does
// not count.
func TestJitter(t *testing.T) {
	var q quality
	at := func(attempt uint64, sent, answered uint64, rtt time.Duration) time.Duration {
		return q.add(attempt, sample{sent: sent, answered: answered, rtt: rtt})
	}
	at(1, 30, 10, 60*time.Millisecond) // the punching
	if jitter := at(1, 31, 10, 60*time.Millisecond); jitter != 0 {
		t.Errorf("one on its way: %v", jitter)
	}
	if jitter := at(1, 41, 15, 100*time.Millisecond); jitter != 10*time.Millisecond {
		t.Errorf("40 ms later: %v", jitter)
	}
	if jitter := at(2, 5, 1, 20*time.Millisecond); jitter != 0 {
		t.Errorf("another path: %v", jitter)
	}
}

// Each failure has its cause, at both ends.
func TestCauses(t *testing.T) {
	wrong := servers()
	wrong[1].Credential = "guess"
	noServer := []ICEServer{{URLs: []string{"stun:198.51.100.9:3478"}}}
	for _, c := range []struct {
		name    string
		options Options
		setup   func(n *internet)
		want    [2]Cause
	}{
		{"nobody carries signals", Options{ICEServers: servers()}, func(n *internet) { n.carry = func(int, []byte) {} }, [2]Cause{NoAnswer, NoAnswer}},
		{"answers are lost", Options{ICEServers: servers()}, func(n *internet) {
			n.carry = func(from int, s []byte) {
				if from == 0 {
					n.post(from, s, 2*away)
				}
			}
		}, [2]Cause{NoAnswer, ChecksFailed}},
		{"no server", Options{ICEServers: noServer}, nil, [2]Cause{NoUDP, NoUDP}},
		{"no way", Options{ICEServers: servers()[:1]}, func(n *internet) { n.wall.Store(true) }, [2]Cause{ChecksFailed, ChecksFailed}},
		{"wrong credentials", Options{ICEServers: wrong, RelayOnly: true}, nil, [2]Cause{RelayRefused, RelayRefused}},
		{"no relay", Options{ICEServers: servers()[:1], RelayOnly: true}, nil, [2]Cause{NoCandidates, NoCandidates}},
		{"no DTLS", Options{ICEServers: servers()[:1]}, func(n *internet) {
			n.dtls.Store(true)
		}, [2]Cause{DTLSFailed, DTLSFailed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, [2]string{"port", "port"})
				defer n.close()
				if c.setup != nil {
					c.setup(n)
				}
				n.link(c.options)
				for i, l := range n.links {
					r := l.Report()
					t.Logf("end %d, %v: %s", i, r.Cause, r.Reason)
					var e *Error
					if r.Cause != c.want[i] || !errors.As(l.Err(), &e) || e.Cause != r.Cause {
						t.Errorf("end %d: the cause is %v, want %v: %v", i, r.Cause, c.want[i], l.Err())
					}
				}
			})
		})
	}
}

// No cause is without words of its own.
func TestCausesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for c := NoCause; c <= Unsupported; c++ {
		if s := c.String(); s == "" || seen[s] {
			t.Errorf("cause %d is %q", c, s)
		} else {
			seen[s] = true
		}
	}
}
