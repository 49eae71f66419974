package portmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func route(gw [4]byte, flags, metric int) string {
	return fmt.Sprintf("eth0\t00000000\t%08X\t%04d\t0\t0\t%d\t00000000\t0\t0\t0\n", binary.NativeEndian.Uint32(gw[:]), flags, metric)
}

func TestParseRoutes(t *testing.T) {
	table := "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
		"eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" +
		route([4]byte{10, 0, 0, 1}, 3, 600) + route([4]byte{192, 168, 7, 1}, 3, 100) + route([4]byte{10, 9, 9, 9}, 1, 1)
	if ip, ok := parseRoutes(strings.NewReader(table)); !ok || ip != netip.MustParseAddr("192.168.7.1") {
		t.Errorf("%v, %v", ip, ok)
	}
	if ip, ok := parseRoutes(strings.NewReader("x\n")); ok {
		t.Errorf("%v of nothing", ip)
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add([]byte(route([4]byte{10, 0, 0, 1}, 3, 600)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ip, ok := parseRoutes(bytes.NewReader(b)); ok && !ip.Is4() {
			t.Errorf("%v", ip)
		}
	})
}
