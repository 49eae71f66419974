//go:build linux

package natlab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Network is one that machines can be put in: the internet, or what is behind a
// router. The embedded Cable is the router's to the network that it is in itself;
// the internet has none.
type Network struct {
	Cable
	prefix string // of its addresses
	nodes  int
	apart  bool // machines in it can't reach one another, only the router
}

// Router puts a router into a network, and returns the network behind it. Its kind
// of NAT is one of (mapping/filtering in the words of RFC 4787: endpoint-independent,
// address-dependent, address- and port-dependent):
//
//	cone    EI/EI
//	addr    EI/AD
//	port    EI/APD, as most homes have it
//	symm    APD/APD
//	block   APD in a block of 512 ports, as carriers give them
//	clash   as port, but what arrives too early spoils the mapping
//	noudp   as port, but only TCP gets out
//	coneh   as cone, and two behind it meet at its public address (hairpin)
//	porth   as port, with hairpin
func (n *Network) Router(kind string) *Network { n.lab.t.Helper(); return n.router(kind, "10.0") }

// Carrier puts a provider's NAT into a network, for homes to be behind: as Router,
// but its addresses are those of carriers (RFC 6598).
func (n *Network) Carrier(kind string) *Network { n.lab.t.Helper(); return n.router(kind, "100.64") }

// Home puts a router of that kind into a network and a machine behind it. The kind
// "open" is a machine without a router.
func (n *Network) Home(kind string) *Host {
	n.lab.t.Helper()
	if kind == "open" {
		return n.Host()
	}
	return n.Router(kind).Host()
}

// Host puts a machine into a network.
func (n *Network) Host() *Host {
	n.lab.t.Helper()
	n.lab.nets++
	space := fmt.Sprintf("h%d", n.lab.nets)
	n.lab.space(space)
	return &Host{n.plug(space, "eth0")}
}

// router puts a router into a network whose addresses have that first half.
func (n *Network) router(kind, half string) *Network {
	l := n.lab
	l.t.Helper()
	rules, ok := kinds[kind]
	if !ok {
		l.t.Fatalf("natlab: %q is no kind of NAT; there are %v", kind, slices.Sorted(maps.Keys(kinds)))
	}
	l.nets++
	space := fmt.Sprintf("r%d", l.nets)
	l.space(space)
	in := &Network{Cable: n.plug(space, "wan"), prefix: fmt.Sprintf("%s.%d", half, l.nets), nodes: 1}
	l.run(in.space, fmt.Sprintf(`ip link add lan type bridge; ip addr add %s.1/24 dev lan; ip link set lan up; echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<'RULES'
%s
RULES`, in.prefix, strings.ReplaceAll(rules, "WAN", in.Addr.String())))
	return in
}

// plug gives a namespace a card in the network.
func (n *Network) plug(space, card string) Cable {
	l := n.lab
	l.t.Helper()
	if n == l.Internet {
		i := l.ends
		l.ends++
		a, b, port, ip := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("p%d", i), fmt.Sprintf("203.0.112.%d", 101+i)
		l.do("sh", "-ec", fmt.Sprintf("ip link add %s netns %s type veth peer name %s netns %swire; ip link add %[5]s netns %[4]swire type veth peer name %[6]s netns %[4]spub",
			card, l.tag+space, a, l.tag, b, port))
		l.run("pub", bare(port)+"; ip link set "+port+" master br0 up")
		l.run("wire", bare(a)+"; "+bare(b)+"; ip link set "+a+" up; ip link set "+b+" up")
		if err := l.wire.span(a, b); err != nil {
			l.t.Fatalf("natlab: a wire: %v", err)
		}
		return l.cable(space, card, ip, "203.0.112.1")
	}
	n.nodes++
	port, apart := fmt.Sprintf("p%d", n.nodes), "off"
	if n.apart {
		apart = "on"
	}
	l.do("sh", "-ec", fmt.Sprintf("ip link add %s netns %s type veth peer name %s netns %s", card, l.tag+space, port, l.tag+n.space))
	l.run(n.space, bare(port)+"; ip link set "+port+" master lan up; ip link set "+port+" type bridge_slave isolated "+apart)
	return l.cable(space, card, fmt.Sprintf("%s.%d", n.prefix, n.nodes), n.prefix+".1")
}

// cable gives a card its address and plugs it in.
func (l *Lab) cable(space, card, ip, gateway string) Cable {
	l.t.Helper()
	l.run(space, bare(card)+"; ip addr add "+ip+"/24 dev "+card)
	c := Cable{Addr: netip.MustParseAddr(ip), lab: l, space: space, card: card, gateway: gateway}
	c.Plug()
	return c
}

// bare turns off what a network card would do: it leaves checksums to a card
// that isn't there.
func bare(dev string) string {
	return "ethtool -K " + dev + " tx off rx off gso off gro off tso off >/dev/null 2>&1"
}

// Cable is what a machine or a router has to the network it is in.
type Cable struct {
	Addr netip.Addr // of the machine or router in that network

	lab     *Lab
	space   string // whose it is
	card    string // what it is in, "" where there is no cable
	gateway string
}

// Unplug pulls the cable: the card is down and the way out of it is gone, so that
// whoever sends there is told that the network is unreachable. Behind a router whose
// cable is pulled nobody is told anything. A router forgets the mappings it had.
func (c *Cable) Unplug() {
	c.lab.t.Helper()
	if c.card == "" {
		c.lab.t.Fatal("natlab: the server and the internet have no cable to pull")
	}
	c.lab.run(c.space, "ip link set "+c.card+" down")
}

// Plug puts an unplugged cable back; the address is the same. An address of IPv6
// does not come back.
func (c *Cable) Plug() {
	c.lab.t.Helper()
	c.lab.run(c.space, "ip link set "+c.card+" up; ip route replace default via "+c.gateway)
}
