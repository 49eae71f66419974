//go:build netns && linux

package natlab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// kinds of networks that a player may sit in, from the easiest to the hardest,
// each as what its router does (nftables). The words are those of RFC 4787:
// mapping/filtering, EI endpoint-independent, AD and APD address- (and port-)
// dependent.
var kinds = []struct{ name, rules string }{
	{"open", ""},
	{"cone", nat("", `iifname "wan" dnat ip to udp dport map @mapped`)},                             // EI/EI
	{"addr", nat("", `iifname "wan" ip saddr . udp dport @known dnat ip to udp dport map @mapped`)}, // EI/AD
	{"port", nat("", "")},             // EI/APD
	{"symm", nat("fully-random", "")}, // APD/APD
	{"noudp", nat("", "") + "add rule ip lab forward ip protocol udp drop\n"},                      // only TCP gets out
	{"clash", strings.Replace(nat("", ""), "add rule ip lab input iifname \"wan\" drop\n", "", 1)}, // EI/APD, but what arrives too early spoils the mapping
	{"block", nat("to :40000-40511 fully-random", "")},                                             // APD in a block of ports, as carriers give
}

// index finds a kind.
func index(name string) int {
	for i, k := range kinds {
		if k.name == name {
			return i
		}
	}
	panic(name)
}

// nat is a router's table: how it masquerades, and what it lets in unasked.
func nat(how, in string) string {
	return `
add table ip lab
add map ip lab mapped { type inet_service : ipv4_addr; flags dynamic,timeout; timeout 5m; }
add set ip lab known { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; }
add chain ip lab pre { type nat hook prerouting priority dstnat; }
add chain ip lab post { type nat hook postrouting priority srcnat; }
add chain ip lab forward { type filter hook forward priority filter; }
add chain ip lab input { type filter hook input priority filter; }
add rule ip lab post oifname "wan" ` + strings.TrimSpace(masquerade(how)) + `
add rule ip lab forward iifname "lan" ip protocol udp update @mapped { udp sport : ip saddr }
add rule ip lab forward iifname "lan" ip protocol udp update @known { ip daddr . udp sport }
add rule ip lab forward iifname "wan" ct status dnat accept
add rule ip lab forward iifname "wan" ct state new drop
add rule ip lab input iifname "wan" drop
` + rule("pre", in)
}

func masquerade(how string) string {
	if strings.HasPrefix(how, "to ") {
		return "meta l4proto { tcp, udp } masquerade " + how
	}
	return "masquerade " + how
}

func rule(chain, r string) string {
	if r == "" {
		return ""
	}
	return "add rule ip lab " + chain + " ip protocol udp " + r + "\n"
}

const server = "203.0.112.10"

// lab is a small internet: a server, and homes behind routers. Everything in it
// goes away with the test.
type lab struct {
	t     testing.TB
	tag   string
	homes []string // the namespace of the player in each
	wire  *process
	relay *process
	user  string
	pass  string
}

