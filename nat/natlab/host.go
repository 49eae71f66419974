//go:build linux

package natlab

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Host is a machine. The embedded Cable is its only one, with its address: behind a
// router a private one. The server has no cable, but an address.
type Host struct{ Cable }

// Command is as exec.Command, on that machine. The process it starts is the
// program itself, and is killed with the lab if it still runs then; whoever starts it
// waits for it.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", slices.Concat([]string{"netns", "exec", h.lab.tag + h.space, name}, args)...)
}

// Freeze stops all that runs on a machine now, as SIGSTOP does, until Thaw. The
// machine's kernel does not sleep: it still takes packets in and acknowledges those
// of TCP, as that of a machine which is merely overloaded. Unplug it, too, for a
// laptop that is asleep.
func (h *Host) Freeze() { h.lab.t.Helper(); h.signal(syscall.SIGSTOP) }

// Thaw lets what was stopped by Freeze go on, as SIGCONT does.
func (h *Host) Thaw() { h.lab.t.Helper(); h.signal(syscall.SIGCONT) }

// Kill ends all that runs on a machine, as SIGKILL does, and waits until it has
// ended: its last packets, if any, are sent by then.
func (h *Host) Kill() {
	h.lab.t.Helper()
	for h.signal(syscall.SIGKILL) > 0 {
		time.Sleep(time.Millisecond) // the kernel has no event for a process that isn't ours
	}
}

// signal sends a signal to all that runs on a machine, and returns to how many.
func (h *Host) signal(s syscall.Signal) int {
	h.lab.t.Helper()
	out, err := exec.Command("ip", "netns", "pids", h.lab.tag+h.space).Output()
	if err != nil {
		h.lab.t.Fatalf("natlab: the processes of %s: %v", h.space, err)
	}
	pids := strings.Fields(string(out))
	for _, p := range pids {
		if pid, err := strconv.Atoi(p); err == nil && pid > 1 {
			_ = syscall.Kill(pid, s) // it may have ended
		}
	}
	return len(pids)
}
