package rtc

import (
	"net/url"
	"strings"
	"syscall/js"
)

// here is the page that others come to: the one that the page's script names,
// such as the LAN address of a page opened on localhost, or else the current
// one. Of its query only the server stays: what else this player asked for is
// not what others want.
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
	if server := q.Get("server"); server != "" {
		page += "?server=" + url.QueryEscape(server)
	}
	return page
}

// around is the server that the page's script or its query names, or else the
// one that the page came from, and the room that its query asks for.
func around() place {
	location := js.Global().Get("location")
	if location.Type() != js.TypeObject {
		return place{}
	}
	q, _ := url.ParseQuery(strings.TrimPrefix(location.Get("search").String(), "?"))
	p := place{server: q.Get("server"), room: q.Get("room"), players: q.Get("players")}
	if page := js.Global().Get("punchback"); p.server == "" && page.Type() == js.TypeObject && page.Get("server").Type() == js.TypeString {
		p.server = page.Get("server").String()
	}
	if p.server == "" {
		p.server = location.Get("origin").String()
	}
	return p
}
