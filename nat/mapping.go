package nat

import (
	"fmt"
	"net/netip"
)

// sample is one answer: to this server we appear as that address.
type sample struct {
	server, mapped netip.AddrPort
}

// judge concludes from samples that were taken from one socket. One
// destination proves nothing; two ports of one host cannot prove
// independence, and two hosts cannot tell the two dependent kinds apart.
func judge(samples []sample) (varies Finding[Verdict], mapping Finding[Behavior]) {
	var (
		asked              bool // two different destinations answered
		hosts              bool // on two different hosts
		ports              bool // on two ports of one host
		byHost, byPort     [2]sample
		varyHost, varyPort bool
		same               [2]sample
	)
	for i, a := range samples {
		for _, b := range samples[:i] {
			switch {
			case a.server == b.server:
				continue
			case a.server.Addr() == b.server.Addr():
				ports = true
				if a.mapped != b.mapped && !varyPort {
					varyPort, byPort = true, [2]sample{b, a}
				}
			default:
				hosts = true
				if a.mapped != b.mapped && !varyHost {
					varyHost, byHost = true, [2]sample{b, a}
				}
			}
			if !asked || a.server.Addr() != b.server.Addr() {
				same = [2]sample{b, a}
			}
			asked = true
		}
	}
	switch {
	case !asked && len(samples) == 0:
		why := "no server told our address"
		return Finding[Verdict]{Unknown, why}, Finding[Behavior]{UnknownBehavior, why}
	case !asked:
		why := fmt.Sprintf("only %v told our address; it takes two destinations", samples[0].server)
		return Finding[Verdict]{Unknown, why}, Finding[Behavior]{UnknownBehavior, why}
	case varyPort:
		why := differ(byPort)
		return Finding[Verdict]{Yes, why}, Finding[Behavior]{AddressAndPortDependent, why + ", two ports of one host"}
	case varyHost && ports:
		why := differ(byHost)
		return Finding[Verdict]{Yes, why}, Finding[Behavior]{AddressDependent, why + ", but two ports of one host see the same"}
	case varyHost:
		why := differ(byHost)
		return Finding[Verdict]{Yes, why}, Finding[Behavior]{UnknownBehavior, why + "; without a second port on one host the kind stays open"}
	case hosts:
		why := fmt.Sprintf("%v and %v both see %v", same[0].server, same[1].server, same[0].mapped)
		return Finding[Verdict]{No, why}, Finding[Behavior]{EndpointIndependent, why}
	}
	why := fmt.Sprintf("%v and %v both see %v, but they are one host", same[0].server, same[1].server, same[0].mapped)
	return Finding[Verdict]{Unknown, why}, Finding[Behavior]{UnknownBehavior, why}
}

func differ(s [2]sample) string {
	return fmt.Sprintf("%v sees %v and %v sees %v", s[0].server, s[0].mapped, s[1].server, s[1].mapped)
}
