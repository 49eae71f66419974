//go:build netns && linux

package natlab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// servers is where our STUN and TURN are; the second address is for RFC 5780.
var servers = []string{"203.0.112.10", "203.0.112.11"}

// lab is a small internet: a server, and homes behind routers, each with a wire of
// its own. Everything in it goes away with the test.
type lab struct {
	t      testing.TB
	tag    string // begins the names of all namespaces
	trip   int    // ms from one home to another and back
	jitter int    // ms more at the most, on each wire
	loss   int    // thousandths, on each wire
	nets   int    // routers and players, so far
	sixes  int    // homes with IPv6, so far
	ends   []string
	turn   turn
	signal time.Duration // from one player to the other, by a server somewhere
}

// turn is a server and what it takes to use it.
type turn struct{ host, user, pass string }

// network is one that machines can be put in.
type network struct {
	space  string // of its router
	prefix string // of its addresses
	nodes  int
	apart  bool // machines in it can't reach one another, only the router
}

// internet is the outermost: there is no router, but a wire to each machine.
var internet *network

// newLab makes an internet without homes. Packets take half of trip from one home
// to another, and so many thousandths of them are lost on each wire.
func newLab(t testing.TB, trip, loss int) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft", "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	l := &lab{t: t, tag: fmt.Sprintf("%s%d-", prefix(os.Getpid()), labs.Add(1)), trip: trip, loss: loss, signal: 30 * time.Millisecond}
	t.Cleanup(func() {
		if err := sweep(l.tag); err != nil {
			t.Error(err)
		}
	})
	l.space("pub")
	l.space("wire")
	// What is for addresses of nobody's has a way, too, or a server would fail to send there.
	l.run("pub", `ip link add br0 type bridge; ip addr add 203.0.112.1/24 dev br0; ip link set br0 up; ip route add default via 203.0.112.254`)
	for i := range 10 {
		l.run("pub", fmt.Sprintf("ip addr add 203.0.112.%d/24 dev br0", 10+i))
	}
	return l
}

// labs numbers those of this process.
var labs atomic.Int32

// prefix begins the names of all namespaces of a process.
func prefix(pid int) string { return fmt.Sprintf("pb-%d-", pid) }

// sweep removes namespaces, and whatever still runs in them.
func sweep(prefix string) error {
	spaces, _ := filepath.Glob("/run/netns/" + prefix + "*")
	for _, s := range spaces {
		s = filepath.Base(s)
		script := fmt.Sprintf("for p in $(ip netns pids %[1]s); do kill -9 $p; done; ip netns del %[1]s", s)
		if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil { // its links go with it
			return fmt.Errorf("%s: %v: %s", s, err, out)
		}
	}
	return nil
}

