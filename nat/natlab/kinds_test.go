//go:build netns && linux

package natlab

import (
	"fmt"
	"strings"

	"github.com/punchback/punchback/nat"
)

// kind is a kind of network: what its router does (nftables; none where there is no
// router), and the report of it that theory is asked with. The table of who can be
// linked with whom is nat.Between.
type kind struct {
	rules  string
	report nat.Report
}

// kinds are those of nat.Kinds, by the same words, and kin of them. The words in
// the comments are those of RFC 4787, mapping/filtering: EI endpoint-independent,
// AD and APD address- (and port-) dependent.
var kinds = map[string]kind{
	"open":  {"", theory("open")},
	"cone":  {router("", everybody), theory("cone")},                                                                  // EI/EI
	"addr":  {router("", known), theory("addr")},                                                                      // EI/AD
	"port":  {router("", ""), theory("port")},                                                                         // EI/APD
	"symm":  {router("fully-random", ""), theory("symm")},                                                             // APD/APD
	"noudp": {router("", "") + "add rule ip lab forward ip protocol udp drop\n", theory("noudp")},                     // only TCP gets out
	"clash": {strings.Replace(router("", ""), "add rule ip lab input iifname \"wan\" drop\n", "", 1), theory("port")}, // EI/APD, but what arrives too early spoils the mapping
	"block": {router("to :40000-40511 fully-random", ""), theory("symm")},                                             // APD in a block of ports, as carriers give
	"coneh": {router("", everybody) + hairpin, theory("cone")},
	"porth": {router("", "") + hairpin, theory("port")},
}

// theory is the report of one of nat.Kinds.
func theory(short string) nat.Report {
	for _, k := range nat.Kinds {
		if k.Short == short {
			return k.Report
		}
	}
	panic(short)
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

// Whom a router lets in unasked: everybody at the port of a mapping, or every port
// of the hosts that were sent to from it.
const (
	everybody = `iifname "wan" ip protocol udp dnat ip to udp dport map @mapped`
	known     = `iifname "wan" ip saddr . udp dport @known ` + everybody
)

// hairpin lets two behind a router meet at its public address, WAN, as each is seen
// from outside (RFC 4787 section 6).
const hairpin = `
add rule ip lab pre iifname "lan" ip daddr WAN ip protocol udp dnat ip to udp dport map @mapped
add rule ip lab post iifname "lan" oifname "lan" ct status dnat snat to WAN
add rule ip lab input iifname "lan" ip daddr WAN ip protocol udp drop
`

// router is a table: how it masquerades, and what it does with what comes in.
func router(how, in string) string {
	masquerade := "masquerade " + how
	if strings.HasPrefix(how, "to ") {
		masquerade = "meta l4proto { tcp, udp } " + masquerade
	}
	if in != "" {
		in = "add rule ip lab pre " + in + "\n"
	}
	return `
add table ip lab
add map ip lab mapped { type inet_service : ipv4_addr; flags dynamic,timeout; timeout 5m; }
add set ip lab known { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; }
add chain ip lab pre { type nat hook prerouting priority dstnat; }
add chain ip lab post { type nat hook postrouting priority srcnat; }
add chain ip lab forward { type filter hook forward priority filter; }
add chain ip lab input { type filter hook input priority filter; }
add rule ip lab post oifname "wan" ` + strings.TrimSpace(masquerade) + `
add rule ip lab forward iifname "lan" ip protocol udp update @mapped { udp sport : ip saddr }
add rule ip lab forward iifname "lan" ip protocol udp update @known { ip daddr . udp sport }
add rule ip lab forward iifname "wan" ct status dnat accept
add rule ip lab forward iifname "wan" ct state new drop
add rule ip lab input iifname "wan" drop
` + in
}
