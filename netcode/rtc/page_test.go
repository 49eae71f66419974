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

func TestALinkLeadsNowhereElse(t *testing.T) {
	const built, linked = "wss://play.example", "wss://evil.example"
	for _, c := range []struct {
		host, built, linked string
		fromLink            bool
		want                string
		byLink              bool
	}{
		{"game.example", built, linked, false, built, false},
		{"localhost", built, linked, false, built, false},
		{"game.example", built, linked, true, linked, true},
		{"game.example", built, "", true, built, false},
		{"game.example", "", linked, false, "", false},
		{"192.168.1.5", "", linked, false, "", false},
		{"127.0.0.1.evil.example", "", linked, false, "", false},
		{"game.example", "", linked, true, linked, true},
		{"localhost", "", linked, false, linked, true},
		{"game.localhost", "", linked, false, linked, true},
		{"127.0.0.1", "", linked, false, linked, true},
		{"[::1]", "", linked, false, linked, true},
		{"localhost", "", "", false, "", false},
	} {
		if got, byLink := serverFor(c.host, c.built, c.linked, c.fromLink); got != c.want || byLink != c.byLink {
			t.Errorf("%+v: %q, by the link: %v", c, got, byLink)
		}
	}
}
