package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// program builds the service once for a test.
func program(t *testing.T) string {
	t.Helper()
	t.Setenv("PUNCHBACK_PROOFS", filepath.Join(t.TempDir(), "proofs.key")) // not the user's
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
		"-log xml":                    "text, json or off",
		"-proxy here":                 "127.0.0.1,::1",
		"stray":                       "no flag",
		"-cert a.pem":                 "cert and key",
		"-cert a.pem -key b.pem -addr 127.0.0.1:0": "certificate",
		"-autocert https://a":                      "without scheme",
		"-autocert a.example -autocert-dir " + bin: "-autocert-dir", // a file
	} {
		bad := exec.Command(bin, strings.Fields(args)...)
		bad.Env = append(os.Environ(), "PUNCHBACK_ADDR=127.0.0.1:0", "PUNCHBACK_TURN=127.0.0.1:0") // Somebody may have the ports by default.
		out, err := bad.CombinedOutput()
		if err == nil || strings.Count(string(out), "\n") != 1 || !strings.HasPrefix(string(out), "signaling: ") || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %q; want one line with %q", args, err, out, want)
		}
	}
	wrong := exec.Command(bin)
	wrong.Env = append(os.Environ(), "PUNCHBACK_SOCKETS=many")
	if out, err := wrong.CombinedOutput(); err == nil || !strings.HasPrefix(string(out), `signaling: PUNCHBACK_SOCKETS: "many"`) {
		t.Errorf("a bad variable: %v, %q", err, out)
	}
	if out, err := exec.Command(bin, "-h").Output(); err != nil || !strings.Contains(string(out), "/GAME/CODE") || !strings.Contains(string(out), "-relay-private") {
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

// The key is kept for the next start. A server that can't keep one says so in a
// line, and serves.
func TestTheProgramKeepsItsProofs(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	file := filepath.Join(dir, "kept", "key")
	var keys [2]string
	for i := range keys {
		if said := serveOnce(t, bin, "-proofs", file); said != "" {
			t.Errorf("it says %q", said)
		}
		key, err := os.ReadFile(file)
		if keys[i] = string(key); err != nil || len(key) < 16 {
			t.Fatalf("%q, %v", key, err)
		}
	}
	if keys[0] != keys[1] {
		t.Error("another start has another key")
	}
	said := serveOnce(t, bin, "-proofs", filepath.Join(file, "below"))
	if strings.Count(said, "\n") != 1 || !strings.Contains(said, "-proofs") || !strings.Contains(said, file) {
		t.Errorf("it says %q; want one line with the flag and the file", said)
	}
}

// serveOnce starts the program, ends it when it serves, and gives what warned.
func serveOnce(t *testing.T, bin string, args ...string) (warned string) {
	t.Helper()
	run := exec.Command(bin, append([]string{"-addr", "127.0.0.1:0", "-turn", "off"}, args...)...)
	var errors strings.Builder
	run.Stderr = &errors
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Errorf("it does not serve: %s", &errors)
	}
	run.Process.Kill()
	run.Wait()
	for line := range strings.Lines(errors.String()) {
		if strings.Contains(line, "level=WARN") {
			warned += line
		}
	}
	return warned
}

// The unit is one that systemd takes.
func TestTheUnit(t *testing.T) {
	check, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	b, err := os.ReadFile("deploy/punchback-signaling.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "punchback-signaling.service")
	here, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(unit, []byte(strings.Replace(string(b), "/usr/local/bin/punchback-signaling", here, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(check, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "punchback-signaling.service") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What the pages tell of flags is there.
func TestThePagesKnowTheFlags(t *testing.T) {
	out, err := exec.Command(program(t), "-h").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, line := range strings.Split(string(out), "\n") {
		if name, ok := strings.CutPrefix(line, "  -"); ok {
			known[strings.Fields(name)[0]] = true
		}
	}
	unit, err := os.ReadFile("deploy/punchback-signaling.service")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("PUNCHBACK_([A-Z0-9_]+)=|`-([a-z0-9-]+)|punchback-signaling((?: -[a-z0-9]+ [^ \n]+)+)").FindAllStringSubmatch(string(unit)+string(page), -1) {
		names := []string{strings.ReplaceAll(strings.ToLower(m[1]), "_", "-"), m[2]}
		for i, word := range strings.Fields(m[3]) {
			if i%2 == 0 {
				names = append(names, strings.TrimPrefix(word, "-"))
			}
		}
		for _, name := range names {
			if name != "" && !known[name] {
				t.Errorf("-%s is told of, and no flag", name)
			}
		}
	}
}
