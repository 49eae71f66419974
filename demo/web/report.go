package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/netcode/printable"
)

// reports prints what pages of ours have to say in the terminal: above all a
// desync, as frame and field. Everything about them is bounded, since a page is
// somebody else's machine: size, lines, and how many a second.
type reports struct {
	out  io.Writer
	mu   sync.Mutex
	left float64 // reports that may come now
	last time.Time
	lost int // since the last one that was printed
}

const (
	maxReport   = 4 << 10 // bytes
	maxLines    = 32      // of one report
	reportBurst = 20      // at once
	reportRate  = 5       // a second, in the long run
)

func (s *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !sameOrigin(r) {
		http.Error(w, "reports come from pages of this server", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		http.Error(w, fmt.Sprintf("a report has at most %d bytes", maxReport), http.StatusRequestEntityTooLarge)
		return
	}
	if !s.print(string(body), time.Now()) {
		http.Error(w, "too many reports", http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// sameOrigin reports whether a page that we served sent this. Browsers always say
// where a POST comes from, and a page cannot forge it.
func sameOrigin(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host != "" && u.Host == r.Host
}

// print prints a report unless there were too many.
func (s *reports) print(text string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.IsZero() {
		s.left = reportBurst
	}
	s.left = min(reportBurst, s.left+now.Sub(s.last).Seconds()*reportRate)
	s.last = now
	if s.left < 1 {
		s.lost++
		return false
	}
	s.left--
	if s.lost > 0 {
		fmt.Fprintf(s.out, "page: … %d reports more\n", s.lost)
		s.lost = 0
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		if i == maxLines {
			fmt.Fprintf(s.out, "page: … %d lines more\n", len(lines)-i)
			break
		}
		fmt.Fprintf(s.out, "page: %s\n", printable.Line(line))
	}
	return true
}
