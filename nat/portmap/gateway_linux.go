package portmap

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// gateway is the router of the IPv4 default route.
func gateway() (netip.Addr, error) {
	f, err := os.Open("/proc/net/route")
	if err != nil {
		return netip.Addr{}, fmt.Errorf("portmap: %w", err)
	}
	defer f.Close()
	if ip, ok := parseRoutes(io.LimitReader(f, 1<<20)); ok {
		return ip, nil
	}
	return netip.Addr{}, errNoRouter
}

// parseRoutes finds the default route with the lowest metric. Addresses are hex
// in the machine's byte order.
func parseRoutes(r io.Reader) (best netip.Addr, ok bool) {
	const up, router = 1, 2
	lowest := uint64(0)
	for s := bufio.NewScanner(r); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" || len(f[2]) != 8 {
			continue
		}
		raw, err := hex.DecodeString(f[2])
		flags, err2 := strconv.ParseUint(f[3], 16, 32)
		metric, err3 := strconv.ParseUint(f[6], 10, 32)
		if err != nil || err2 != nil || err3 != nil || flags&(up|router) != up|router || ok && metric >= lowest {
			continue
		}
		var ip [4]byte
		binary.NativeEndian.PutUint32(ip[:], binary.BigEndian.Uint32(raw))
		best, lowest, ok = netip.AddrFrom4(ip), metric, true
	}
	return best, ok
}
