package simnet_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/simnet"
)

// A packet from a slow machine over a slow path, and one into a partition.
func Example() {
	net := simnet.New(1, 3)
	net.Set(0, 1, simnet.Path{Latency: simnet.Millis(50, 60)})
	net.Partition([]netcode.Peer{0, 1}, []netcode.Peer{2})
	slow := simnet.Clock{PPM: -100_000} // nine ticks where others have ten
	buf := make([]byte, simnet.MaxPacket)
	for now := 250; now <= 5000; now += 250 {
		net.Pass(250)
		for range slow.Pass(250) {
			fmt.Println("sent after", now)
			net.Peer(0).Send(1, []byte("hello"))
			net.Peer(0).Send(2, []byte("is anybody there?"))
		}
		for _, p := range []netcode.Peer{1, 2} {
			if n, from, ok := net.Peer(p).Recv(buf); ok {
				fmt.Printf("machine %d heard %q of %d after %d\n", p, buf[:n], from, now)
			}
		}
	}
	fmt.Println("cut:", net.Counts(0, 2).Cut)
	// Output:
	// sent after 1250
	// sent after 2250
	// sent after 3500
	// machine 1 heard "hello" of 0 after 4250
	// sent after 4500
	// cut: 4
}
