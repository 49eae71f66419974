//go:build !js

package punch

import (
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/relay"
)

// turnServerThatEnds is one that a test ends before it ends itself.
func turnServerThatEnds(t *testing.T) (s []ICEServer, end func()) {
	t.Helper()
	r, err := relay.Listen(relay.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	end = func() { _ = r.Close() }
	t.Cleanup(end)
	_, udp, _ := r.URLs("127.0.0.1")
	user, credential := r.Mint("room:1")
	return []ICEServer{{URLs: []string{udp}, Username: user, Credential: credential}}, end
}

// A relayed link goes over to another relay before the one that it has ends, and
// misses nothing; fresh credentials of the same relay do not move it.
func TestARelayedLinkMovesToAnotherRelay(t *testing.T) {
	t.Parallel()
	first, end := turnServerThatEnds(t)
	second := turnServer(t)
	o := Options{ICEServers: first, RelayOnly: true}
	e := meet(t, [2]Options{o, o}, nil)
	e.open()
	known := time.Now()
	e.chat(100, func() bool {
		return e.link[0].Path() == Relay && e.link[1].Path() == Relay || time.Since(known) > 30*time.Second
	})
	for _, l := range e.link {
		if err := l.SetICEServers(first); err != nil {
			t.Fatal(err)
		}
	}
	same := time.Now()
	e.chat(100, func() bool { return time.Since(same) > time.Second })
	for i, l := range e.link {
		if r := l.Report(); r.Moves != 0 {
			t.Errorf("end %d went over to %v for nothing", i, r)
		}
		if err := l.SetICEServers(second); err != nil {
			t.Fatal(err)
		}
	}
	told := time.Now()
	silence := e.chat(100, func() bool {
		a, b := e.link[0].Report(), e.link[1].Report()
		return a.Moves > 0 && b.Moves > 0 && a.Path != Unknown && b.Path != Unknown || time.Since(told) > 30*time.Second
	})
	lingering := time.Now()
	silence = max(silence, e.chat(100, func() bool { return time.Since(lingering) > lingers+2*time.Second }))
	end()
	after := time.Now()
	silence = max(silence, e.chat(100, func() bool { return time.Since(after) > time.Second }))
	for i, l := range e.link {
		if r := l.Report(); r.State != Open || r.Path != Relay || r.Moves == 0 {
			t.Errorf("end %d: %+v", i, r)
		}
	}
	t.Logf("moved; the longest silence was %v", silence)
	if err := e.link[0].SetICEServers([]ICEServer{{URLs: []string{"http://a"}}}); err == nil {
		t.Error("a server that is none")
	}
}

// Whose relay has ended is back as soon as it is told of another.
func TestARelayedLinkIsBackByAnotherRelay(t *testing.T) {
	t.Parallel()
	first, end := turnServerThatEnds(t)
	second := turnServer(t)
	o := Options{ICEServers: first, RelayOnly: true}
	e := meet(t, [2]Options{o, o}, nil)
	e.open()
	begin := time.Now()
	e.chat(100, func() bool { return time.Since(begin) > 1500*time.Millisecond }) // so much that silence is noticed
	end()
	ended := time.Now()
	e.chat(100, func() bool { return time.Since(ended) > time.Second })
	for _, l := range e.link {
		if err := l.SetICEServers(second); err != nil {
			t.Fatal(err)
		}
	}
	told := time.Now()
	e.chat(100, func() bool {
		a, b := e.link[0].Report(), e.link[1].Report()
		return a.Moves > 0 && b.Moves > 0 && a.Path != Unknown && b.Path != Unknown || time.Since(told) > 30*time.Second
	})
	t.Logf("back %v after it was told", time.Since(told))
	for i, l := range e.link {
		if r := l.Report(); r.State != Open || r.Path != Relay || r.Moves == 0 {
			t.Errorf("end %d: %+v", i, r)
		}
	}
}
