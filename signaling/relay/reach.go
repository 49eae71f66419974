package relay

import "net/netip"

// never is what no relay has any business with: no single host (RFC 6890), where
// clouds tell a machine its secrets, and IPv6 that has an IPv4 address in it
// (RFC 4291, 6052, 3056 and 4380), behind which any of these can be.
var never = prefixes(
	"0.0.0.0/8", "224.0.0.0/3", "ff00::/8", "::/128",
	"169.254.169.0/24", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::/32",
	"::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
)

// inner is private: the machine and its network (RFC 1918, 6598, 3927, 4193, 4291).
var inner = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24",
	"198.18.0.0/15", "::/96", "fc00::/7", "fe80::/10", "fec0::/10",
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func in(ip netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// outside reports whether an address is one that anything may be relayed to,
// whatever the port.
func (r *Relay) outside(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || ip.Zone() != "" || in(ip, never) {
		return false
	}
	return r.cfg.Private || !in(ip, inner) && !r.local[ip]
}

// route is where a packet for that address really goes; not ok: nowhere.
func (r *Relay) route(to netip.AddrPort) (netip.AddrPort, bool) {
	if to.Addr() == r.own && r.relayed(to.Port()) {
		return netip.AddrPortFrom(r.inside, to.Port()), true
	}
	return to, r.outside(to.Addr())
}

// origin is whom a packet is from, as players know it; not ok: from nobody
// who may send to players.
func (r *Relay) origin(from netip.AddrPort) (netip.AddrPort, bool) {
	if (from.Addr() == r.inside || from.Addr() == r.own) && r.relayed(from.Port()) {
		return netip.AddrPortFrom(r.own, from.Port()), true
	}
	return from, r.outside(from.Addr())
}

// relayed reports whether a port of this machine is a relayed address of ours.
func (r *Relay) relayed(port uint16) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ports[port] != nil
}
