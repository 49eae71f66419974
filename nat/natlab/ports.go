package natlab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// taken are the ports that FreePorts gave to this process.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// FreePorts finds TCP ports for programs that can't choose their own, also free for
// UDP, on every address of this machine. They are from 10000 to 19999, below what
// systems give to whoever asks for any port (RFC 6335 begins those at 49152, Linux at
// 32768): no connection and no listener of another test comes by one in the moment
// between this call and the program's start. No port is given twice; it panics where
// too few are free.
func FreePorts(count int) (ports []int) {
	taken.Lock()
	defer taken.Unlock()
	for range 10_000 {
		if len(ports) == count {
			return ports
		}
		port := 10_000 + rand.IntN(10_000)
		if !taken.ports[port] && free(port) {
			taken.ports[port] = true
			ports = append(ports, port)
		}
	}
	panic(fmt.Sprintf("natlab: %d of %d ports are free", len(ports), count))
}

func free(port int) bool {
	at := ":" + strconv.Itoa(port)
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	return u.Close() == nil
}
