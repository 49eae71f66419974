//go:build worlds

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// screen starts a display in memory and says what a program needs to draw on it.
func screen(t *testing.T) (env []string) {
	t.Helper()
	need(t, "Xvfb", "xdotool", "import")
	display, stop, err := browsers.Screen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return []string{"DISPLAY=" + display}
}

// silent is a sound card that is none.
func silent(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asound.conf")
	if err := os.WriteFile(path, []byte("pcm.!default { type null }\nctl.!default { type null }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return "ALSA_CONFIG_PATH=" + path
}

// window is the demo's own window.
type window struct {
	*process
	t   *testing.T
	env []string
	id  string
}

func openWindow(t *testing.T, name string, env []string, args ...string) *window {
	t.Helper()
	title := fmt.Sprintf("worlds-%d-%s", os.Getpid(), name)
	w := &window{t: t, env: env}
	w.process = startEnv(t, name, env, filepath.Join(world.bin, "window"), append(args, "-title", title)...)
	if err := browsers.Until(func() (any, bool) {
		select {
		case <-w.done:
			t.Fatalf("the window ended: %v\n%s", w.err, w.log)
		default:
		}
		cmd := exec.Command("xdotool", "search", "--name", "^"+title+"$")
		cmd.Env = append(os.Environ(), env...)
		out, _ := cmd.Output() // it fails while there is no such window
		w.id = strings.TrimSpace(string(out))
		return nil, w.id != ""
	}); err != nil {
		t.Fatalf("no window: %v\n%s", err, w.log)
	}
	return w
}

func (w *window) tool(args ...string) {
	w.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), w.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// hold holds a key for a while, as a finger does.
func (w *window) hold(key string, length time.Duration) {
	w.t.Helper()
	w.tool("xdotool", "windowfocus", w.id)
	w.tool("xdotool", "keydown", key)
	time.Sleep(length)
	w.tool("xdotool", "keyup", key)
}

// shot keeps a picture of the window, and sees that there is something on it.
func (w *window) shot(name string) {
	w.t.Helper()
	path := filepath.Join(shelf(w.t), name+".png")
	w.tool("import", "-window", w.id, path)
	notBlank(w.t, path)
}

// TestWindowAndPage plays the native window against a page, with keys.
func TestWindowAndPage(t *testing.T) {
	t.Parallel()
	cores.take(t, aPage+aWindow)
	p := open(t, "page", join(room(t), 2))
	env := append(screen(t), silent(t))
	w := openWindow(t, "window", env, "-server", world.server, "-room", room(t), "-players", "2", "-hud")
	p.until(`globalThis.worlds.match`)
	p.untilFrame(180)
	for _, key := range []string{"d", "a", "w", "f", "d"} {
		w.hold(key, 300*time.Millisecond)
	}
	w.shot("window")
	p.shot("page")
	p.untilFrame(600)
	s := p.stats()
	t.Logf("%+v", s)
	if s.Players != 2 || s.Path != "direct" {
		t.Errorf("%+v; want 2 players and a direct path", s)
	}
	select {
	case <-w.done:
		t.Errorf("the window ended: %v\n%s", w.err, w.log)
	default:
	}
}

// TestNoSoundCard starts the window on a machine without one: it plays on in silence.
func TestNoSoundCard(t *testing.T) {
	t.Parallel()
	cores.take(t, aWindow)
	w := openWindow(t, "window", append(screen(t), "ALSA_CONFIG_PATH=/dev/null"))
	w.playsOn()
}

// TestSoundCardGoesAway has one that takes a second of sound and then ends.
func TestSoundCardGoesAway(t *testing.T) {
	t.Parallel()
	cores.take(t, aWindow)
	card := filepath.Join(t.TempDir(), "asound.conf")
	const conf = `pcm.!default { type file slave.pcm { type null } file "|head -c 100000 >/dev/null" format raw }
ctl.!default { type null }
`
	if err := os.WriteFile(card, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	w := openWindow(t, "window", append(screen(t), "ALSA_CONFIG_PATH="+card))
	if _, err := w.log.find(regexp.MustCompile(`write failed`)); err != nil {
		t.Fatal(err)
	}
	w.playsOn()
}

// playsOn sees that the window is there for a while, and that it draws.
func (w *window) playsOn() {
	w.t.Helper()
	select {
	case <-w.done:
		w.t.Fatalf("the window ended: %v\n%s", w.err, w.log)
	case <-time.After(4 * time.Second): // sound is opened within the first second
	}
	w.shot("window")
}
