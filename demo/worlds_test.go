//go:build worlds

// Worlds: servers, bots, browsers and windows as real processes, as a player
// has them. They take minutes and need Chromium, Firefox, Xvfb and xdotool, so they have
// a tag of their own:
//
//	CGO_ENABLED=0 go test -tags worlds -v ./demo
//
// Without cgo, since a test that links Ebiten needs a screen before it starts;
// the windows here are programs of their own, on screens of their own.
// Screenshots and the output of every process land in .artifacts.
package main_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/nat/natlab/browsers"
)

// world is what all tests share: the programs, and one server of the demo.
var world struct {
	bin       string // where the programs are
	artifacts string
	page      string // http://host:port of demo/web
	lan       string // the same by an address of the LAN, as it prints it for others
	lanErr    error  // why there is none
	server    string // ws://host:port of the same
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := worlds(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "worlds:", err)
		code = 1
	}
	os.Exit(code)
}

func worlds(m *testing.M) (code int, err error) {
	if world.artifacts, err = filepath.Abs("../.artifacts/worlds"); err != nil {
		return 1, err
	}
	if err := os.RemoveAll(world.artifacts); err != nil {
		return 1, err
	}
	if world.bin, err = os.MkdirTemp("", "worlds"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(world.bin)
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(world.bin, "config")) // not the user's
	start := time.Now()
	for _, b := range []struct{ cgo, pkg string }{{"0", "web"}, {"0", "bot"}, {"0", "../signaling"}, {"1", "."}} {
		name := filepath.Base(b.pkg)
		if b.pkg == "." {
			name = "window"
		}
		pkg := b.pkg
		if !strings.HasPrefix(pkg, ".") {
			pkg = "./" + pkg
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(world.bin, name), pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+b.cgo)
		if out, err := cmd.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	fmt.Printf("worlds: programs built in %.1f s\n", time.Since(start).Seconds())

	// The best compression is kept for the server, which else makes it beside the
	// tests, on what they leave of the machine.
	start = time.Now()
	squeeze := exec.Command(filepath.Join(world.bin, "web"), "-export", filepath.Join(world.bin, "page"), "-server", "ws://127.0.0.1")
	squeeze.Dir = ".."
	if out, err := squeeze.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("web -export: %w\n%s", err, out)
	}
	fmt.Printf("worlds: the page compressed in %.1f s\n", time.Since(start).Seconds())

	lan, free, err := browsers.LAN()
	if world.lanErr = err; err == nil {
		defer free()
	}
	start = time.Now()
	web, err := launch("web", filepath.Join(world.artifacts, "web"), exec.Command(filepath.Join(world.bin, "web"), "-addr", ":0", "-no-open"))
	if err != nil {
		return 1, err
	}
	defer web.kill()
	ready, err := web.out.find(regexp.MustCompile(`(?m)^ready (http://[^/\s]+)`))
	if err != nil {
		return 1, fmt.Errorf("web: %w", err)
	}
	world.page = ready[1]
	if world.lanErr == nil {
		others, err := web.out.find(regexp.MustCompile(`(?m)^others: (http://` + regexp.QuoteMeta(lan) + `:\d+)/$`))
		if err != nil {
			return 1, fmt.Errorf("web: %w", err)
		}
		world.lan = others[1]
	}
	world.server = "ws" + strings.TrimPrefix(ready[1], "http")
	fmt.Printf("worlds: %s is ready after %.1f s\n", world.page, time.Since(start).Seconds())
	defer chromium.close()
	defer firefox.close()
	return m.Run(), nil
}

// cores is the machine. Everything that runs by the clock takes its share
// first, so that a small machine runs the worlds one after the other, a large
// one side by side, and neither makes a player stall that would not.
var cores = load{free: float64(runtime.NumCPU())}

// What one of each takes, in cores; a rendered page draws in software.
const (
	aPage   = 0.9
	aWindow = 0.9
	aBot    = 0.1
)

// most is for whoever counts ticks or milliseconds: it leaves room for two bots, which
// are quiet.
func most() float64 { return float64(runtime.NumCPU()) - 2*aBot }

type load struct {
	mu    sync.Mutex
	free  float64
	queue []*waiter
}

type waiter struct {
	share float64
	ready chan struct{}
}

// take waits for its turn and gives the share back when the test ends.
func (l *load) take(t *testing.T, share float64) {
	t.Helper()
	w := &waiter{min(share, float64(runtime.NumCPU())), make(chan struct{})} // alone, the largest runs too
	l.mu.Lock()
	l.queue = append(l.queue, w)
	l.next()
	l.mu.Unlock()
	t.Cleanup(func() { l.give(w.share) })
	<-w.ready
}

