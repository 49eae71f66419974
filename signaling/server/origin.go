package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// origins are the pages that may use this server, beside its own: hosts, with
// or without scheme and port; *.host is every name below it, * is every page.
type origins []string

// presets are names for lists.
var presets = map[string][]string{
	"itch": {"https://itch.io", "https://*.itch.io", "https://html.itch.zone", "https://*.itch.zone", "https://*.hwcdn.net"},
}

func parseOrigins(list []string) (o origins, err error) {
	for _, s := range list {
		for _, s := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
			if p, ok := presets[s]; ok {
				o = append(o, p...)
				continue
			}
			host := s
			if _, after, ok := strings.Cut(s, "://"); ok {
				host = after
			}
			if host == "" || strings.ContainsAny(host, "/?#@") || strings.Contains(strings.TrimPrefix(host, "*"), "*") {
				return nil, fmt.Errorf("server: origin %q: want https://example.org, *.example.org, itch or *", s)
			}
			o = append(o, strings.ToLower(s))
		}
	}
	return o, nil
}

// allow reports whether a page of this origin may use the server that it knows
// as host. What is no page (no origin) may; so may the server's own pages.
func (o origins) allow(origin, host string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" {
		return o.has("*") // "null", as of a file or a sandboxed frame
	}
	if strings.EqualFold(u.Host, host) || sameLoopback(u.Host, host) {
		return true
	}
	for _, want := range o {
		if want == "*" || match(want, u) {
			return true
		}
	}
	return false
}

// flagFor is what lets an origin in, and how a player knows it. Anybody can send
// one, and a log is copied from, so what is no origin of a page is named by neither.
func flagFor(origin string) (flag, name string) {
	if u, err := url.Parse(origin); err == nil && isHost(u.Hostname()) && origin == u.Scheme+"://"+u.Host && len(origin) <= 300 {
		return origin, origin
	}
	return "'*'", "an unknown origin" // A page from a file or a sandboxed frame has no name to allow.
}

func (o origins) has(s string) bool {
	for _, w := range o {
		if w == s {
			return true
		}
	}
	return false
}

func match(want string, u *url.URL) bool {
	if scheme, rest, ok := strings.Cut(want, "://"); ok {
		if scheme != u.Scheme {
			return false
		}
		want = rest
	}
	have := u.Host
	if _, _, err := net.SplitHostPort(want); err != nil {
		have = u.Hostname() // No port asked for: any.
	}
	if below, ok := strings.CutPrefix(want, "*."); ok {
		return strings.HasSuffix(have, "."+below)
	}
	return have == want
}

// sameLoopback reports whether both are names of this machine for itself, with
// the same port: localhost, 127.0.0.1 and [::1] are one host.
func sameLoopback(a, b string) bool {
	ha, pa := splitHost(a)
	hb, pb := splitHost(b)
	return pa == pb && loopback(ha) && loopback(hb)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// splitHost splits what may lack a port.
func splitHost(s string) (host, port string) {
	if h, p, err := net.SplitHostPort(s); err == nil {
		return h, p
	}
	return strings.Trim(s, "[]"), ""
}

// refusal is what the request's origin has against it. The flag that lets it in
// is for the log: who reads the rest is a player.
func (s *Server) refusal(r *http.Request) (code, why string) {
	origin := r.Header.Get("Origin")
	if s.origins.allow(origin, r.Host) {
		return "", ""
	}
	flag, name := flagFor(origin)
	fmt.Fprintf(&s.foreign, "origin %.100q refused: signaling -origin %s lets it in", origin, flag)
	return protocol.CodeOrigin, "pages of " + name + " may not use this server"
}
