//go:build worlds && unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// What the README says for modules that use punchback from a folder is enough:
// its very commands, in a copy of pong.
func TestReadmeReplace(t *testing.T) {
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(here, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(string(text))
		if m == nil {
			t.Fatalf("the README has nothing like %s", pattern)
		}
		return m[1]
	}
	start := strings.Replace(said(`(?m)^(go run \S+/demo/web@latest -tabs .*)$`), "@latest", "", 1)
	once := []string{said("`(go mod edit -tool=[^`]+)`"), said("` and `(go mod tidy)`")}
	pong, err := os.ReadFile(filepath.Join(here, "demo/pong/pong.go"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		mod, work string
		before    []string
	}{
		"replace": {mod: "require " + module + " v0.0.0\n\nreplace " + module + " => " + here + "\n", before: once},
		"go.work": {work: "go 1.26.0\n\nuse (\n\t.\n\t" + here + "\n)\n"},
		"both":    {mod: "require " + module + " v0.0.0\n\nreplace " + module + " => " + here + "\n", work: "go 1.26.0\n\nuse .\n", before: once},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"go.mod": "module example.org/mine\n\ngo 1.26\n\n" + c.mod, "pong.go": string(pong)}
			if c.work != "" {
				files["go.work"] = c.work
			}
			dir := workspace(t, files)
			for _, line := range c.before {
				if out, err := shell(dir, line).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", line, err, out)
				}
			}
			starts(t, dir, strings.Replace(start, "/demo/web ", "/demo/web -no-open -addr 127.0.0.1:0 ", 1))
		})
	}
}

// The program itself says those commands where the go command suggests others.
func TestBrokenSums(t *testing.T) {
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, mod := range []string{"require " + module + " v0.0.0\n\n", ""} {
		dir := workspace(t, map[string]string{
			"go.mod":  "module example.org/mine\n\ngo 1.26\n\n" + mod + "replace " + module + " => " + here + "\n",
			"main.go": "package main\n\nimport _ \"" + module + "/netcode/rtc\"\n\nfunc main() {}\n",
		})
		code, _, said := web(t, dir, "-no-open", "-addr", "127.0.0.1:0", ".")
		_, advice, ok := strings.Cut(said, "run these two once, where your go.mod is:\n\n")
		if code != 1 || !ok {
			t.Fatalf("exit status %d, no advice: %s", code, said)
		}
		for line := range strings.Lines(advice) {
			if out, err := shell(dir, line).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
		starts(t, dir, "go run "+module+"/demo/web -no-open -addr 127.0.0.1:0 .")
	}
}

// shell is a command in a process group of its own, so that all that it starts ends with it.
func shell(dir, line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// starts runs a command that serves a game until its page is there.
func starts(t *testing.T, dir, line string) {
	t.Helper()
	cmd := shell(dir, line)
	var errors lines
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		io.Copy(io.Discard, out)
		cmd.Wait()
	}()
	url := ""
	for s := bufio.NewScanner(out); url == "" && s.Scan(); {
		url, _ = strings.CutPrefix(s.Text(), "ready ")
		if !strings.HasPrefix(url, "http") {
			url = ""
		}
	}
	if url == "" {
		t.Fatalf("%s is never ready: %s", line, errors.String())
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", url, answer.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}
