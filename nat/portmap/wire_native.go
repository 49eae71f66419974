//go:build !js

package portmap

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// grant is what a router gave, with its life in seconds.
type grant struct {
	external netip.AddrPort
	life     uint32
}

// nonce ties the answers of PCP to the questions, and a mapping to whoever made it.
type nonce [12]byte

const (
	udp           = 17
	pcpHead       = 24
	pcpMap        = 60
	pmpAddress    = 12
	pmpMap        = 16
	answer        = 0x80
	opAnnounce    = 0
	opMap         = 1
	longestAnswer = 1100 // RFC 6887 section 7
)

// appendPCP appends the head of a question (RFC 6887 section 7.1).
func appendPCP(dst []byte, op byte, life uint32, client netip.Addr) []byte {
	dst = append(dst, 2, op, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, life)
	ip := client.As16()
	return append(dst, ip[:]...)
}

// appendPCPMap appends a question for a mapping (section 11.1). Zero life deletes;
// had is what was granted before, or zero.
func appendPCPMap(dst []byte, client netip.Addr, n nonce, port uint16, had netip.AddrPort, life uint32) []byte {
	dst = appendPCP(dst, opMap, life, client)
	dst = append(dst, n[:]...)
	dst = append(dst, udp, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, port)
	dst = binary.BigEndian.AppendUint16(dst, had.Port())
	outer := had.Addr()
	if !outer.IsValid() {
		outer = netip.IPv4Unspecified()
	}
	ip := outer.As16()
	return append(dst, ip[:]...)
}

// isPCP reports whether a datagram is PCP's answer to an operation, and what its
// code was.
func isPCP(b []byte, op byte) (code byte, ok bool) {
	if len(b) < pcpHead || len(b) > longestAnswer || len(b)%4 != 0 || b[0] != 2 || b[1] != answer|op {
		return 0, false
	}
	return b[3], true
}

// decodePCPMap reads the answer to a question for a mapping. It is not ok where
// the datagram answers something else, and then the wait goes on.
func decodePCPMap(b []byte, n nonce, port uint16) (g grant, ok bool, err error) {
	code, ok := isPCP(b, opMap)
	if !ok || len(b) < pcpMap || nonce(b[24:36]) != n || b[36] != udp || binary.BigEndian.Uint16(b[40:]) != port {
		return g, false, nil
	}
	if code != 0 {
		return g, true, fmt.Errorf("portmap: the router refused by PCP, code %d (RFC 6887 section 7.4)", code)
	}
	g.life = binary.BigEndian.Uint32(b[4:])
	g.external = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[44:60])).Unmap(), binary.BigEndian.Uint16(b[42:]))
	return g, true, nil
}

// appendPMPMap appends NAT-PMP's question for a mapping (RFC 6886 section 3.3).
func appendPMPMap(dst []byte, port, had uint16, life uint32) []byte {
	dst = append(dst, 0, opMap, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, port)
	dst = binary.BigEndian.AppendUint16(dst, had)
	return binary.BigEndian.AppendUint32(dst, life)
}

// pmpNetworkFailure is what a router says that has no outer address (RFC 6886
// section 3.5), as many do behind a carrier's NAT.
const pmpNetworkFailure = 3

// isPMP reports whether a datagram is NAT-PMP's answer to an operation. One that
// refuses may end after its head.
func isPMP(b []byte, op byte, long int) (ok bool, err error) {
	if len(b) < 8 || len(b) > long || b[0] != 0 || b[1] != answer|op {
		return false, nil
	}
	if code := binary.BigEndian.Uint16(b[2:]); code != 0 {
		return true, fmt.Errorf("portmap: the router refused by NAT-PMP, code %d (RFC 6886 section 3.5)", code)
	}
	return len(b) == long, nil
}

// decodePMPAddress reads the router's outer address (section 3.2).
func decodePMPAddress(b []byte) (ip netip.Addr, ok bool, err error) {
	ok, err = isPMP(b, 0, pmpAddress)
	if !ok || err != nil {
		return ip, ok, err
	}
	return netip.AddrFrom4([4]byte(b[8:12])), true, nil
}

// decodePMPMap reads the answer to a question for a mapping; the address isn't in it.
func decodePMPMap(b []byte, port uint16) (outer uint16, life uint32, ok bool, err error) {
	ok, err = isPMP(b, opMap, pmpMap)
	if !ok || err != nil {
		return 0, 0, ok, err
	}
	if binary.BigEndian.Uint16(b[8:]) != port {
		return 0, 0, false, nil
	}
	return binary.BigEndian.Uint16(b[10:]), binary.BigEndian.Uint32(b[12:]), true, nil
}

// usable reports whether an address can be one that somebody sends to.
func usable(ip netip.Addr) bool {
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// check tells what is wrong with a grant.
func (g grant) check() error {
	switch {
	case g.life == 0:
		return fmt.Errorf("portmap: the router granted a lifetime of 0 s")
	case g.external.Port() == 0 || !usable(g.external.Addr()):
		return fmt.Errorf("portmap: the router granted %v, to which nobody can send", g.external)
	}
	return nil
}
