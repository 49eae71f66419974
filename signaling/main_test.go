package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program builds the service once for a test.
func program(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "signaling")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

func TestTheProgram(t *testing.T) {
	bin := program(t)
	run := exec.Command(bin, "-addr", "127.0.0.1:0")
	run.Env = append(os.Environ(), "PUNCHBACK_TURN=127.0.0.1:0", "PUNCHBACK_ADDR=nonsense") // The flag counts more.
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	addr, ok := strings.CutPrefix(lines.Text(), "signaling at ws://")
	if !ok {
		t.Fatal(lines.Text())
	}
	r, err := http.Get("http://" + addr + "/healthz")
	if err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
	r.Body.Close()

	for args, want := range map[string]string{
		"-addr " + addr:               addr + " is in use",
		"-addr nonsense":              "HOST:PORT",
		"-addr 127.0.0.1:0 -turn x":   "turn",
		"-relay-ports 9":              "relay-ports",
		"-origin https://a/b":         "origin",
		"-web /nowhere":               "no folder",
		"-public http://game.example": "public",
		"stray":                       "no flag",
		"-cert a.pem":                 "cert and key",
		"-cert a.pem -key b.pem -addr 127.0.0.1:0": "certificate",
	} {
		out, err := exec.Command(bin, strings.Fields(args)...).CombinedOutput()
		if err == nil || strings.Count(string(out), "\n") != 1 || !strings.HasPrefix(string(out), "signaling: ") || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %q; want one line with %q", args, err, out, want)
		}
	}
	wrong := exec.Command(bin)
	wrong.Env = append(os.Environ(), "PUNCHBACK_SOCKETS=many")
	if out, err := wrong.CombinedOutput(); err == nil || !strings.HasPrefix(string(out), `signaling: PUNCHBACK_SOCKETS: "many"`) {
		t.Errorf("a bad variable: %v, %q", err, out)
	}
	if out, err := exec.Command(bin, "-h").CombinedOutput(); err != nil || !strings.Contains(string(out), "/GAME/CODE") || !strings.Contains(string(out), "-relay-private") {
		t.Errorf("-h: %v\n%s", err, out)
	}

	if runtime.GOOS == "windows" {
		return
	}
	run.Process.Signal(os.Interrupt)
	for lines.Scan() {
	}
	if err := run.Wait(); err != nil {
		t.Error("after an interrupt:", err)
	}
}
