package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/others"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/relay"
)

// Config of a Server. The zero value is a server on every interface.
type Config struct {
	Addr    string         // TCP address of Run; default :8080, or :443 with Autocert
	Turn    string         // address of STUN and TURN, UDP and TCP; default: the host of Addr and port 3478, or a free port if that is taken; port 0: a free one; off: none
	Stun2   netip.Addr     // another address of this machine, by which STUN can tell players what their NAT does (RFC 5780); Turn names the first
	Others  []others.Relay // other people's relays that players are told of, too
	Public  string         // the host or IP address that players reach this machine by, if it is not what their link says; also one that may be asked for at a loopback address, see [Server.ServeHTTP]
	Origins []string       // web pages that may use this server, beside its own: https://example.org, *.example.org, itch, *
	// Admit is asked about everybody before they come in, by the request of their
	// WebSocket: its query, cookies and headers. An error keeps them out, and is what
	// they are told. It may take 5 s, and is called from many goroutines. Default: all.
	Admit func(ctx context.Context, r *http.Request, p protocol.Place) error

	Proxies      []netip.Prefix // proxies in front of this server, which are believed about where others come from (X-Forwarded-For), and by which host they ask for it
	RelayPrivate bool           // let the relay reach private addresses; implied when bound to loopback
	RelayLimits  relay.Limits   // what the relay does for each member
	RelayPorts   relay.Ports    // of relayed addresses; default 61000-65535
	Cert, Key    string         // files of a certificate and its key, for wss; they may be renewed while the server runs
	Autocert     []string       // host names for which Let's Encrypt gives certificates, by port 443 (TLS-ALPN-01): Addr must be :443, or come from there
	AutocertFrom string         // URL of the ACME directory of another authority
	AutocertDir  string         // where those are kept; default: punchback in the user's cache folder
	Drain        time.Duration  // how long Run waits, when it ends, for what the relay carries; default: not at all
	Web          string         // a folder of static files to serve
	Fallback     http.Handler   // what serves everything that is not signaling, instead of Web
	Proofs       []byte         // a key of at least 16 bytes, by which members prove after a restart what they were, see [Proofs]; servers of one Cluster have the same; default: another at each start
	Limits       Limits
	Cluster      cluster.Cluster // what makes this server one of several; default: it is alone. Whoever made it closes it, after the server
	proven       bool            // these outlive a start
	Log          *slog.Logger    // default: none. It is told no token, credential, code of a room, or what players say
	Ready        func(net.Addr)  // called by Run when it can be used
	Out          io.Writer       // where Run says to a person what to know; default: nowhere
}

func (c *Config) fill() error {
	if err := c.Limits.fill(); err != nil {
		return err
	}
	if c.Addr == "" {
		c.Addr = ":8080"
		if len(c.Autocert) > 0 {
			c.Addr = ":443"
		}
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("server: address %q: want HOST:PORT, such as :8080", c.Addr)
	}
	if c.Public != "" && !isHost(c.Public) {
		return fmt.Errorf("server: public %q: want a host or an IP address, without scheme and port", c.Public)
	}
	if err := c.checkTLS(); err != nil {
		return err
	}
	if c.proven = c.Proofs != nil; !c.proven {
		c.Proofs = fresh()
	}
	if n := len(c.Proofs); n < minProofs {
		return fmt.Errorf("server: proofs are %d bytes, want %d or more", n, minProofs)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Fallback == nil && c.Web != "" {
		if info, err := os.Stat(c.Web); err != nil || !info.IsDir() {
			return fmt.Errorf("server: web %q is no folder", c.Web)
		}
	}
	return nil
}

// listenRelay starts STUN and TURN as configured; nil if they are off.
func (c *Config) listenRelay() (*relay.Relay, error) {
	if c.Turn == "off" {
		return nil, nil
	}
	rc := relay.Config{Addr: c.Turn, Second: c.Stun2, Ports: c.RelayPorts, Limits: c.RelayLimits, Log: c.Log}
	host, _, _ := net.SplitHostPort(c.Addr)
	if c.Turn == "" {
		rc.Addr = net.JoinHostPort(host, "3478")
	}
	turnHost, _, err := net.SplitHostPort(rc.Addr)
	if err != nil {
		return nil, fmt.Errorf("server: turn %q: want HOST:PORT, such as :3478, or off", c.Turn)
	}
	rc.Private = c.RelayPrivate || loopback(turnHost)
	rc.Public = c.publicIP()
	rc.Stay = c.Limits.Fresh + c.Limits.Play // Every member is heard of after the first, and may be away for the second.
	r, err := relay.Listen(rc)
	if c.Turn == "" && errors.Is(err, syscall.EADDRINUSE) {
		// Nobody asked for 3478 by name: clients are told whatever it is.
		rc.Addr = net.JoinHostPort(host, "0")
		r, err = relay.Listen(rc)
	}
	return r, plain(err, "-turn")
}

// publicIP is Public as an address, looked up if it is a name.
func (c *Config) publicIP() netip.Addr {
	if ip, err := netip.ParseAddr(c.Public); err == nil || c.Public == "" {
		return ip
	}
	ips, _ := net.LookupIP(c.Public)
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok && a.Unmap().Is4() && !a.Unmap().IsLoopback() {
			return a.Unmap()
		}
	}
	c.Log.Warn("-public has no IPv4 address: players are relayed at this machine's own, which leads nowhere behind a 1:1 NAT", "public", c.Public)
	return netip.Addr{}
}

// plain says what a person can do about an address that can't be listened on.
func plain(err error, flag string) error {
	var op *net.OpError
	if errors.As(err, &op) && errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("server: %s %s is in use by another program: stop it, or choose another with %s", op.Net, op.Addr, flag)
	}
	if errors.As(err, &op) && errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("server: %s %s may not be listened on by this user: choose a port from 1024 with %s, or give the program CAP_NET_BIND_SERVICE", op.Net, op.Addr, flag)
	}
	if err != nil {
		return fmt.Errorf("server: %s: %w", flag, err)
	}
	return err
}

// servers are the STUN and TURN servers for a welcomed member, with credentials from
// now: our own first, and of those STUN, since it is free, and TURN over TCP last, for
// those without UDP; then those of others.
func (s *Server) servers(c *conn) (list []protocol.Server) {
	c.minted = time.Now()
	if s.relay != nil {
		list = s.own(c)
	}
	return append(list, s.others.Servers(c.tenant())...)
}

func (s *Server) own(c *conn) []protocol.Server {
	host := s.cfg.Public
	if host == "" {
		host, _ = splitHost(c.host)
	}
	if at := s.relay.Addr().Addr(); !isHost(host) || loopback(host) && !at.IsUnspecified() {
		host = at.String()
	} else if loopback(host) {
		host = "127.0.0.1" // localhost may mean ::1 first, where no packet is answered.
	}
	user, credential := s.relay.Mint(c.tenant())
	stun, udp, tcp := s.relay.URLs(host)
	return []protocol.Server{
		{URLs: []string{stun}},
		{URLs: []string{udp}, Username: user, Credential: credential},
		{URLs: []string{tcp}, Username: user, Credential: credential},
	}
}

// tenant is a member as the relay knows it.
func (c *conn) tenant() string { return c.tenantOf(c.self) }

// tenantOf is another member of the same room.
func (c *conn) tenantOf(id protocol.ID) string {
	return c.place.Game + "/" + c.code + ":" + strconv.Itoa(int(id))
}

// isHost reports whether s can be a host in a URL.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return s != "" && len(s) < 256 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-._") == ""
}
