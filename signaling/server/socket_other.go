//go:build !unix

package server

import "net"

// socket is a connection; see socket_unix.go for what it can be elsewhere.
type socket struct {
	net.Conn
	in   *piece
	rest []byte // of in, not yet heard
}

func newSocket(c net.Conn, early []byte) *socket { return &socket{Conn: c, rest: early} }

// more reads; what was read before is gone.
func (s *socket) more() error {
	if s.in == nil {
		s.in = pieces.Get().(*piece)
	}
	n, err := s.Conn.Read(s.in[:])
	if s.rest = s.in[:n]; n > 0 {
		return nil
	}
	return err
}

func (s *socket) release() {
	if s.rest = nil; s.in != nil {
		pieces.Put(s.in)
		s.in = nil
	}
}

// try writes as much as can be written at once: here nobody knows.
func (s *socket) try([]byte) (int, error) { return 0, nil }
