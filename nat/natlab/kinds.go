//go:build linux

package natlab

import "strings"

// kinds are what the routers do, for nftables.
var kinds = map[string]string{
	"cone":  router("", everybody),
	"addr":  router("", known),
	"port":  router("", ""),
	"symm":  router("fully-random", ""),
	"block": router("to :40000-40511 fully-random", ""),
	"clash": strings.Replace(router("", ""), "add rule ip lab input iifname \"wan\" drop\n", "", 1),
	"noudp": router("", "") + "add rule ip lab forward ip protocol udp drop\n",
	"coneh": router("", everybody) + hairpin,
	"porth": router("", "") + hairpin,
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
