package rtc

import (
	"net/netip"
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

// serverFor is the signaling server of a page at this host, "" for the one that the page
// comes from, and whether its link names it. Whoever made a link chose what is in
// it, so that a server in the link (?server=) counts in two cases alone: the page
// says so (punchback.serverFromLink), or it is one of this machine's own and has no
// server built in (punchback.server), where a developer may try out another.
func serverFor(host, built, linked string, fromLink bool) (server string, byLink bool) {
	if linked != "" && (fromLink || built == "" && own(host)) {
		return linked, true
	}
	return built, false
}

// own reports whether a page's host is this machine.
func own(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
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
