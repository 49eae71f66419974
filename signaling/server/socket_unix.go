//go:build unix

package server

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// socket is a TCP connection that holds no memory while it waits, and that can
// be written to without waiting.
type socket struct {
	net.Conn
	raw  syscall.RawConn // nil: not TCP itself
	in   *piece
	rest []byte // of in, not yet heard
	err  error  // of the last read
	fill func(fd uintptr) bool
}

func newSocket(c net.Conn, early []byte) *socket {
	s := &socket{Conn: c}
	if tcp, ok := c.(*net.TCPConn); ok {
		s.raw, _ = tcp.SyscallConn()
	}
	s.fill = s.read
	s.rest = early
	return s
}

// more reads; what was read before is gone.
func (s *socket) more() error {
	s.release()
	if s.raw == nil {
		s.in = pieces.Get().(*piece)
		n, err := s.Conn.Read(s.in[:])
		if s.rest = s.in[:n]; n > 0 {
			return nil
		}
		return err
	}
	if err := s.raw.Read(s.fill); err != nil {
		return err
	}
	return s.err
}

// read is called whenever there could be something.
func (s *socket) read(fd uintptr) (done bool) {
	s.in = pieces.Get().(*piece)
	n, err := syscall.Read(int(fd), s.in[:])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), s.in[:])
	}
	switch {
	case err == nil && n > 0:
		s.rest, s.err = s.in[:n], nil
		return true
	case err == nil:
		err = io.EOF
	}
	s.release()
	s.err = err
	return err != syscall.EAGAIN
}

func (s *socket) release() {
	if s.rest = nil; s.in != nil {
		pieces.Put(s.in)
		s.in = nil
	}
}

// try writes as much as can be written at once.
func (s *socket) try(b []byte) (n int, err error) {
	if s.raw == nil {
		return 0, nil
	}
	w := writes.Get().(*write)
	w.b = b
	err = s.raw.Write(w.do)
	n = max(w.n, 0)
	if err == nil && w.err != syscall.EAGAIN {
		err = w.err
	}
	w.b, w.n, w.err = nil, 0, nil
	writes.Put(w)
	return n, err
}

// write is one system call, kept for the next: a closure would be garbage.
type write struct {
	b   []byte
	n   int
	err error
	do  func(fd uintptr) bool
}

var writes = sync.Pool{New: func() any {
	w := &write{}
	w.do = func(fd uintptr) bool {
		for w.n, w.err = syscall.Write(int(fd), w.b); w.err == syscall.EINTR; {
			w.n, w.err = syscall.Write(int(fd), w.b)
		}
		return true
	}
	return w
}}
