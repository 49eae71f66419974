package rtc

import (
	"net/url"
	"strings"
	"syscall/js"
)

// here is the page that others come to: the one that the page's script names,
// such as the LAN address of a page opened on localhost, or else the current
// one. Of its query only the server stays, if it counts: what else this player
// asked for is not what others want.
func here() string {
	if page := js.Global().Get("punchback"); page.Type() == js.TypeObject && page.Get("page").Type() == js.TypeString {
		return page.Get("page").String()
	}
	location := js.Global().Get("location")
	if location.Type() != js.TypeObject {
		return ""
	}
	page := location.Get("origin").String() + location.Get("pathname").String()
	q, _ := url.ParseQuery(strings.TrimPrefix(location.Get("search").String(), "?"))
	if server, byLink := signaling(location, q); byLink {
		page += "?server=" + url.QueryEscape(server)
	}
	return page
}

// signaling is the server that the page's script or its query names; see serverFor.
func signaling(location js.Value, query url.Values) (server string, byLink bool) {
	built, fromLink := "", false
	if page := js.Global().Get("punchback"); page.Type() == js.TypeObject {
		if s := page.Get("server"); s.Type() == js.TypeString {
			built = s.String()
		}
		fromLink = page.Get("serverFromLink").Truthy()
	}
	return serverFor(location.Get("hostname").String(), built, query.Get("server"), fromLink)
}

// around is the server of the page, or else the one that the page came from, and
// the room that its query asks for.
func around() place {
	location := js.Global().Get("location")
	if location.Type() != js.TypeObject {
		return place{}
	}
	q, _ := url.ParseQuery(strings.TrimPrefix(location.Get("search").String(), "?"))
	p := place{room: q.Get("room"), players: q.Get("players")}
	if p.server, _ = signaling(location, q); p.server == "" {
		p.server = location.Get("origin").String()
	}
	return p
}
