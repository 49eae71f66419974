//go:build !js

package punch

import (
	"net"
	"strings"
	"testing"
)

// Two ends meet by IPv6 alone.
func TestIPv6(t *testing.T) {
	has := false
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		has = has || ok && n.IP.To4() == nil && n.IP.IsGlobalUnicast()
	}
	if !has {
		t.Skip("this machine has no IPv6 address")
	}
	e := meet(t, [2]Options{}, func(_ int, b []byte) [][]byte {
		s, err := decodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		six := s.Candidates[:0]
		for _, c := range s.Candidates {
			if strings.Count(strings.Fields(c.Text)[4], ":") > 1 {
				six = append(six, c)
			}
		}
		s.Candidates = six
		return [][]byte{s.encode()}
	})
	e.open()
	e.until("told", func() bool { return e.link[0].Report().Path == Direct })
	r := e.link[0].Report()
	t.Log(r.Reason)
	// A check may outrun the candidate that it comes from: then the address is
	// peer reflexive (RFC 8445, section 7.3.1.3).
	for _, side := range []string{r.Local, r.Remote} {
		if kind, address, _ := strings.Cut(side, " "); kind == "relay" || !strings.HasPrefix(address, "[") {
			t.Errorf("the pair is %s to %s", r.Local, r.Remote)
		}
	}
}
