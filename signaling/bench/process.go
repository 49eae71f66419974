package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// announced is what a server's first line begins with.
const announced = "signaling at ws://"

// process is a server in a process of its own.
type process struct {
	cmd     *exec.Cmd
	addr    string
	started time.Duration // until it said that it serves
}

// launch starts a program and waits until it says where it is.
func launch(bin string, args ...string) (*process, error) {
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), "PUNCHBACK_PROOFS="+filepath.Join(filepath.Dir(bin), "proofs.key")) // not the user's
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), announced); ok {
			p := &process{cmd: cmd, addr: addr, started: time.Since(begin)}
			go func() { // It must not wait for somebody to read the rest.
				for lines.Scan() {
				}
			}()
			return p, nil
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil, fmt.Errorf("%s %s ended without serving", filepath.Base(bin), strings.Join(args, " "))
}

// stop is kill -9.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// rss is the resident memory of a process in bytes, now and at its highest.
func (p *process) rss() (now, peak int, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, errors.New("memory is read from /proc, which only Linux has")
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch kb, _ := strconv.Atoi(f[1]); f[0] {
		case "VmRSS:":
			now = kb << 10
		case "VmHWM:":
			peak = kb << 10
		}
	}
	return now, peak, nil
}

// cpu is the processor time that a process has used; zero where that is not known.
func (p *process) cpu() time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * (time.Second / 100) // what Linux counts in
}

// compile builds the service as it is shipped.
func compile(dir string) (bin string, err error) {
	bin = filepath.Join(dir, "signaling")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "github.com/punchback/punchback/signaling")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
}
