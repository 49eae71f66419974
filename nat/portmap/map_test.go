//go:build !js

package portmap

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("PORTMAP_INSIDE") == "" {
		ssdpPort = 0 // to which nothing can be sent: nobody is searched but the fakes
	}
	goleak.VerifyTestMain(m)
}

// router is a fake one: it answers each question with what reply makes of it.
func router(t *testing.T, reply func(q []byte) [][]byte) netip.AddrPort {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			for _, a := range reply(b[:n]) {
				_, _ = conn.WriteToUDPAddrPort(a, from)
			}
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// yes answers a question as an honest router does.
func yes(q []byte, ip [4]byte, life uint32) []byte {
	a := append([]byte(nil), q...)
	a[1] |= answer
	switch {
	case q[0] == 2 && q[1] == opAnnounce:
		clear(a[2:])
	case q[0] == 2:
		if binary.BigEndian.Uint32(q[4:]) > 0 {
			binary.BigEndian.PutUint32(a[4:], life)
		}
		a[3] = 0
		binary.BigEndian.PutUint16(a[42:], 40001)
		outer := netip.AddrFrom4(ip).As16()
		copy(a[44:], outer[:])
	case q[1] == 0:
		a = append([]byte{0, answer, 0, 0, 0, 0, 0, 9}, ip[:]...)
	default:
		a = append([]byte{0, answer | opMap, 0, 0, 0, 0, 0, 9}, q[4:6]...)
		a = binary.BigEndian.AppendUint16(a, 40002)
		if binary.BigEndian.Uint32(q[8:]) == 0 {
			life = 0
		}
		a = binary.BigEndian.AppendUint32(a, life)
	}
	return a
}

var public = [4]byte{198, 51, 100, 7}

// deletes reports whether a question asks for a mapping to be deleted.
func deletes(q []byte) bool {
	return q[1] == opMap && (q[0] == 2 && binary.BigEndian.Uint32(q[4:]) == 0 || q[0] == 0 && binary.BigEndian.Uint32(q[8:]) == 0)
}

func TestMapRenewAndClose(t *testing.T) {
	t.Parallel()
	for _, p := range []Protocol{PCP, NATPMP} {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			made, deleted := make(chan struct{}, 64), make(chan struct{}, 64)
			at := router(t, func(q []byte) [][]byte {
				switch {
				case q[0] == 2 && p == NATPMP:
					return [][]byte{{0, answer, 0, 1, 0, 0, 0, 9}} // RFC 6886 section 3.5
				case q[0] == 0 && p == PCP:
					return nil
				case deletes(q):
					deleted <- struct{}{}
				case q[1] == opMap:
					made <- struct{}{}
				}
				return [][]byte{yes(q, public, 2)}
			})
			m, err := Map(t.Context(), Request{Port: 5000, Gateway: at, Seen: netip.AddrFrom4(public)})
			if err != nil {
				t.Fatal(err)
			}
			port := map[Protocol]uint16{PCP: 40001, NATPMP: 40002}[p]
			if want := netip.AddrPortFrom(netip.AddrFrom4(public), port); m.External() != want || m.Protocol() != p || m.Nested() {
				t.Errorf("%v by %v, nested %v; want %v by %v", m.External(), m.Protocol(), m.Nested(), want, p)
			}
			<-made
			<-made // renewed
			for range 2 {
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}
			if len(deleted) != 1 {
				t.Errorf("deleted %d times; want once", len(deleted))
			}
		})
	}
}

func TestHostileAnswersAreNotBelieved(t *testing.T) {
	for name, spoil := range map[string]func(a []byte) []byte{
		"another nonce":     func(a []byte) []byte { a[24] ^= 1; return a },
		"another operation": func(a []byte) []byte { a[1]++; return a },
		"a question":        func(a []byte) []byte { a[1] &^= answer; return a },
		"another port":      func(a []byte) []byte { a[41] ^= 1; return a },
		"TCP":               func(a []byte) []byte { a[36] = 6; return a },
		"truncated":         func(a []byte) []byte { return a[:56] },
		"too long":          func(a []byte) []byte { return append(a, make([]byte, 1200)...) },
	} {
		t.Run(name, func(t *testing.T) {
			at := router(t, func(q []byte) [][]byte {
				if q[0] != 2 {
					return nil
				}
				honest := yes(q, public, 60)
				if q[1] != opMap {
					return [][]byte{honest}
				}
				spoilt := yes(q, [4]byte{203, 0, 113, 66}, 60)
				return [][]byte{spoil(spoilt), honest}
			})
			m, err := Map(t.Context(), Request{Port: 5000, Gateway: at})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.External().Addr() != netip.AddrFrom4(public) {
				t.Errorf("believed %v", m.External())
			}
		})
	}
}

func TestUselessGrantsAreRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(a []byte){
		"lifetime of 0":   func(a []byte) { clear(a[4:8]) },
		"0.0.0.0":         func(a []byte) { clear(a[56:60]) },
		"to which nobody": func(a []byte) { clear(a[42:44]) },
		"code 2":          func(a []byte) { a[3] = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			at := router(t, func(q []byte) [][]byte {
				if q[0] != 2 {
					return [][]byte{{0, answer | q[1], 0, 2, 0, 0, 0, 0}}
				}
				a := yes(q, public, 60)
				if q[1] == opMap {
					spoil(a)
				}
				return [][]byte{a}
			})
			if _, err := Map(t.Context(), Request{Port: 5000, Gateway: at}); err == nil || !strings.Contains(err.Error(), name) {
				t.Error(err)
			}
		})
	}
}

func TestWhoRefusesPCPMayGrantNATPMP(t *testing.T) {
	at := router(t, func(q []byte) [][]byte {
		a := yes(q, public, 60)
		if q[0] == 2 && q[1] == opMap {
			a[3] = 2
		}
		return [][]byte{a}
	})
	m, err := Map(t.Context(), Request{Port: 5000, Gateway: at})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Protocol() != NATPMP {
		t.Errorf("by %v", m.Protocol())
	}
}

func TestSilenceAndCancel(t *testing.T) {
	t.Parallel()
	at := router(t, func([]byte) [][]byte { return nil })
	if _, err := Map(t.Context(), Request{Port: 5000, Gateway: at}); !errors.Is(err, ErrSilent) {
		t.Errorf("%v; want ErrSilent", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := Find(ctx, at); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want canceled", err)
	}
	if _, err := Map(t.Context(), Request{Gateway: at}); err == nil {
		t.Error("port 0 was taken")
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	at := router(t, func(q []byte) [][]byte {
		if deletes(q) || q[1] == opMap {
			t.Error("Find asked for a mapping")
		}
		return [][]byte{yes(q, public, 60)}
	})
	r, err := Find(t.Context(), at)
	if want := (Report{at, true, true, false, netip.AddrFrom4(public)}); err != nil || r != want {
		t.Errorf("%+v, %v; want %+v", r, err, want)
	}
}

// A router behind a carrier may say that it has no outer address.
func TestFindNoAddress(t *testing.T) {
	t.Parallel()
	for name, says := range map[string][]byte{
		"a failure":  {0, answer, 0, pmpNetworkFailure, 0, 0, 0, 9, 0, 0, 0, 0},
		"0.0.0.0":    {0, answer, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0},
		"no address": {0, answer, 0, pmpNetworkFailure, 0, 0, 0, 9},
	} {
		t.Run(name, func(t *testing.T) {
			at := router(t, func(q []byte) [][]byte {
				if q[0] == 0 {
					return [][]byte{says}
				}
				return [][]byte{yes(q, public, 60)}
			})
			if r, err := Find(t.Context(), at); err != nil || !r.PCP || r.External != netip.IPv4Unspecified() {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestNested(t *testing.T) {
	for _, c := range []struct {
		external, seen string
		want           bool
	}{
		{"198.51.100.7", "198.51.100.7", false},
		{"198.51.100.7", "198.51.100.8", true},
		{"198.51.100.7", "2001:db8::1", false},
		{"192.168.1.2", "", true},
		{"100.64.0.1", "", true},
		{"100.128.0.1", "", false},
	} {
		seen, _ := netip.ParseAddr(c.seen)
		if got := nested(netip.MustParseAddr(c.external), seen); got != c.want {
			t.Errorf("%s seen as %q: nested %v", c.external, c.seen, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	self, n := netip.AddrFrom4([4]byte{127, 0, 0, 1}), nonce{1}
	f.Add(yes(appendPCPMap(nil, self, n, 5000, netip.AddrPort{}, 60), public, 60))
	f.Add(yes(appendPMPMap(nil, 5000, 0, 60), public, 60))
	f.Add(yes([]byte{0, 0}, public, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, ok, err := decodePCPMap(b, n, 5000); ok && err == nil && g.check() == nil && (nonce(b[24:36]) != n || g.life == 0) {
			t.Errorf("took %x", b)
		}
		if _, _, ok, err := decodePMPMap(b, 5000); ok && err == nil && len(b) != pmpMap {
			t.Errorf("took %x", b)
		}
		if ip, ok, err := decodePMPAddress(b); ok && err == nil && !ip.Is4() {
			t.Errorf("took %x", b)
		}
	})
}
