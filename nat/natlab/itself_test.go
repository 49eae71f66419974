//go:build netns && linux

package natlab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// playEcho sends back whatever comes.
func playEcho(addr string) {
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tell(message{Kind: "ready"})
	var b [64]byte
	for {
		if n, from, err := c.ReadFrom(b[:]); err == nil {
			_, _ = c.WriteTo(b[:n], from)
		}
	}
}

// volley is how many packets playAsk sends for one report.
const volley = 100

// playAsk sends a volley when it is told to, and tells how many were sent back, how
// long the quickest took, and why one was not sent.
func playAsk(addr string) {
	c, err := net.Dial("udp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	volleys := 0
	hear(func(message) {
		volleys++
		about := message{Kind: "report"}
		var sent [volley]time.Time
		for i := range volley {
			sent[i] = time.Now()
			if _, err := c.Write([]byte{byte(volleys), byte(i)}); err != nil {
				about.Reason = err.Error()
			}
		}
		var b [64]byte
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		for about.Heard < volley {
			n, err := c.Read(b[:])
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil || n != 2 || b[0] != byte(volleys) || b[1] >= volley { // of a volley before
				continue
			}
			about.Heard++
			if took := time.Since(sent[b[1]]); about.Connect == 0 || took < about.Connect {
				about.Connect = took
			}
		}
		tell(about)
	})
}

// ask has a volley sent.
func (p *process) ask() message { p.say(message{Kind: "ask"}); return p.next("report") }

// answered asks until there is an answer.
func (p *process) answered() message {
	p.t.Helper()
	for range 30 {
		if m := p.ask(); m.Heard > 0 {
			return m
		}
	}
	p.t.Fatal("never answered")
	return message{}
}

// A pulled cable cuts its machine off, and says so to it; that of the router in
// front cuts it off silently; back in, both work as before.
func TestCables(t *testing.T) {
	t.Parallel()
	l := New(t, Wire{RTT: 200 * time.Millisecond})
	n := l.Internet.Router("port")
	home := n.Host()
	if n.Addr == home.Addr || !home.Addr.IsPrivate() || n.Addr.IsPrivate() {
		t.Errorf("the router has the address %v, the machine behind it %v", n.Addr, home.Addr)
	}
	with := &lab{Lab: l}
	addr := l.Server.Addr.String() + ":7"
	with.start(t, l.Server, "echo", addr).next("ready")
	p := with.start(t, home, "ask", addr)
	if m := p.answered(); m.Connect < 100*time.Millisecond {
		t.Errorf("to the server and back takes %v, must be half of 200 ms at least", m.Connect)
	}
	home.Unplug()
	if m := p.ask(); m.Heard > 0 || !strings.Contains(m.Reason, "unreachable") {
		t.Errorf("unplugged: %+v", m)
	}
	home.Plug()
	p.answered()
	n.Unplug()
	if m := p.ask(); m.Heard > 0 {
		t.Errorf("its router is unplugged: %+v", m)
	}
	n.Plug()
	p.answered()
}

// Of 1000 packets so many are lost as is said, there as back.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ loss, most int }{{300, volley * 8 / 10}, {1000, 0}} {
		l := New(t, Wire{Loss: c.loss})
		home := l.Internet.Host()
		with := &lab{Lab: l}
		addr := l.Server.Addr.String() + ":7"
		with.start(t, l.Server, "echo", addr).next("ready")
		p := with.start(t, home, "ask", addr)
		ask := p.answered // some come through
		if c.loss == 1000 {
			ask = p.ask
		}
		if m := ask(); m.Heard > c.most {
			t.Errorf("%d of 1000 are lost, and %d of %d were answered", c.loss, m.Heard, volley)
		}
	}
}

// What runs on a machine stops, goes on and ends when told to, and only there.
func TestFreezeThawKill(t *testing.T) {
	t.Parallel()
	l := New(t, Wire{})
	a, b := l.Internet.Host(), l.Internet.Host()
	cmds := []*exec.Cmd{a.Command("sleep", "1000"), a.Command("sleep", "1000"), b.Command("sleep", "1000")}
	for _, c := range cmds {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, is func(c *exec.Cmd) bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !is(cmds[0]) || !is(cmds[1]); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never %s", what)
			}
		}
	}
	until("in their namespace", func(c *exec.Cmd) bool { return program(c) == "sleep" }) // and no more the ip that brought them there
	a.Freeze()
	until("stopped", func(c *exec.Cmd) bool { return state(c) == "T" })
	if s := state(cmds[2]); s == "T" {
		t.Error("the other machine is stopped, too")
	}
	a.Thaw()
	until("going on", func(c *exec.Cmd) bool { return state(c) != "T" })
	a.Kill()
	until("dead", func(c *exec.Cmd) bool { return state(c) == "Z" })
	for _, c := range cmds[:2] {
		_ = c.Wait()
		if w, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || w.Signal() != syscall.SIGKILL {
			t.Errorf("ended with %v", c.ProcessState)
		}
	}
	if s := state(cmds[2]); s == "Z" || s == "" {
		t.Error("the other machine's process has ended, too")
	}
	b.Kill()
	_ = cmds[2].Wait()
}

// state is how the kernel names what a process does: T is stopped, Z ended.
func state(c *exec.Cmd) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.Process.Pid))
	_, after, _ := strings.Cut(string(b), ") ")
	s, _, _ := strings.Cut(after, " ")
	return s
}

// program is the name of what a process runs.
func program(c *exec.Cmd) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", c.Process.Pid))
	return strings.TrimSpace(string(b))
}

// However tests end, their namespaces go, and what runs in them.
func TestSweep(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	tests := exec.Command(os.Args[0])
	tests.Env = append(os.Environ(), roleVariable+"=victim")
	out, err := tests.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Start(); err != nil {
		t.Fatal(err)
	}
	var b [32]byte
	n, _ := out.Read(b[:])
	inside, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		t.Fatalf("the tests said %q", b[:n])
	}
	_ = tests.Process.Kill()
	_ = tests.Wait()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left, _ := filepath.Glob(fmt.Sprintf("/run/netns/pb-%d-*", tests.Process.Pid))
		gone := errors.Is(syscall.Kill(inside, 0), syscall.ESRCH)
		if gone && len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the tests were killed, and there are %v still; what ran there has ended: %v", left, gone)
		}
	}
}

// playVictim is tests that are killed in the middle of it.
func playVictim() {
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "Victim", F: func(t *testing.T) {
		c := New(t, Wire{}).Internet.Host().Command("sleep", "1000")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Println(c.Process.Pid)
		_ = c.Wait()
	}}}, nil, nil)
}

func TestWireLimits(t *testing.T) {
	for _, w := range []Wire{{RTT: -1}, {RTT: 11 * time.Second}, {Jitter: -1}, {Jitter: time.Minute}, {Loss: -1}, {Loss: 1001}} {
		if w.check() == nil {
			t.Errorf("%+v is taken", w)
		}
	}
	if err := (Wire{RTT: 10 * time.Second, Jitter: 10 * time.Second, Loss: 1000}).check(); err != nil {
		t.Error(err)
	}
}
