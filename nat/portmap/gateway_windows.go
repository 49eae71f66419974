package portmap

import (
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"
)

var getIPForwardTable = syscall.NewLazyDLL("iphlpapi.dll").NewProc("GetIpForwardTable")

// gateway is the router of the IPv4 default route.
func gateway() (netip.Addr, error) {
	const insufficient, longest = 122, 1 << 20 // ERROR_INSUFFICIENT_BUFFER; bytes
	if err := getIPForwardTable.Find(); err != nil {
		return netip.Addr{}, fmt.Errorf("portmap: %w", err)
	}
	for size := uint32(16 << 10); size <= longest; {
		b := make([]byte, size)
		code, _, _ := getIPForwardTable.Call(uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case code == insufficient:
			size = max(size, uint32(2*len(b)))
			continue
		case code != 0:
			return netip.Addr{}, fmt.Errorf("portmap: GetIpForwardTable: %w", syscall.Errno(code))
		}
		if ip, ok := decodeForwardTable(b); ok {
			return ip, nil
		}
		break
	}
	return netip.Addr{}, errNoRouter
}
