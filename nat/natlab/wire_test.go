//go:build netns && linux

package natlab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// playWire carries Ethernet frames between pairs of interfaces, late, and loses
// some: milliseconds, thousandths, and the interfaces with commas between.
func playWire(args []string) {
	late, _ := strconv.Atoi(args[0])
	loss, _ := strconv.Atoi(args[1])
	names := strings.Split(args[2], ",")
	var sockets []int
	for _, name := range names {
		s, err := tap(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
		sockets = append(sockets, s)
	}
	for i := range sockets {
		go carry(sockets[i], sockets[i^1], time.Duration(late)*time.Millisecond, loss)
	}
	tell(message{Kind: "ready"})
	hear(func(message) {})
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

func tap(name string) (int, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	s, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(htons(syscall.ETH_P_ALL)))
	if err != nil {
		return 0, err
	}
	return s, syscall.Bind(s, &syscall.SockaddrLinklayer{Protocol: htons(syscall.ETH_P_ALL), Ifindex: card.Index})
}

// carry keeps frames in the order in which they came, since all are as late.
func carry(from, to int, late time.Duration, loss int) {
	type frame struct {
		at   time.Time
		data []byte
	}
	queue := make(chan frame, 4096)
	var done sync.WaitGroup
	done.Go(func() {
		for f := range queue {
			if d := time.Until(f.at); d > 0 {
				time.Sleep(d)
			}
			_, _ = syscall.Write(to, f.data)
		}
	})
	buf := make([]byte, 65536)
	for {
		n, addr, err := syscall.Recvfrom(from, buf, 0)
		if err != nil {
			break
		}
		if ll, ok := addr.(*syscall.SockaddrLinklayer); ok && ll.Pkttype == syscall.PACKET_OUTGOING {
			continue // what we sent ourselves
		}
		if rand.IntN(1000) < loss {
			continue
		}
		select {
		case queue <- frame{time.Now().Add(late), append([]byte(nil), buf[:n]...)}:
		default: // the wire is full
		}
	}
	close(queue)
	done.Wait()
}
