//go:build unix

package server

import "syscall"

// files warns if this process may not have as many descriptors as its limits
// promise: the runtime has taken all that it may have by itself.
func (s *Server) files() {
	need := uint64(s.cfg.Limits.Sockets) + 64
	if s.relay != nil {
		ports := s.relay.Ports()
		need += uint64(ports.High-ports.Low) + 1 + 2000 // and TURN over TCP
	}
	var has syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &has); err == nil && uint64(has.Cur) < need {
		s.log.Warn("too few descriptors for all that the limits allow: raise LimitNOFILE or ulimit -n, or lower -sockets", "has", has.Cur, "want", need, "sockets", s.cfg.Limits.Sockets)
	}
}
