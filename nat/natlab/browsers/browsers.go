//go:build unix

package browsers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"syscall"
	"time"
)

// A Browser is one that runs.
type Browser interface {
	// Name is what people call it: Chromium, Firefox, WebKit.
	Name() string
	// Window opens an empty tab in a window of its own, for a person who shares
	// nothing with another. What its console says is written to console, if any.
	Window(console io.Writer) (Tab, error)
	// Close ends it, with all its processes.
	Close()
}

// A Tab is a page that is open.
type Tab interface {
	// Preload has a script run in every page of the tab before the page's own.
	Preload(script string) error
	// Navigate goes to an address, and waits until the page is read.
	Navigate(url string) error
	// Eval evaluates an expression, awaits it if it is a promise, and stores what
	// comes out in v, by way of JSON. Nothing stays in v if that is undefined.
	Eval(expression string, v any) error
	// Act is Eval of something that a person did: it may start sound, or copy.
	Act(expression string, v any) error
	// Press presses a key, named as in KeyboardEvent.key, and holds it for so long.
	Press(key string, length time.Duration) error
	// Shot is a picture of the page, a PNG.
	Shot() ([]byte, error)
	// Beside opens another tab in the same window, empty, behind this one or before it.
	Beside(console io.Writer) (Tab, error)
	// Front shows the tab, and so hides the others of its window.
	Front() error
	Close() error
}

// Patience is for how long nothing may move before a wait is given up: long
// enough for any machine, since it is only against hanging for ever.
const Patience = 3 * time.Minute

// Until waits until look says that it is so. Beside it look tells how far it is,
// and as long as that changes, the wait goes on, however slow the machine.
func Until(look func() (progress any, done bool)) error {
	var last any
	for moved := time.Now(); ; {
		progress, done := look()
		if done {
			return nil
		}
		if !reflect.DeepEqual(progress, last) {
			last, moved = progress, time.Now()
		}
		if time.Since(moved) > Patience {
			return fmt.Errorf("nothing moved for %v; at last: %v", Patience, last)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ErrMissing is that a browser is not installed.
var ErrMissing = errors.New("browsers: not installed")

// find is the first of some programs that is installed.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: %s", ErrMissing, names[0])
}

// asJSON is an expression whose value is what another one's is, as JSON. It
// makes a promise, and is undefined if the other one is.
func asJSON(expression string) string {
	return "(async () => JSON.stringify(await (" + expression + ")))()"
}

func decode(expression, text string, v any) error {
	if text == "" || v == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("browsers: %s = %s: %w", expression, text, err)
	}
	return nil
}

// process is a program that ends with all that it starts.
type process struct{ cmd *exec.Cmd }

func launch(cmd *exec.Cmd) (process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return process{cmd}, cmd.Start()
}

func (p process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// said waits until a program has written a line with a mark in it, and returns
// what follows the mark. The rest is read and thrown away.
func said(r *os.File, mark string) (string, error) {
	var text []byte
	buf := make([]byte, 4096)
	_ = r.SetReadDeadline(time.Now().Add(Patience))
	for {
		n, err := r.Read(buf)
		text = append(text, buf[:n]...)
		if _, rest, ok := bytes.Cut(text, []byte(mark)); ok {
			if line, _, whole := bytes.Cut(rest, []byte("\n")); whole {
				_ = r.SetReadDeadline(time.Time{})
				go func() { _, _ = io.Copy(io.Discard, r); _ = r.Close() }() // ends with the program
				return string(bytes.TrimSpace(line)), nil
			}
		}
		if err != nil {
			_ = r.Close()
			return "", fmt.Errorf("browsers: no %q: %w: %s", mark, err, text)
		}
	}
}

// Screen starts a display in memory, and returns its name and its end.
func Screen() (display string, stop func(), err error) {
	path, err := find("Xvfb")
	if err != nil {
		return "", nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	// Without -noreset it begins anew when its last client goes, and whoever comes at
	// that moment finds no display.
	cmd := exec.Command(path, "-displayfd", "3", "-screen", "0", "1280x720x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w} // it takes a free number and writes it here
	p, err := launch(cmd)
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return "", nil, err
	}
	number, err := said(r, "")
	if err != nil {
		p.kill()
		return "", nil, err
	}
	return ":" + number, p.kill, nil
}
