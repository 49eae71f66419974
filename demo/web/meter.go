package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// meter shows what is going on, at least once a second.
type meter struct {
	out io.Writer
	mu  sync.Mutex
	say string
}

// set replaces what the meter says.
func (m *meter) set(format string, args ...any) {
	m.mu.Lock()
	m.say = fmt.Sprintf(format, args...)
	m.mu.Unlock()
}

func (m *meter) said() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.say
}

// during runs work, shows the meter meanwhile, and tells how long it took. On a
// terminal one line is written over and over; elsewhere there is one a second.
func (m *meter) during(what string, work func() error) (time.Duration, error) {
	start := time.Now()
	m.set("%s", what)
	done := make(chan error, 1)
	go func() { done <- work() }()
	every, head, tail := time.Second, "", "\n"
	if f, ok := m.out.(*os.File); ok && terminal(f) {
		every, head, tail = 200*time.Millisecond, "\r\x1b[K", ""
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case err := <-done:
			fmt.Fprint(m.out, head)
			return time.Since(start), err
		case <-ticks.C:
			line := fmt.Sprintf("%5.1f s  %s", time.Since(start).Seconds(), m.said())
			if tail == "" && len(line) > 78 {
				line = line[:78]
			}
			fmt.Fprint(m.out, head, line, tail)
		}
	}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
