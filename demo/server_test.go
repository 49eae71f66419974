//go:build worlds

package main_test

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// service starts the signaling service on a free port of the host; an empty
// host is all interfaces.
func service(t *testing.T, host string, more ...string) (p *process, port int) {
	t.Helper()
	port = freePort(t)
	return serviceAt(t, host, port, freePort(t), more...), port
}

// serviceAt starts it on those ports.
func serviceAt(t *testing.T, host string, port, turn int, more ...string) *process {
	t.Helper()
	args := append([]string{"-addr", net.JoinHostPort(host, fmt.Sprint(port)), "-turn", net.JoinHostPort(host, fmt.Sprint(turn))}, more...)
	p := start(t, "signaling", "signaling", args...)
	url := fmt.Sprintf("http://127.0.0.1:%d/healthz", port)
	if err := browsers.Until(func() (any, bool) {
		select {
		case <-p.done:
			t.Fatalf("signaling ended: %v\n%s", p.err, p.log)
		default:
		}
		r, err := http.Get(url)
		if err != nil {
			return nil, false
		}
		_ = r.Body.Close()
		return nil, r.StatusCode == http.StatusOK
	}); err != nil {
		t.Fatalf("%s: %v\n%s", url, err, p.log)
	}
	return p
}

// TestServerDies kills the signaling service in mid-match: it only introduced
// the players, so they play on.
func TestServerDies(t *testing.T) {
	t.Parallel()
	cores.take(t, 2*aBot)
	frames := 70 * 60
	if testing.Short() {
		frames = 12 * 60
	}
	server, port := service(t, "127.0.0.1")
	url := fmt.Sprintf("ws://127.0.0.1:%d", port)
	bots := talkers(t, url, 2, frames)
	stalled := func(b *process, seconds int) int { // of a match that is so old
		t.Helper()
		n, _ := strconv.Atoi(b.says(t, fmt.Sprintf(`(?:frame [^\n]*, direct, [^\n]*, (\d+) stalls\n){%d}`, seconds)))
		return n
	}
	var before [2]int
	for i, b := range bots {
		before[i] = stalled(b, 3)
	}
	server.kill()
	killed := time.Now()
	for i, b := range bots {
		// Four more lines: whatever the end of the server does has shown by then.
		if n := stalled(b, 7) - before[i]; n > 8 {
			t.Errorf("%s stalled for %d ticks when the server ended; want no more than the window of 8", b.name, n)
		}
	}
	sameEnd(t, frames, bots...)
	t.Logf("played %.0f s without a server", time.Since(killed).Seconds())
}

// TestOneOfThreeDies kills a player in mid-match: the two others give it up and
// play on, to the same end.
func TestOneOfThreeDies(t *testing.T) {
	t.Parallel()
	cores.take(t, 3*aBot)
	const frames = 12 * 60
	bots := talkers(t, world.server, 3, frames)
	for _, b := range bots {
		b.says(t, `(frame) [1-9][^\n]*, confirmed [1-9]`)
	}
	bots[1].kill()
	sameEnd(t, frames, bots[0], bots[2])
}

// talkers are bots without -json, which tell each second how it goes.
func talkers(t *testing.T, server string, n, frames int) (bots []*process) {
	t.Helper()
	for i := range n {
		bots = append(bots, start(t, fmt.Sprintf("bot%d", i), "bot", "-server", server, "-room", room(t), "-players", fmt.Sprint(n), "-frames", fmt.Sprint(frames), "-seed", fmt.Sprint(i)))
	}
	return bots
}

// says waits until a process prints what has the pattern, and returns its group.
func (p *process) says(t *testing.T, pattern string) string {
	t.Helper()
	m, err := p.out.find(regexp.MustCompile(pattern))
	if err != nil {
		t.Fatalf("%s: %v\n%s", p.name, err, p.log)
	}
	return m[1]
}

// sameEnd waits until bots have played and compares their hashes.
func sameEnd(t *testing.T, frames int, bots ...*process) {
	t.Helper()
	hashes := map[string]bool{}
	for _, b := range bots {
		hashes[b.says(t, fmt.Sprintf("played: frame %d has hash ([0-9a-f]{16})", frames))] = true
	}
	if len(hashes) != 1 {
		t.Errorf("the bots end in %v", hashes)
	}
}
