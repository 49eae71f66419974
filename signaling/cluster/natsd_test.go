//go:build nats

package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
)

// natsServers are the programs to test against, by version: the oldest that is
// supported, as Debian has it, and a new one, built for this.
func natsServers(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	bin, _ := filepath.Abs("../../.artifacts/bin")
	built := filepath.Join(bin, "nats-server")
	if _, err := os.Stat(built); err != nil {
		build := exec.Command("go", "install", "github.com/nats-io/nats-server/v2@v2.15.2")
		build.Env = append(os.Environ(), "GOBIN="+bin)
		if out, err := build.CombinedOutput(); err != nil {
			t.Logf("no new nats-server: %v\n%s", err, out)
		}
	}
	for _, name := range []string{"nats-server", "/usr/sbin/nats-server", built} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if out, err := exec.Command(path, "--version").Output(); err == nil {
			words := strings.Fields(string(out)) // nats-server: v2.9.10
			found[strings.TrimPrefix(words[len(words)-1], "v")] = path
		}
	}
	if len(found) == 0 {
		t.Skip("no nats-server: install Debian's package of that name")
	}
	return found
}

// newest is the newest of them.
func newest(t *testing.T) string {
	found := natsServers(t)
	if path := found["2.15.2"]; path != "" {
		return path
	}
	for version, path := range found {
		t.Logf("no 2.15.2, so with %s", version)
		return path
	}
	return ""
}

// oldest is the oldest of them, or another if only that is there.
func oldest(t *testing.T) string {
	if path := natsServers(t)["2.9.10"]; path != "" {
		return path
	}
	return newest(t)
}

// natsd is NATS: one server, or some that are a cluster.
type natsd struct {
	t       *testing.T
	servers []*exec.Cmd
	ports   []int
}

func startNATS(t *testing.T, path string, count int) *natsd {
	t.Helper()
	n := &natsd{t: t, ports: natlab.FreePorts(count)}
	routes := natlab.FreePorts(count)
	var all []string
	for _, p := range routes {
		all = append(all, fmt.Sprintf("nats://127.0.0.1:%d", p))
	}
	for i := range count {
		args := []string{"-a", "127.0.0.1", "-p", fmt.Sprint(n.ports[i]), "-js", "-sd", t.TempDir(), "-n", fmt.Sprint("n", i)}
		if count > 1 {
			args = append(args, "--cluster_name", "test", "--cluster", all[i], "--routes", strings.Join(all, ","))
		}
		n.servers = append(n.servers, launch(t, exec.Command(path, args...), ""))
	}
	for _, p := range n.ports {
		await(t, "nats-server", func() bool {
			c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", p))
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
	return n
}

func (n *natsd) urls() string {
	var all []string
	for _, p := range n.ports {
		all = append(all, fmt.Sprintf("nats://127.0.0.1:%d", p))
	}
	return strings.Join(all, ",")
}

func connect(t *testing.T, urls string) *natsCluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := NATS(ctx, urls, NATSOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*natsCluster)
}

// launch starts a program that ends with the test, and waits for a line of its
// that begins so, if any. What it says is kept for a test that fails.
func launch(t *testing.T, cmd *exec.Cmd, line string) *exec.Cmd {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var mu sync.Mutex
	var said []string
	seen := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer r.Close()
		lines := bufio.NewScanner(r)
		for found := false; lines.Scan(); {
			mu.Lock()
			if said = append(said, lines.Text()); len(said) > 40 {
				said = said[1:]
			}
			mu.Unlock()
			if !found && line != "" && strings.HasPrefix(lines.Text(), line) {
				found = true
				close(seen)
			}
		}
		io.Copy(io.Discard, r)
	})
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Process.Signal(syscall.SIGCONT)
		cmd.Wait()
		wg.Wait()
		if t.Failed() {
			t.Logf("%s %s said:\n%s", cmd.Path, strings.Join(cmd.Args[1:], " "), strings.Join(said, "\n"))
		}
	})
	if line != "" {
		select {
		case <-seen:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s did not say %q", cmd.Path, line)
		}
	}
	return cmd
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
