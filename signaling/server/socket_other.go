//go:build !unix

package server

import "net"

// socket is a connection; see socket_unix.go for what it can be elsewhere.
type socket struct {
	net.Conn
	early []byte
}

func newSocket(c net.Conn, early []byte) *socket { return &socket{c, early} }

func (s *socket) Read(p []byte) (int, error) {
	if len(s.early) > 0 {
		n := copy(p, s.early)
		s.early = s.early[n:]
		return n, nil
	}
	return s.Conn.Read(p)
}

// small tells whether a buffer on top is a waste.
func (s *socket) small() bool { return false }

// try writes as much as can be written at once: here nobody knows.
func (s *socket) try([]byte) (int, error) { return 0, nil }