func (l *load) give(share float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free += share
	l.next()
}

// next serves in order, so that a test with a large share is not passed by for ever.
func (l *load) next() {
	for len(l.queue) > 0 && l.queue[0].share <= l.free+1e-9 {
		l.free -= l.queue[0].share
		close(l.queue[0].ready)
		l.queue = l.queue[1:]
	}
}

// tape is the output of a process: kept, written to a file, and searched
// while it grows.
type tape struct {
	mu    sync.Mutex
	file  *os.File
	text  []byte
	grown chan struct{} // closed at the next Write
	ended bool
}

func (o *tape) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	close(o.grown)
	o.grown = make(chan struct{})
	return o.file.Write(p)
}

func (o *tape) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// end says that nothing more comes.
func (o *tape) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	close(o.grown)
	o.grown = make(chan struct{})
	_ = o.file.Close()
}

// more is closed when there is more to read.
func (o *tape) more() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grown
}

// find waits for a match as long as there is more to read, and returns it with
// its groups.
func (o *tape) find(re *regexp.Regexp) ([]string, error) {
	for {
		o.mu.Lock()
		m, text, ended, grown := re.FindStringSubmatch(string(o.text)), string(o.text), o.ended, o.grown
		o.mu.Unlock()
		switch {
		case m != nil:
			return m, nil
		case ended:
			return nil, fmt.Errorf("ended without %q:\n%s", re, text)
		}
		select {
		case <-grown:
		case <-time.After(browsers.Patience):
			return nil, fmt.Errorf("no %q, and nothing more for %v:\n%s", re, browsers.Patience, text)
		}
	}
}

// process is a program that runs.
type process struct {
	name     string
	cmd      *exec.Cmd
	out, log *tape // standard output and standard error
	done     chan struct{}
	err      error // after done
}

// launch starts a program; its output goes to dir/name.out and .log too.
func launch(name, dir string, cmd *exec.Cmd) (*process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	p.cmd.Dir = ".."
	for _, o := range []struct {
		tape **tape
		name string
	}{{&p.out, name + ".out"}, {&p.log, name + ".log"}} {
		file, err := os.Create(filepath.Join(dir, o.name))
		if err != nil {
			return nil, err
		}
		*o.tape = &tape{file: file, grown: make(chan struct{})}
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ours to end with all that it starts
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		p.out.end()
		p.log.end()
		close(p.done)
	}()
	return p, nil
}

// kill ends the process and its children as kill -9 does, and waits.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// start runs a program of this module for the length of a test.
func start(t *testing.T, name, program string, args ...string) *process {
	t.Helper()
	return startEnv(t, name, nil, filepath.Join(world.bin, program), args...)
}

func startEnv(t *testing.T, name string, env []string, bin string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), env...)
	return startCmd(t, name, cmd)
}

func startCmd(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p, err := launch(name, shelf(t), cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// shelf is where a test keeps what it saw.
func shelf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(world.artifacts, strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wait waits for the end of a process, as long as it still says something.
func (p *process) wait(t *testing.T) error {
	t.Helper()
	for {
		select {
		case <-p.done:
			return p.err
		case <-p.out.more():
		case <-p.log.more():
		case <-time.After(browsers.Patience):
			t.Fatalf("%s has not ended, and said nothing for %v\nout: %s\nlog: %s", p.name, browsers.Patience, p.out, p.log)
		}
	}
}

// fails waits for a program to say in one line what is wrong, and to end with
// a status that is not zero.
func (p *process) fails(t *testing.T, want string) {
	t.Helper()
	var exit *exec.ExitError
	if err := p.wait(t); !errors.As(err, &exit) {
		t.Errorf("%s ended with %v; want a status that is not 0", p.name, err)
	}
	said := strings.TrimSpace(p.log.String())
	if strings.Contains(said, "\n") || !regexp.MustCompile(want).MatchString(said) {
		t.Errorf("%s says %q; want one line with %q", p.name, said, want)
	}
}

// freePort is a port for a program of the test.
func freePort(t *testing.T) int { return natlab.FreePorts(1)[0] }

// need skips a test on a machine without a program, except in CI.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is missing", p)
			}
			t.Skipf("%s is missing", p)
		}
	}
}

// room is a name that no other test has.
func room(t *testing.T) string {
	name := regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(strings.TrimPrefix(t.Name(), "Test"), "-")
	return name[:min(len(name), 32)]
}
