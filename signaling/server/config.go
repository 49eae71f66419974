package server

import (
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/punchback/punchback/signaling/protocol"
)

// Config of a Server. The zero value is a server on every interface.
type Config struct {
	Addr         string       // TCP address of Run; default :8080
	Turn         string       // address of STUN and TURN, UDP and TCP; default: the host of Addr and port 3478; port 0: a free one; off: none
	Public       string       // the host or IP address that clients reach this machine by, if it is not what they say; goes into the URLs
	Origins      []string     // web pages that may use this server, beside its own
	RelayPrivate bool         // let the relay reach private addresses; implied when bound to loopback
	Web          string       // a folder of static files to serve
	Fallback     http.Handler // what serves everything that is not signaling, instead of Web
	Limits       Limits
	Log          *slog.Logger   // default: none
	Ready        func(net.Addr) // called by Run when it can be used
	Out          io.Writer      // where Run says to a person what to know; default: nowhere
}

func (c *Config) fill() error {
	c.Limits.fill()
	if c.Addr == "" {
		c.Addr = ":8080"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Fallback == nil && c.Web != "" {
		c.Fallback = http.FileServer(http.Dir(c.Web))
	}
	return nil
}

// servers are the STUN and TURN servers for a member who is being welcomed.
func (s *Server) servers(c *conn, welcome protocol.Message) []protocol.Server {
	return nil
}
