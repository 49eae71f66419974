package server

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// seldom logs what net/http has to say, which anybody can make it say: a
// certificate that can't be had is worth knowing, a million broken handshakes
// are not worth a disk. The rest is counted, and told to those who debug.
type seldom struct {
	log   *slog.Logger
	level slog.Level

	mu      sync.Mutex
	next    time.Time
	skipped int
}

const seldomEvery = 10 * time.Second

func (s *seldom) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Before(s.next) {
		s.skipped++
		s.log.Debug(text)
	} else {
		s.log.Log(context.Background(), s.level, text, "skipped", s.skipped)
		s.next, s.skipped = now.Add(seldomEvery), 0
	}
	return len(line), nil
}
