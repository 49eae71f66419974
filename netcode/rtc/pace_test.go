package rtc

import (
	"net/url"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	begin := time.Now()
	for _, rate := range []int{1, 30, 60, 144, 1000} {
		p := pace{rate: rate}
		if p.due(begin) != 1 || p.due(begin) != 0 {
			t.Fatalf("rate %d: the first tick is due at once, and once", rate)
		}
		now, ticks := begin, 1
		for range 10 * rate {
			if n := p.due(now); n != 0 {
				t.Fatalf("rate %d: %d ticks came early", rate, n)
			}
			wait := p.wait(now)
			if wait <= 0 {
				t.Fatalf("rate %d: nothing is due and nothing to wait for", rate)
			}
			if n := p.due(now.Add(wait - 1)); n != 0 {
				t.Fatalf("rate %d: %d ticks a nanosecond early", rate, n)
			}
			now = now.Add(wait)
			if p.wait(now) != 0 {
				t.Fatalf("rate %d: the wait was too short", rate)
			}
			ticks += p.due(now)
		}
		if want := 10*rate + 1; ticks != want || now.Sub(begin) != 10*time.Second {
			t.Errorf("rate %d: %d ticks in %v, want %d in 10 s", rate, ticks, now.Sub(begin), want)
		}
		if n := p.due(now.Add(time.Hour)); n != min(maxDue, 3600*rate) {
			t.Errorf("rate %d: %d ticks after an hour", rate, n)
		}
		if n := p.due(now.Add(time.Hour)); n != 0 {
			t.Errorf("rate %d: %d ticks later than after an hour", rate, n)
		}
	}
}

func TestPageLink(t *testing.T) {
	for _, c := range []struct{ page, server, want string }{
		{"", "ws://127.0.0.1:8080/brawl", "http://127.0.0.1:8080/?players=2&room=fox"},
		{"", "wss://play.example/brawl/x?players=2", "https://play.example/?players=2&room=fox"},
		{"https://me.itch.io/game?theme=dark#top", "wss://play.example/brawl", "https://me.itch.io/game?players=2&room=fox&theme=dark"},
		{"https://me.itch.io/game?room=old&players=4", "wss://play.example/brawl", "https://me.itch.io/game?players=2&room=fox"},
	} {
		if got := pageLink(c.page, mustParse(c.server), "fox", "2"); got != c.want {
			t.Errorf("page %q, server %q: got %q, want %q", c.page, c.server, got, c.want)
		}
	}
}

func mustParse(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}
