//go:build netns && linux

package natlab

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/punchback/punchback/nat"
)

// servers is where our STUN and TURN are; the second address is for RFC 5780.
var servers = []string{"203.0.112.10", "203.0.112.11"}

// lab is a small internet with our relay in it.
type lab struct {
	*Lab
	turn   turn
	sixes  int           // homes with IPv6, so far
	signal time.Duration // from one player to the other, by a server somewhere
}

// turn is a server and what it takes to use it.
type turn struct{ host, user, pass string }

// newLab makes an internet without homes, whose relay is there.
func newLab(t testing.TB, w Wire) *lab {
	t.Helper()
	l := &lab{Lab: New(t, w), signal: 30 * time.Millisecond}
	if _, err := os.Stat("/proc/sys/net/ipv6"); err == nil {
		l.run("pub", sixes+"ip addr add 2001:db8::1/64 dev br0 nodad; ip addr add "+six+"/64 dev br0 nodad")
	}
	m := l.start(t, l.Server, "relay").next("ready")
	l.turn = turn{servers[0], m.User, m.Pass}
	return l
}

// six is where our STUN and TURN are by IPv6, if the kernel has it; sixes lets a
// namespace have it.
const (
	six   = "2001:db8::10"
	sixes = "echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding\n"
)

// six gives a network and a player in it addresses of IPv6. There is no NAT for them,
// but the router lets nobody in who was not sent to.
func (l *lab) six(n *Network, player *Host) {
	l.t.Helper()
	l.sixes++
	i := l.sixes
	l.run("pub", fmt.Sprintf("ip route add 2001:db8:%d::/64 via 2001:db8::%[1]d:1", i))
	l.run(n.space, sixes+fmt.Sprintf(`ip addr add 2001:db8::%[1]d:1/64 dev wan nodad; ip addr add 2001:db8:%[1]d::1/64 dev lan nodad; ip -6 route add default via 2001:db8::1
nft -f - <<'RULES'
add table ip6 lab
add chain ip6 lab forward { type filter hook forward priority filter; }
add rule ip6 lab forward iifname "wan" ct state new drop
RULES`, i))
	l.run(player.space, fmt.Sprintf(`echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
ip addr add 2001:db8:%[1]d::2/64 dev eth0 nodad; ip -6 route add default via 2001:db8:%[1]d::1`, i))
}

// theory is the report of a kind of NAT that theory is asked with: one of nat.Kinds,
// or that which it is kin of. The table of who can be linked with whom is
// nat.Between.
func theory(kind string) nat.Report {
	kin := map[string]string{"clash": "port", "block": "symm", "coneh": "cone", "porth": "port"}
	for _, k := range nat.Kinds {
		if k.Short == kind || k.Short == kin[kind] {
			return k.Report
		}
	}
	panic(kind)
}

// path is how a link of two networks must come out, as nat.Between has it. Where
// it would take many sockets at once these links have the relay.
func path(a, b nat.Report) string {
	switch p := nat.Between(a, b); p.Way {
	case nat.Direct:
		return "direct"
	case nat.Birthday, nat.Relayed:
		return "relay"
	default:
		return fmt.Sprintf("no path, since %s", p.Why)
	}
}
