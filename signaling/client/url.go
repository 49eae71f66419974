package client

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/punchback/punchback/signaling/protocol"
)

// Parse takes an invite link apart: the server, as ws://HOST or wss://HOST, and the
// place there. Its error names the part that is bad.
func Parse(raw string) (server *url.URL, place protocol.Place, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, place, fmt.Errorf("signaling: link %q: %w", raw, unwrap(err))
	}
	bad := func(format string, a ...any) (*url.URL, protocol.Place, error) {
		return nil, place, fmt.Errorf("signaling: link %q: "+format, append([]any{raw}, a...)...)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "":
		return bad("no scheme: it starts with ws:// or wss://")
	default:
		return bad("scheme %q: want ws or wss", u.Scheme)
	}
	if u.Hostname() == "" {
		return bad("no host: want %s://HOST/GAME", u.Scheme)
	}
	if u.User != nil || u.Fragment != "" {
		return bad("a user or a #fragment has no place in it")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return bad("query: %w", err)
	}
	place, err = protocol.ParsePlace(u.Path, q.Get("players"), q.Has("new"))
	if err != nil {
		return bad("%w", err)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, place, nil
}

func unwrap(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}

// mixed is the error of a page that came by https and asks for ws: browsers
// refuse that without a reason. Only this machine itself is exempt.
func mixed(pageScheme string, u *url.URL) error {
	host := u.Hostname()
	a, err := netip.ParseAddr(host)
	if pageScheme != "https:" || u.Scheme != "ws" || host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.IsLoopback() {
		return nil
	}
	return fmt.Errorf("signaling: a page that came by https can't use %s: the server needs TLS and a link with wss://", u)
}
