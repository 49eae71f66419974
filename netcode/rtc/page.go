package rtc

import (
	"net/url"
	"strings"
)

// place is where this program runs, as far as a link may leave it out.
type place struct{ server, room, players string }

// complete makes a whole link of one that begins with a slash.
func (p place) complete(link string) string {
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, "/") {
		return link
	}
	q := u.Query()
	if p.room != "" && strings.Count(u.Path, "/") == 1 {
		u.Path += "/" + p.room
	}
	if p.players != "" {
		q.Set("players", p.players)
	}
	u.RawQuery = q.Encode()
	return strings.TrimSuffix(p.server, "/") + u.String()
}

// pageLink is the page with the room in its query. Without a page it is the
// one that this program runs in, or else the server's own.
func pageLink(page string, server *url.URL, code, players string) string {
	if page == "" {
		page = here()
	}
	u, err := url.Parse(page)
	if page == "" || err != nil {
		u = &url.URL{Scheme: "http", Host: server.Host, Path: "/"}
		if server.Scheme == "wss" || server.Scheme == "https" {
			u.Scheme = "https"
		}
	}
	q := u.Query()
	q.Set("room", code)
	q.Set("players", players)
	u.RawQuery, u.Fragment = q.Encode(), ""
	return u.String()
}
