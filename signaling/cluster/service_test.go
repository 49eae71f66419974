//go:build nats

package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/punchback/punchback/nat/natlab"
)

// service is three signaling servers, as programs, and what stands before them.
type service struct {
	t     *testing.T
	bin   string
	nats  string
	addrs []string
	procs []*exec.Cmd
	front *front
}

func startService(t *testing.T, nats string) *service {
	t.Helper()
	s := &service{t: t, nats: nats, bin: filepath.Join(t.TempDir(), "signaling")}
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", s.bin, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(s.bin); err != nil || info.Size() > 20_000_000 {
		t.Errorf("the program is larger than 20 MB: %v, %v", info.Size(), err)
	}
	for _, p := range natlab.FreePorts(3) {
		s.addrs = append(s.addrs, fmt.Sprint("127.0.0.1:", p))
		s.procs = append(s.procs, nil)
	}
	for i := range s.addrs {
		s.start(i, nats)
	}
	s.front = newFront(t, s.addrs)
	return s
}

// start starts one of them, which meets the others at that NATS.
func (s *service) start(i int, nats string) {
	s.t.Helper()
	s.procs[i] = launch(s.t, exec.Command(s.bin, "-addr", s.addrs[i], "-turn", "off", "-nats", nats, "-v", "-proofs", filepath.Join(filepath.Dir(s.bin), "proofs.key")), "signaling at")
}

// stop stops one as an operator does.
func (s *service) stop(i int) {
	s.procs[i].Process.Signal(syscall.SIGTERM)
	s.procs[i].Wait()
}

// front is what stands before servers: every connection goes to the next one
// that accepts it.
type front struct {
	net.Listener
	mu   sync.Mutex
	to   []string
	next int
	off  bool          // it is cut
	hold chan struct{} // closed when what has stopped goes on; nil: it goes
	on   map[net.Conn]bool
}

func newFront(t *testing.T, to []string) *front {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Listener: l, to: to, on: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer a.Close()
				b := f.dial()
				if b == nil {
					return
				}
				f.keep(a, b, true)
				defer f.keep(a, b, false)
				wg.Go(func() { f.copy(b, a); b.Close() })
				f.copy(a, b)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		f.stop(false)
		f.cut(true)
		wg.Wait()
	})
	return f
}

// keep notes two ends of a line, or closes them.
func (f *front) keep(a, b net.Conn, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on && !f.off {
		f.on[a], f.on[b] = true, true
		return
	}
	a.Close()
	b.Close()
	delete(f.on, a)
	delete(f.on, b)
}

// cut cuts all lines, and lets none through until it is put back.
func (f *front) cut(off bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = off
	if off {
		for c := range f.on {
			c.Close()
		}
	}
}

// stop lets nothing through without a word, as a broken network does, until it goes on.
func (f *front) stop(off bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if off && f.hold == nil {
		f.hold = make(chan struct{})
	} else if !off && f.hold != nil {
		close(f.hold)
		f.hold = nil
	}
}

func (f *front) copy(to, from net.Conn) {
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		f.mu.Lock()
		hold := f.hold
		f.mu.Unlock()
		if hold != nil {
			<-hold
		}
		if _, failed := to.Write(b[:n]); err != nil || failed != nil {
			return
		}
	}
}

func (f *front) dial() net.Conn {
	for range f.to {
		f.mu.Lock()
		f.next++
		to, off := f.to[f.next%len(f.to)], f.off
		f.mu.Unlock()
		if off {
			return nil
		}
		if c, err := net.Dial("tcp", to); err == nil {
			return c
		}
	}
	return nil
}
