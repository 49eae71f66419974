//go:build unix

package browsers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
)

// LAN is an IPv4 address of this machine that is not loopback, so that a page
// there is no secure context. A machine that has none gets an interface for it,
// which needs root; free takes that away again.
func LAN() (addr string, free func(), err error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", nil, err
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String(), func() {}, nil
		}
	}
	name := fmt.Sprintf("lan%d", os.Getpid()%1_000_000)
	addr = "10.213.78.1"
	for _, args := range [][]string{
		{"link", "add", name, "type", "veth", "peer", "name", name + "p"},
		{"addr", "add", addr + "/24", "dev", name},
		{"link", "set", name, "up"},
		{"link", "set", name + "p", "up"}, // or the cable has no carrier
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			_ = exec.Command("ip", "link", "del", name).Run()
			return "", nil, fmt.Errorf("browsers: this machine has no address but loopback, and none can be made: ip %v: %w: %s", args, err, out)
		}
	}
	return addr, func() { _ = exec.Command("ip", "link", "del", name).Run() }, nil
}
