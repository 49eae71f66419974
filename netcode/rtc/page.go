package rtc

import "net/url"

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
