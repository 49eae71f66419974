//go:build !js

package punch

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/punchback/punchback/nat/trace"
)

// openNames listens for the answers of multicast DNS (RFC 6762). Only browsers
// show names for addresses, so that a pipe listens when the first one comes:
// two sockets and half a dozen goroutines that most links never need.
func openNames() (*mdns.Conn, error) {
	var four *ipv4.PacketConn
	var six *ipv6.PacketConn
	for network, address := range map[string]string{"udp4": mdns.DefaultAddressIPv4, "udp6": mdns.DefaultAddressIPv6} {
		to, err := net.ResolveUDPAddr(network, address)
		if err != nil {
			continue
		}
		c, err := net.ListenUDP(network, to)
		switch {
		case err != nil:
		case network == "udp4":
			four = ipv4.NewPacketConn(c)
		default:
			six = ipv6.NewPacketConn(c)
		}
	}
	conn, err := mdns.NewServer(four, six, mdns.WithIncludeLoopback(!connected()), mdns.WithLoggerFactory(silent{}),
		mdns.WithRecordTypes(dnsmessage.TypeA, dnsmessage.TypeAAAA), mdns.WithCacheRefresh(false))
	if err != nil && four != nil {
		_ = four.Close()
	}
	if err != nil && six != nil {
		_ = six.Close()
	}
	return conn, err
}

// named is the host of a candidate where that is a name in .local.
func (c candidate) named() (name string, ok bool) {
	f := strings.Fields(c.Text)
	if len(f) < 5 || !strings.HasSuffix(f[4], ".local") {
		return "", false
	}
	return f[4], true
}

// resolve asks who has a name, and adds the candidate once that is known.
func (p *pipe) resolve(c candidate, name string) {
	if p.names == nil {
		conn, err := openNames()
		if err != nil {
			return // Then that candidate does not help.
		}
		p.names = conn
	}
	p.tasks.begin(func() {
		ctx, cancel := context.WithTimeout(context.Background(), oneAttempt)
		defer cancel()
		_, addr, err := p.names.QueryAddr(ctx, name)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			p.events.noted(trace.Event{Kind: trace.Name, Word: "unknown"})
		case err == nil:
			p.events.noted(trace.Event{Kind: trace.Name, Word: "known"})
			p.add(candidate{strings.Replace(c.Text, name, addr.WithZone("").String(), 1), c.Mid})
		}
	})
}
