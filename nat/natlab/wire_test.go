//go:build netns && linux

package natlab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// playWire carries Ethernet frames between pairs of interfaces, late, each by a little
// more than another, and loses some: milliseconds, milliseconds, thousandths, and the
// interfaces with commas between.
func playWire(args []string) {
	late, _ := strconv.Atoi(args[0])
	jitter, _ := strconv.Atoi(args[1])
	loss, _ := strconv.Atoi(args[2])
	names := strings.Split(args[3], ",")
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
		go carry(sockets[i], sockets[i^1], time.Duration(late)*time.Millisecond, time.Duration(jitter)*time.Millisecond, loss)
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

// frame is one that is on its way.
type frame struct {
	at   time.Time // when it arrives
	data []byte
}

// carry carries what comes from one interface to another.
func carry(from, to int, late, jitter time.Duration, loss int) {
	come := make(chan frame, 4096)
	go deliver(to, come)
	buf := make([]byte, 65536)
	for {
		n, addr, err := syscall.Recvfrom(from, buf, 0)
		if err != nil {
			close(come)
			return
		}
		if ll, ok := addr.(*syscall.SockaddrLinklayer); ok && ll.Pkttype == syscall.PACKET_OUTGOING {
			continue // what we sent ourselves
		}
		if rand.IntN(1000) < loss {
			continue
		}
		at := time.Now().Add(late)
		if jitter > 0 {
			at = at.Add(rand.N(jitter))
		}
		select {
		case come <- frame{at, slices.Clone(buf[:n])}:
		default: // the wire is full
		}
	}
}

// deliver writes frames when their time has come, so that one overtakes another.
func deliver(to int, come <-chan frame) {
	var waiting []frame // the last is the next
	for {
		var due <-chan time.Time
		if n := len(waiting); n > 0 {
			due = time.After(time.Until(waiting[n-1].at))
		}
		select {
		case f, ok := <-come:
			if !ok {
				return
			}
			i, _ := slices.BinarySearchFunc(waiting, f.at, func(w frame, at time.Time) int { return at.Compare(w.at) })
			waiting = slices.Insert(waiting, i, f)
		case <-due:
			_, _ = syscall.Write(to, waiting[len(waiting)-1].data)
			waiting = waiting[:len(waiting)-1]
		}
	}
}