// space makes a namespace.
func (l *lab) space(name string) {
	l.t.Helper()
	if out, err := exec.Command("ip", "netns", "add", l.tag+name).CombinedOutput(); err != nil {
		l.t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	// A bridge is but a switch: what goes through it is nothing for the rules of routers.
	l.run(name, `ip link set lo up
for f in ipv6/conf/all/disable_ipv6=1 bridge/bridge-nf-call-iptables=0; do echo ${f#*=} 2>/dev/null >/proc/sys/net/${f%=*} || true; done`)
}

// The first halves of the addresses behind routers at home and behind those of
// carriers (RFC 6598).
const (
	private = "10.0"
	shared  = "100.64"
)

// router puts a router of that kind in a network, and tells of the one behind it.
func (l *lab) router(kind string, in *network, half string) *network {
	l.t.Helper()
	l.nets++
	n := &network{space: fmt.Sprintf("r%d", l.nets), prefix: fmt.Sprintf("%s.%d", half, l.nets), nodes: 1}
	l.space(n.space)
	wan := l.plug(n.space, "wan", in)
	l.run(n.space, fmt.Sprintf(`ip link add lan type bridge; ip addr add %s.1/24 dev lan; ip link set lan up; echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<'RULES'
%s
RULES`, n.prefix, strings.ReplaceAll(kinds[kind].rules, "WAN", wan)))
	return n
}

// home puts a router of that kind in a network, if it is one that has a router, and
// a player behind it, and tells in which namespace the player is.
func (l *lab) home(kind string, in *network) string {
	l.t.Helper()
	if kinds[kind].rules == "" {
		return l.player(in)
	}
	return l.player(l.router(kind, in, private))
}

// player puts a machine in a network.
func (l *lab) player(in *network) string {
	l.t.Helper()
	l.nets++
	name := fmt.Sprintf("h%d", l.nets)
	l.space(name)
	l.plug(name, "eth0", in)
	return l.tag + name
}

// six is where our STUN and TURN are by IPv6, in labs that have it.
const six = "2001:db8::10"

// six gives a network and a player in it addresses of IPv6. There is no NAT for them,
// but the router lets nobody in who was not sent to.
func (l *lab) six(n *network, player string) {
	l.t.Helper()
	l.sixes++
	i := l.sixes
	enable := "echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding\n"
	if i == 1 {
		l.run("pub", enable+"ip addr add 2001:db8::1/64 dev br0 nodad; ip addr add "+six+"/64 dev br0 nodad")
	}
	l.run("pub", fmt.Sprintf("ip route add 2001:db8:%d::/64 via 2001:db8::%[1]d:1", i))
	l.run(n.space, enable+fmt.Sprintf(`ip addr add 2001:db8::%[1]d:1/64 dev wan nodad; ip addr add 2001:db8:%[1]d::1/64 dev lan nodad; ip -6 route add default via 2001:db8::1
nft -f - <<'RULES'
add table ip6 lab
add chain ip6 lab forward { type filter hook forward priority filter; }
add rule ip6 lab forward iifname "wan" ct state new drop
RULES`, i))
	l.run(strings.TrimPrefix(player, l.tag), fmt.Sprintf(`echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
ip addr add 2001:db8:%[1]d::2/64 dev eth0 nodad; ip -6 route add default via 2001:db8:%[1]d::1`, i))
}

// plug gives a namespace a card in a network, and tells its address.
func (l *lab) plug(space, card string, in *network) string {
	l.t.Helper()
	if in == internet {
		i := len(l.ends) / 2
		a, b, port, ip := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("p%d", i), fmt.Sprintf("203.0.112.%d", 101+i)
		l.ends = append(l.ends, a, b)
		l.do("sh", "-ec", fmt.Sprintf("ip link add %s netns %s type veth peer name %s netns %swire; ip link add %[5]s netns %[4]swire type veth peer name %[6]s netns %[4]spub",
			card, l.tag+space, a, l.tag, b, port))
		l.run("pub", bare(port)+"; ip link set "+port+" master br0 up")
		l.run("wire", bare(a)+"; "+bare(b)+"; ip link set "+a+" up; ip link set "+b+" up")
		l.run(space, bare(card)+"; ip addr add "+ip+"/24 dev "+card+"; ip link set "+card+" up; ip route add default via 203.0.112.1")
		return ip
	}
	in.nodes++
	port, ip, apart := fmt.Sprintf("p%d", in.nodes), fmt.Sprintf("%s.%d", in.prefix, in.nodes), "off"
	if in.apart {
		apart = "on"
	}
	l.do("sh", "-ec", fmt.Sprintf("ip link add %s netns %s type veth peer name %s netns %s", card, l.tag+space, port, l.tag+in.space))
	l.run(in.space, bare(port)+"; ip link set "+port+" master lan up; ip link set "+port+" type bridge_slave isolated "+apart)
	l.run(space, bare(card)+"; ip addr add "+ip+"/24 dev "+card+"; ip link set "+card+" up; ip route add default via "+in.prefix+".1")
	return ip
}

// bare turns off what a network card would do: it leaves checksums to a card
// that isn't there.
func bare(dev string) string {
	return "ethtool -K " + dev + " tx off rx off gso off gro off tso off >/dev/null 2>&1"
}

// open starts the wires and the relay, once all homes are there.
func (l *lab) open() {
	l.t.Helper()
	l.start(l.tag+"wire", "wire", fmt.Sprint(l.trip/4), fmt.Sprint(l.jitter), fmt.Sprint(l.loss), strings.Join(l.ends, ",")).next("ready")
	m := l.start(l.tag+"pub", "relay").next("ready")
	l.turn = turn{servers[0], m.User, m.Pass}
}

// run runs a script in a namespace.
func (l *lab) run(space, script string) {
	l.t.Helper()
	l.do("ip", "netns", "exec", l.tag+space, "sh", "-ec", script)
}

func (l *lab) do(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}
