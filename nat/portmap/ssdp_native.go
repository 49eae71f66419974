//go:build !js

package portmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/ipv4"
)

// ssdpPort is where devices hear searches (UPnP Device Architecture 1.1 section
// 1.1.2); tests have their own.
var ssdpPort uint16 = 1900

// sought are the kinds of devices that we look for. A device of version 2 must
// answer to version 1 as well, and those that answer to neither often do as root.
var sought = []string{
	"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
	"upnp:rootdevice",
}

const (
	longestFound = 2048 // bytes of an answer to a search
	maxLocations = 4    // descriptions that are fetched; a router may hold a media server, too
	searchLimit  = 5 * time.Second
)

// search looks for the router's gateway device and returns at the first that is
// verified: one of its services told a usable outer address. The search goes to the
// router and to everybody, since not all routers hear both.
func search(ctx context.Context, self, router netip.Addr) (*igd, error) {
	if !self.Is4() || !router.Unmap().Is4() {
		return nil, ErrSilent
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(self, 0)))
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, searchLimit, ErrSilent)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	targets := []netip.AddrPort{netip.AddrPortFrom(router, ssdpPort)}
	if aim(conn, self) {
		targets = append(targets, netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 255, 255, 250}), ssdpPort))
	}
	var refused error // why the last device was not taken
	var seen []string
	buffer := make([]byte, longestFound+1)
	for round, wait := range patience {
		sent := false
		for _, kind := range sought[:min(2+round, len(sought))] {
			for _, to := range targets {
				_, err := conn.WriteToUDPAddrPort(appendSearch(nil, to, kind), to)
				sent = sent || err == nil
			}
		}
		if !sent {
			break // Nobody can answer.
		}
		until := time.Now().Add(wait)
		_ = conn.SetReadDeadline(until)
		for ctx.Err() == nil && time.Now().Before(until) {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				break
			} else if err != nil || from.Addr().Unmap() != router.Unmap() {
				continue
			}
			at, err := decodeFound(buffer[:n], router)
			switch {
			case err != nil:
				refused = err
				continue
			case slices.Contains(seen, at.String()) || len(seen) == maxLocations:
				continue
			}
			seen = append(seen, at.String())
			d, err := describe(ctx, at, self, router)
			if err == nil {
				return d, nil
			}
			refused = err
		}
	}
	switch {
	case refused != nil:
		return nil, refused
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), ErrSilent):
		return nil, fmt.Errorf("portmap: %w", ctx.Err())
	}
	return nil, ErrSilent
}

// aim has what goes to everybody go out where self is in a network, and two
// routers far at the most; it reports whether it can.
func aim(conn *net.UDPConn, self netip.Addr) bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == self {
				c := ipv4.NewPacketConn(conn)
				return c.SetMulticastInterface(&i) == nil && c.SetMulticastTTL(2) == nil
			}
		}
	}
	return false
}

// appendSearch appends a search (UPnP Device Architecture 1.1 section 1.3.2). What
// answers to everybody's waits up to MX seconds, of which one is the least.
func appendSearch(dst []byte, to netip.AddrPort, kind string) []byte {
	dst = fmt.Appendf(dst, "M-SEARCH * HTTP/1.1\r\nHOST: %v\r\nMAN: \"ssdp:discover\"\r\n", to)
	if to.Addr().IsMulticast() {
		dst = append(dst, "MX: 1\r\n"...)
	}
	return fmt.Appendf(dst, "ST: %s\r\n\r\n", kind)
}

// decodeFound reads where an answer to a search says that the device describes
// itself. It is lenient with everything but that, since routers are lax.
func decodeFound(b []byte, router netip.Addr) (*url.URL, error) {
	if len(b) > longestFound {
		return nil, fmt.Errorf("portmap: a UPnP answer has more than %d bytes", longestFound)
	}
	status, rest, _ := bytes.Cut(b, []byte("\n"))
	if f := bytes.Fields(status); len(f) < 2 || !bytes.HasPrefix(f[0], []byte("HTTP/1.")) || string(f[1]) != "200" {
		return nil, errors.New("portmap: what came to the search is not an answer of UPnP")
	}
	for line := range bytes.Lines(rest) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(bytes.TrimSpace(name)), "LOCATION") {
			return ours(nil, string(bytes.TrimSpace(value)), router)
		}
	}
	return nil, errors.New("portmap: a UPnP answer has no LOCATION")
}

// ours reads an address that a device gave, as seen from base, and refuses every
// one that isn't http at the router's own address: we fetch nothing from others on
// behalf of whoever answers.
func ours(base *url.URL, s string, router netip.Addr) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("portmap: the router's UPnP names an address that is none: %.80q", s)
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	host, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "http" || u.User != nil || u.Opaque != "" || err != nil || host.Unmap() != router.Unmap() {
		return nil, fmt.Errorf("portmap: the router's UPnP names the foreign address %.80q; only http://%v is asked", u, router)
	}
	return u, nil
}
