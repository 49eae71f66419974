package trace

import (
	"net/netip"
	"strconv"
	"strings"
)

// masks are what stands for the addresses of one file. None, a nil one, shows
// them as they are.
type masks struct{ seen map[string]string }

// cover replaces the addresses of an event, which the caller owns but for what
// its fields point to.
func (m *masks) cover(e *Event) {
	if m == nil {
		return
	}
	e.Text = m.text(e.Text)
	list := make([]string, len(e.List))
	for i, s := range e.List {
		list[i] = m.text(s)
	}
	e.List = list
	for _, c := range []**Candidate{&e.Here, &e.There} {
		if *c != nil {
			masked := **c
			masked.Host = m.host(masked.Host)
			*c = &masked
		}
	}
}

// host is the mask of an address, or of a name.
func (m *masks) host(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		s = a.Unmap().WithZone("").String()
	}
	if m.seen[s] == "" {
		m.seen[s] = class(s) + "#" + strconv.Itoa(len(m.seen)+1)
	}
	return m.seen[s]
}

// text masks every address in a sentence that others have made.
func (m *masks) text(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if n := address(s, i); n > 0 {
			b.WriteString(m.host(s[i : i+n]))
			i += n
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// address is how long the address is that begins at i; zero: none does. In doubt
// too much is masked: what stands around it is anybody's.
func address(s string, i int) int {
	if !part(s[i]) {
		return 0
	}
	whole := i == 0 || !plain(s[i-1]) // Or it is the end of a longer word.
	end, digits := i, i
	for end < len(s) && part(s[end]) {
		if digits == end && strings.IndexByte("0123456789abcdefABCDEF:.", s[end]) >= 0 {
			digits++
		}
		end++
	}
	if n := strings.Index(s[i:end], ".local"); whole && n > 0 {
		return n + len(".local")
	}
	for n := min(digits-i, 45); n > 1; n-- {
		if dots, colons := strings.Count(s[i:i+n], "."), strings.Count(s[i:i+n], ":"); dots < 3 && colons < 2 {
			return 0 // and no shorter one has more
		}
		if a, err := netip.ParseAddr(s[i : i+n]); err == nil && (whole || a.Is4()) {
			return n
		}
	}
	return 0
}

// part reports whether an address may hold such a letter.
func part(c byte) bool { return plain(c) && c < 128 || c == '.' || c == ':' || c == '%' || c == '-' }

// class tells what is not secret of an address.
func class(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		if strings.HasSuffix(s, ".local") {
			return "mdns"
		}
		return "name"
	}
	a = a.Unmap()
	kind := "public"
	switch {
	case a.IsUnspecified():
		kind = "unspecified"
	case a.IsLoopback():
		kind = "loopback"
	case a.IsLinkLocalUnicast():
		kind = "linklocal"
	case a.IsPrivate():
		kind = "private"
	case a.Is4() && carriers.Contains(a):
		kind = "carrier" // of a carrier's NAT
	case !a.IsGlobalUnicast():
		kind = "special"
	}
	if a.Is4() {
		return kind + "4"
	}
	return kind + "6"
}

// carriers share these addresses with their customers (RFC 6598).
var carriers = netip.MustParsePrefix("100.64.0.0/10")