// newLab makes homes of these kinds; packets take half of trip, in milliseconds,
// from one home to another, and so many thousandths of them are lost on each wire.
func newLab(t testing.TB, homes []string, trip, loss int) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft", "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	count++
	l := &lab{t: t, tag: fmt.Sprintf("pb%d-%d", os.Getpid()%100000, count)}
	l.space("pub")
	l.space("wire")
	l.run("pub", `ip link add br0 type bridge; ip addr add 203.0.112.1/24 dev br0; ip addr add `+server+`/24 dev br0; ip link set br0 up; ip route add default via 203.0.112.254`)
	pairs := []string{}
	for i, kind := range homes {
		router := fmt.Sprintf("r%d", i)
		l.space(router)
		l.host(fmt.Sprintf(`ip link add wan netns %[1]s-r%[2]d type veth peer name a%[2]d netns %[1]s-wire
			ip link add b%[2]d netns %[1]s-wire type veth peer name p%[2]d netns %[1]s-pub`, l.tag, i))
		l.run("pub", fmt.Sprintf(`%[2]s; ip link set p%[1]d master br0 up`, i, bare(fmt.Sprintf("p%d", i))))
		l.run("wire", fmt.Sprintf(`%[2]s; %[3]s; ip link set a%[1]d up; ip link set b%[1]d up`, i, bare(fmt.Sprintf("a%d", i)), bare(fmt.Sprintf("b%d", i))))
		l.run(router, fmt.Sprintf(`%s; ip addr add 203.0.112.%d/24 dev wan; ip link set wan up; ip route add default via 203.0.112.1`, bare("wan"), 101+i))
		pairs = append(pairs, fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i))
		rules := kinds[index(kind)].rules
		if rules == "" {
			l.homes = append(l.homes, l.tag+"-"+router)
			continue
		}
		home := fmt.Sprintf("h%d", i)
		l.space(home)
		l.host(fmt.Sprintf(`ip link add lan netns %[1]s-r%[2]d type veth peer name eth0 netns %[1]s-h%[2]d`, l.tag, i))
		l.run(router, fmt.Sprintf(`%[2]s; ip addr add 10.%[1]d.0.1/24 dev lan; ip link set lan up; echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<'RULES'
%[3]s
RULES`, i+1, bare("lan"), rules))
		l.run(home, fmt.Sprintf(`%[2]s; ip addr add 10.%[1]d.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.%[1]d.0.1`, i+1, bare("eth0")))
		l.homes = append(l.homes, l.tag+"-"+home)
	}
	l.wire = l.start(l.tag+"-wire", "wire", fmt.Sprint(trip/4), fmt.Sprint(loss), strings.Join(pairs, ","))
	l.wire.next("ready")
	l.relay = l.start(l.tag+"-pub", "relay")
	m := l.relay.next("ready")
	l.user, l.pass = m.User, m.Pass
	return l
}

// daemon runs miniupnpd in the router of a home.
func (l *lab) daemon(home int) {
	l.t.Helper()
	if _, err := exec.LookPath("miniupnpd"); err != nil {
		l.t.Skip("miniupnpd is not installed")
	}
	router := fmt.Sprintf("r%d", home)
	l.run(router, `nft -f - <<'RULES'
add table inet filter
add chain inet filter forward { type filter hook forward priority 10; }
add chain inet filter prerouting { type nat hook prerouting priority -110; }
add chain inet filter postrouting { type nat hook postrouting priority 110; }
add chain inet filter miniupnpd
add chain inet filter prerouting_miniupnpd
add chain inet filter postrouting_miniupnpd
add rule inet filter forward jump miniupnpd
add rule inet filter prerouting jump prerouting_miniupnpd
RULES`)
	dir := l.t.TempDir()
	config := "ext_ifname=wan\nlistening_ip=lan\nport=0\nenable_natpmp=yes\nenable_upnp=no\nsecure_mode=yes\nmin_lifetime=1\nmax_lifetime=3600\n" +
		"upnp_table_name=filter\nupnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\nupnp_nat_chain=prerouting_miniupnpd\nupnp_nat_postrouting_chain=postrouting_miniupnpd\n" +
		"uuid=00000000-0000-0000-0000-000000000001\nallow 1024-65535 10.0.0.0/8 1024-65535\n"
	if err := os.WriteFile(dir+"/conf", []byte(config), 0o600); err != nil {
		l.t.Fatal(err)
	}
	d := exec.Command("ip", "netns", "exec", l.tag+"-"+router, "miniupnpd", "-d", "-f", dir+"/conf", "-P", dir+"/pid")
	if err := d.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = d.Process.Kill()
		_ = d.Wait()
	})
}

// count numbers the labs of this process.
var count int

// bare turns off what a network card would do: it leaves checksums to a card
// that isn't there.
func bare(dev string) string {
	return "ethtool -K " + dev + " tx off rx off gso off gro off tso off >/dev/null 2>&1"
}

// space makes a namespace.
func (l *lab) space(name string) {
	l.t.Helper()
	name = l.tag + "-" + name
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		l.t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	l.t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil { // its links go with it
			l.t.Errorf("%v: %s", err, out)
		}
	})
	l.run(strings.TrimPrefix(name, l.tag+"-"), "ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true")
}

func (l *lab) run(space, script string) {
	l.t.Helper()
	l.sh("ip", "netns", "exec", l.tag+"-"+space, "sh", "-ec", script)
}

func (l *lab) host(script string) {
	l.t.Helper()
	l.sh("sh", "-ec", script)
}

func (l *lab) sh(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}
