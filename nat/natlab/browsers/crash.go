//go:build unix

package browsers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Crash kills what runs a tab's page, and waits for its end: the page gets no event
// of it, such as pagehide, and says no goodbye. The tab itself stays, and shows that
// its page has crashed. Firefox does not tell which process runs which page: there
// all of its pages die, and it must run on Linux.
func Crash(t Tab) error {
	switch t := t.(type) {
	case *ChromeTab:
		return t.crash()
	case *foxTab:
		return t.f.crash()
	}
	return fmt.Errorf("browsers: no way is known to crash a %T", t)
}

// crash gets no answer from a page that has crashed; the browser tells of it.
func (t *ChromeTab) crash() error {
	ctx, done := context.WithCancel(t.ctx)
	defer done()
	crashed := make(chan struct{}, 1)
	chromedp.ListenTarget(ctx, func(event any) {
		if _, ok := event.(*inspector.EventTargetCrashed); ok {
			crashed <- struct{}{}
			done()
		}
	})
	limited, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	err := chromedp.Run(limited, page.Crash())
	select {
	case <-crashed:
		return nil
	default:
		return fmt.Errorf("browsers: no crash: %w", err)
	}
}

// crash kills every process that runs a site, which the program that Firefox is
// does not: it makes them anew as they are needed.
func (f *firefox) crash() error {
	killed, err := f.sites()
	if err != nil {
		return err
	}
	if len(killed) == 0 {
		return errors.New("browsers: no process of a page is there to crash")
	}
	for _, pid := range killed {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("browsers: crash process %d: %w", pid, err)
		}
	}
	return Until(func() (any, bool) {
		left, err := f.sites()
		return left, err != nil || len(left) == 0
	})
}

// sites are the living processes that run a site. Not Firefox itself starts them,
// but another process of its group.
func (f *firefox) sites() (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		// The format is "pid (name) state parent group ...", with anything in the name.
		head, rest, _ := strings.Cut(string(text), " (Isolated Web")
		_, rest, _ = strings.Cut(rest, ") ")
		fields := strings.Fields(rest)
		if len(fields) < 3 || fields[0] == "Z" || fields[2] != strconv.Itoa(f.cmd.Process.Pid) {
			continue
		}
		pid, err := strconv.Atoi(head)
		if err != nil {
			return nil, fmt.Errorf("browsers: %s: %w", path, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
