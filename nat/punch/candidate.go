package punch

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/punchback/punchback/nat/trace"
)

// candidate is an RTCIceCandidateInit of the one media section.
type candidate struct {
	Text string `json:"c"`
	Mid  string `json:"m"`
}

// kind is the type of a candidate: host, srflx, prflx or relay.
func (c candidate) kind() string { return c.after("typ") }

func (c candidate) after(word string) string {
	f := strings.Fields(c.Text)
	for i := range len(f) - 1 {
		if f[i] == word {
			return f[i+1]
		}
	}
	return ""
}

// String is the candidate as a person reads it: "srflx 203.0.113.5:4711 udp".
func (c candidate) String() string {
	f := strings.Fields(c.Text)
	if len(f) < 8 {
		return c.Text
	}
	host := f[4]
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return f[7] + " " + host + ":" + f[5] + " " + strings.ToLower(f[2])
}

// private is the candidate without the address from which a relay was asked:
// what RelayOnly may show. Only relay candidates may be shown at all.
func (c candidate) private() (candidate, bool) {
	if c.kind() != "relay" {
		return c, false
	}
	f := strings.Fields(c.Text)
	for i := range len(f) - 1 {
		switch f[i] {
		case "raddr":
			f[i+1] = "0.0.0.0"
		case "rport":
			f[i+1] = "0"
		}
	}
	c.Text = strings.Join(f, " ")
	return c, true
}

// traced is a candidate without what is nobody's business: foundation, priority,
// user fragment. The other end's is anybody's text, so what is no candidate is nil.
func (c candidate) traced() *trace.Candidate {
	f := strings.Fields(c.Text)
	if len(f) < 8 {
		return nil
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	kind, proto := f[7], strings.ToLower(f[2])
	known := kind == "host" || kind == "srflx" || kind == "prflx" || kind == "relay"
	if err != nil || !known || proto != "udp" && proto != "tcp" {
		return nil
	}
	host := f[4]
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.Unmap().WithZone("").String()
	}
	base, err := strconv.ParseUint(c.after("rport"), 10, 16)
	if err != nil || kind == "relay" {
		base = 0
	}
	return &trace.Candidate{Type: kind, Proto: proto, Host: host, Port: int(port), Base: int(base)}
}

// families are bits: 1 for IPv4, 2 for IPv6, both for what can't be known.
func families(cs []candidate) (bits int) {
	for _, c := range cs {
		if c.kind() == "relay" {
			continue
		}
		text := ""
		if f := strings.Fields(c.Text); len(f) > 4 {
			text = f[4]
		}
		ip, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			bits |= 3
		case ip.Unmap().Is4():
			bits |= 1
		default:
			bits |= 2
		}
	}
	return bits
}
