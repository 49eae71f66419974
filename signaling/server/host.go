package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hosts are the names by which programs on this machine may ask this server.
//
// A page from anywhere can have its own name lead to 127.0.0.1 (DNS rebinding).
// Its browser then takes this server for the page's own, and lets the page read
// all of it. Only the Host header tells: it still has the name of the page. So
// what comes in at a loopback address must name this machine, or a host of Public
// or Autocert, or be passed on by one of Proxies, which say for whom
// (X-Forwarded-For) and keep the name that players use. That holds for a server
// that listens on every interface, too: a browser on its machine reaches it by
// loopback as well.
//
// A page that has its name lead here can say so by a script of its own. Where Proxies
// are on this machine it then reaches what they publish anyway, by GET; never the
// metrics, and no WebSocket.
//
// What comes in at another address may have any name: players reach a server on
// the internet by names that it does not know, and so can everybody else.
type hosts struct {
	names   []string
	proxies []netip.Prefix
	log     seldom
}

func newHosts(cfg *Config) *hosts {
	own, _, _ := net.SplitHostPort(cfg.Addr)
	names := append([]string{own, cfg.Public}, cfg.Autocert...)
	if ip, err := netip.ParseAddr(own); own == "" || err == nil && ip.IsUnspecified() {
		names = append(names, "0.0.0.0", "::")
	}
	if machine, err := os.Hostname(); err == nil { // Often 127.0.1.1, and nobody's elsewhere.
		names = append(names, machine, machine+".local")
	}
	return &hosts{names: names, proxies: cfg.Proxies, log: seldom{log: cfg.Log, level: slog.LevelWarn}}
}

// refuse answers a request that has no business here, and reports whether it was one.
func (h *hosts) refuse(w http.ResponseWriter, r *http.Request) bool {
	if h.allow(r) {
		return false
	}
	host, _ := splitHost(r.Host)
	name := host
	if !isHost(name) {
		name = "HOST"
	}
	fmt.Fprintf(&h.log, "host %.100q refused at a loopback address: -public %.100s lets it in, or signaling -proxy 127.0.0.1,::1 behind a proxy on this machine", host, name)
	http.Error(w, fmt.Sprintf("The server does not know the host %.100q: its log says how to let it in.", host), http.StatusMisdirectedRequest)
	return true
}

func (h *hosts) allow(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil && within(h.proxies, from.Addr().Unmap()) && r.Header.Get("X-Forwarded-For") != "" {
		return true
	}
	host, _ := splitHost(r.Host)
	host = strings.TrimSuffix(host, ".")
	return host == "" || loopback(host) || slices.ContainsFunc(h.names, func(n string) bool { return strings.EqualFold(n, host) })
}

// within reports whether an address is in one of these networks.
func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}
