package rtc

import "testing"

func TestALinkMayLeaveOutWhatThePageKnows(t *testing.T) {
	page := place{server: "https://play.example", room: "KQ7XP", players: "2-4"}
	for _, c := range []struct {
		p          place
		link, want string
	}{
		{page, "/pong?players=2", "https://play.example/pong/KQ7XP?players=2-4"},
		{page, "/pong/OTHER", "https://play.example/pong/OTHER?players=2-4"},
		{page, "wss://x/pong", "wss://x/pong"},
		{place{server: "ws://127.0.0.1:8080"}, "/pong?players=2", "ws://127.0.0.1:8080/pong?players=2"},
		{place{server: "http://h/"}, "/pong", "http://h/pong"},
	} {
		if got := c.p.complete(c.link); got != c.want {
			t.Errorf("%+v completes %q to %q, want %q", c.p, c.link, got, c.want)
		}
	}
}
