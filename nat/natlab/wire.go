//go:build linux

package natlab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Wire is what the wires of the internet do to packets. There is one between each
// home and the middle; what two homes send each other goes through two.
type Wire struct {
	RTT    time.Duration // from one home to another and back, 0 to 10 s; the server is half as far
	Jitter time.Duration // each packet on each wire is late by up to so much more, 0 to 10 s, so that one overtakes another
	Loss   int           // of 1000 packets so many are lost on each wire, 0 to 1000
}

func (w Wire) check() error {
	const most = 10 * time.Second
	switch {
	case w.RTT < 0 || w.RTT > most:
		return fmt.Errorf("natlab: Wire.RTT is %v, must be 0 to %v", w.RTT, most)
	case w.Jitter < 0 || w.Jitter > most:
		return fmt.Errorf("natlab: Wire.Jitter is %v, must be 0 to %v", w.Jitter, most)
	case w.Loss < 0 || w.Loss > 1000:
		return fmt.Errorf("natlab: Wire.Loss is %d of 1000, must be 0 to 1000", w.Loss)
	}
	return nil
}

// wire carries the packets of a lab.
type wire struct {
	Wire
	space string
	taps  []*os.File
	work  sync.WaitGroup
}

// span begins to carry Ethernet frames between two interfaces of the namespace.
func (w *wire) span(a, b string) error {
	x, err := w.tap(a)
	if err != nil {
		return err
	}
	y, err := w.tap(b)
	if err != nil {
		return err
	}
	w.work.Go(func() { w.carry(x, y) })
	w.work.Go(func() { w.carry(y, x) })
	return nil
}

// close ends the carrying, and waits.
func (w *wire) close() {
	for _, f := range w.taps {
		f.Close()
	}
	w.work.Wait()
}

// tap opens an interface of the namespace, to read what arrives at it and to write
// what is to be sent.
func (w *wire) tap(name string) (*os.File, error) {
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer here.Close()
	there, err := os.Open("/run/netns/" + w.space)
	if err != nil {
		return nil, err
	}
	defer there.Close()
	runtime.LockOSThread()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	fd, err := open(name)
	if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err != nil {
		panic(err) // a thread of ours would be lost in another network
	}
	runtime.UnlockOSThread()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	w.taps = append(w.taps, f)
	return f, nil
}

// open opens an interface of the thread's namespace.
func open(name string) (int, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8                                      // in the order of the network
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0) // nothing arrives before it is bound
	if err != nil {
		return 0, err
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err == nil { // what we sent ourselves
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: card.Index})
	}
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

// frame is one that is on its way.
type frame struct {
	at   time.Time // when it arrives
	data []byte
}

// carry carries what comes from one interface to another.
func (w *wire) carry(from, to *os.File) {
	come := make(chan frame)
	defer close(come)
	w.work.Go(func() { deliver(to, come) })
	buf := make([]byte, 65536)
	for {
		n, err := from.Read(buf)
		if errors.Is(err, syscall.ENETDOWN) {
			continue // a card that is down comes back
		} else if err != nil {
			return
		}
		if rand.IntN(1000) < w.Loss {
			continue
		}
		at := time.Now().Add(w.RTT / 4)
		if w.Jitter > 0 {
			at = at.Add(rand.N(w.Jitter))
		}
		come <- frame{at, slices.Clone(buf[:n])}
	}
}

// deliver writes frames when their time has come, so that one overtakes another.
func deliver(to *os.File, come <-chan frame) {
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
			if len(waiting) == 4096 {
				continue // the wire is full
			}
			i, _ := slices.BinarySearchFunc(waiting, f.at, func(w frame, at time.Time) int { return at.Compare(w.at) })
			waiting = slices.Insert(waiting, i, f)
		case <-due:
			_, _ = to.Write(waiting[len(waiting)-1].data)
			waiting = waiting[:len(waiting)-1]
		}
	}
}
