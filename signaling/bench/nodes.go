package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// nodes runs the tests of the cluster with real NATS servers and so many clients,
// and shows what they have measured. They fail for what is lost.
func (b *bench) nodes() error {
	if b.crowd == 0 {
		note("left out")
		return nil
	}
	if _, err := exec.LookPath("nats-server"); err != nil {
		note("left out, since there is no nats-server; on Debian or Ubuntu: apt-get install nats-server")
		return nil
	}
	cmd := exec.Command("go", "test", "-tags", "nats", "-count", "1", "-v", "-run", "Killed|CutOff|Across|Rolling", "github.com/punchback/punchback/signaling/cluster")
	cmd.Env = append(os.Environ(), "PUNCHBACK_CLIENTS="+strconv.Itoa(b.crowd))
	out, err := cmd.CombinedOutput()
	for _, m := range figure.FindAllSubmatch(out, -1) {
		note("%s", m[1])
	}
	if err != nil {
		return fmt.Errorf("go test: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// figure is what a test logs.
var figure = regexp.MustCompile(`(?m)^ +process_test\.go:\d+: (.*)$`)
