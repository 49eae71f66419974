//go:build !js

package portmap

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// forward is a row of Windows' table.
func forward(destination, mask, hop string, kind, metric uint32) (b []byte) {
	for i := range uint32(14) {
		switch i {
		case 0:
			b = append(b, netip.MustParseAddr(destination).AsSlice()...)
		case 1:
			b = append(b, netip.MustParseAddr(mask).AsSlice()...)
		case 3:
			b = append(b, netip.MustParseAddr(hop).AsSlice()...)
		case 4:
			b = binary.LittleEndian.AppendUint32(b, 11) // the interface
		case 5:
			b = binary.LittleEndian.AppendUint32(b, kind)
		case 9:
			b = binary.LittleEndian.AppendUint32(b, metric)
		default:
			b = binary.LittleEndian.AppendUint32(b, 0xffffffff)
		}
	}
	return b
}

// table is rows with their count.
func table(rows ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(rows))), slices.Concat(rows...)...)
}

func TestDecodeForwardTable(t *testing.T) {
	const none = "0.0.0.0"
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"one":           {table(forward(none, none, "192.168.1.1", 4, 25)), "192.168.1.1"},
		"lowest metric": {table(forward(none, none, "10.0.0.1", 4, 50), forward(none, none, "192.168.1.1", 4, 25), forward(none, none, "10.0.0.2", 4, 75)), "192.168.1.1"},
		"others":        {table(forward("127.0.0.0", "255.0.0.0", "127.0.0.1", 3, 331), forward("192.168.1.0", "255.255.255.0", none, 3, 281), forward(none, none, "192.168.1.1", 4, 25)), "192.168.1.1"},
		"half of all":   {table(forward(none, "128.0.0.0", "10.8.0.1", 4, 1)), ""},
		"no router":     {table(forward(none, none, "10.8.0.5", 3, 1), forward(none, none, none, 4, 1)), ""},
		"uncounted":     {append(table(), forward(none, none, "192.168.1.1", 4, 25)...), ""},
		"cut":           {table(forward(none, none, "192.168.1.1", 4, 25))[:59], ""},
		"empty":         {nil, ""},
	} {
		want, _ := netip.ParseAddr(c.want)
		if ip, ok := decodeForwardTable(c.b); ip != want || ok != want.IsValid() {
			t.Errorf("%s: %v, %v; want %v", name, ip, ok, want)
		}
	}
}

// message is one of macOS's table, with sockaddrs in hex.
func message(flags, bits uint32, sockaddrs ...string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(sockaddrs, ""), " ", ""))
	if err != nil {
		panic(err)
	}
	b = append(make([]byte, 92), b...)
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	b[2], b[3] = 5, 4 // RTM_VERSION, RTM_GET
	binary.LittleEndian.PutUint32(b[8:], flags)
	binary.LittleEndian.PutUint32(b[12:], bits)
	return b
}

func TestDecodeRIB(t *testing.T) {
	const (
		any    = "10020000 00000000 00000000 00000000"
		home   = "10020000 c0a80101 00000000 00000000" // 192.168.1.1
		vpn    = "10020000 0a080001 00000000 00000000" // 10.8.0.1
		lan    = "10020000 c0a85600 00000000 00000000" // 192.168.86.0
		link   = "14120400 06000000 00000000 00000000 00000000"
		none   = "00000000" // a mask, as it's most often
		none2  = "02020000" // and as it may be, too
		half   = "05020000 80000000"
		class  = "07ffffff ffffff00"
		us     = "10020000 c0a80117 00000000 00000000"
		static = 0x803 // up, by a router, static
	)
	normal := message(static, 7, any, home, none)
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"one":             {normal, "192.168.1.1"},
		"another mask":    {message(static, 7, any, home, none2), "192.168.1.1"},
		"no mask":         {message(static, 3, any, home), "192.168.1.1"},
		"more addresses":  {message(static, 0x37, any, home, none, link, us), "192.168.1.1"},
		"the network too": {slices.Concat(message(0x101, 7, lan, link, class), message(0x5, 3, lan, home), normal), "192.168.1.1"},
		"a VPN":           {slices.Concat(message(0x1000000|static, 7, any, vpn, none), message(static, 7, any, vpn, half), normal), "192.168.1.1"},
		"a link":          {message(static, 7, any, link, none), ""},
		"down":            {message(2, 7, any, home, none), ""},
		"no router":       {message(1, 7, any, home, none), ""},
		"a newer version": {func() []byte { b := slices.Clone(normal); b[2] = 6; return b }(), ""},
		"unknown between": {append([]byte{8, 0, 9, 9, 9, 9, 9, 9}, normal...), "192.168.1.1"},
		"cut":             {normal[:len(normal)-5], ""},
		"no length":       {append([]byte{0, 0, 5, 4}, normal...), ""},
		"empty":           {nil, ""},
	} {
		want, _ := netip.ParseAddr(c.want)
		if ip, ok := decodeRIB(c.b); ip != want || ok != want.IsValid() {
			t.Errorf("%s: %v, %v; want %v", name, ip, ok, want)
		}
	}
}

func FuzzTables(f *testing.F) {
	f.Add(table(forward("0.0.0.0", "0.0.0.0", "192.168.1.1", 4, 25)))
	f.Add(message(3, 7, "10020000000000000000000000000000", "10020000c0a801010000000000000000", "00000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ip, ok := decodeForwardTable(b); ok && !usable(ip) {
			t.Errorf("%v", ip)
		}
		if ip, ok := decodeRIB(b); ok && !usable(ip) {
			t.Errorf("%v", ip)
		}
	})
}
