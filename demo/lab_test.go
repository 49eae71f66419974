//go:build worlds && linux

package main_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
)

// serviceIn starts the signaling service in the middle of a laboratory.
func serviceIn(t *testing.T, lab *natlab.Lab) (url string) {
	t.Helper()
	addr := lab.Server.Addr.String()
	p := startCmd(t, "signaling", lab.Server.Command(filepath.Join(world.bin, "signaling"), "-addr", addr+":8080", "-turn", addr+":3478"))
	if _, err := p.log.find(regexp.MustCompile("serving")); err != nil {
		t.Fatal(err)
	}
	return "ws://" + addr + ":8080"
}

// TestSecondMachine plays from one machine to another, each behind a router of its
// own.
func TestSecondMachine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path string
		more []string
	}{{"direct", nil}, {"relay", []string{"-relay-only"}}} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			cores.take(t, 2*aBot)
			lab := natlab.New(t, natlab.Wire{RTT: 20 * time.Millisecond})
			url := serviceIn(t, lab)
			var bots []*process
			for seed := range 2 {
				cmd := lab.Internet.Home("port").Command(filepath.Join(world.bin, "bot"), botArgs(url, room(t), 2, 300, seed, c.more...)...)
				bots = append(bots, startCmd(t, fmt.Sprintf("bot%d", seed), cmd))
			}
			for _, r := range results(t, 300, bots...) {
				if r.Path != c.path {
					t.Errorf("path %q; want %s", r.Path, c.path)
				}
			}
		})
	}
}
