package scene

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// The game's name is the first part of the path on the signaling server.
const gameName = "punchback"

// place is a room on a server.
type place struct {
	server  string // ws://host:port or wss://host:port
	code    string // empty: any open room, or a new one
	players int
	fresh   bool // a new room that strangers don't fall into
}

// url is what rtc.Join takes. Two can go on without the others.
func (p place) url() string {
	return p.server + protocol.Place{Game: gameName, Code: p.code, Min: 2, Max: p.players, New: p.fresh && p.code == ""}.String()
}

// most is how many can play, of what a link says: 3, or 2-3.
func most(players string) (int, error) {
	least, n, err := protocol.ParsePlayers(players)
	if n > 4 || least > 2 && least < n {
		err = fmt.Errorf("players=%s: 2 to 4 can play", short(players))
	}
	return n, err
}

// parsePlace reads what a person typed or pasted: a code, a page's link, or a
// ws:// address. What it doesn't say is as in home.
func parsePlace(s string, home place) (place, error) {
	s = strings.TrimSpace(s)
	p := place{server: home.server, players: home.players}
	if !strings.Contains(s, "/") && !strings.Contains(s, "?") {
		if p.code = s; s == strings.ToLower(s) {
			p.code = strings.ToUpper(s) // codes are told in capitals and typed without
		}
		return p, checkCode(p.code)
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return p, fmt.Errorf("%q is no link to a room", short(s))
	}
	switch u.Scheme {
	case "http", "ws":
		p.server = "ws://" + u.Host
	case "https", "wss":
		p.server = "wss://" + u.Host
	default:
		return p, fmt.Errorf("a room's link begins with http or ws, not with %q", short(u.Scheme))
	}
	if n := u.Query().Get("players"); n != "" {
		if p.players, err = most(n); err != nil {
			return p, fmt.Errorf("players=%s: 2 to 4 can play", short(n))
		}
	}
	p.code = u.Query().Get("room")
	if path := strings.Trim(u.Path, "/"); p.code == "" && path != "" {
		game, code, _ := strings.Cut(path, "/")
		if game != gameName {
			return p, fmt.Errorf("that link leads to %q, not to %s", short(game), gameName)
		}
		p.code = code
	}
	return p, checkCode(p.code)
}

func checkCode(c string) error {
	if c == "" {
		return fmt.Errorf("the room's code is missing")
	}
	return protocol.CheckCode(c)
}

func short(s string) string {
	if len(s) > 24 {
		return s[:24] + "..."
	}
	return s
}
