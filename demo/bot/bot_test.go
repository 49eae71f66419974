package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
)

var service string // the signaling program

// TestMain is the bot itself where it is asked to be, so that bots are
// processes of their own.
func TestMain(m *testing.M) {
	if os.Getenv("BE_A_BOT") != "" {
		main()
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "bot")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		os.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config")) // not the user's
		service = filepath.Join(dir, "signaling")
		if out, err := exec.Command("go", "build", "-o", service, "../../signaling").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", out, err)
			return 1
		}
		return m.Run()
	}())
}

// serve starts the signaling service as a process.
func serve(t *testing.T) (url string, server *exec.Cmd) {
	t.Helper()
	addr := fmt.Sprint("127.0.0.1:", natlab.FreePorts(1)[0])
	server = exec.Command(service, "-addr", addr, "-turn", "127.0.0.1:0")
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if r, err := http.Get("http://" + addr + "/healthz"); err == nil {
			r.Body.Close()
			return "ws://" + addr, server
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the signaling service does not answer")
		}
	}
}

// bots plays one bot with each of the seeds against the others.
func bots(t *testing.T, url string, frames int, seeds []int, more ...string) []result {
	t.Helper()
	results := make([]result, len(seeds))
	var wg sync.WaitGroup
	for i, seed := range seeds {
		wg.Go(func() {
			args := append([]string{"-server", url, "-room", "R", "-players", fmt.Sprint(len(seeds)), "-seed", fmt.Sprint(seed),
				"-frames", fmt.Sprint(frames), "-json", "-timeout", "60s"}, more...)
			stdout, stderr, err := bot(t, args...)
			if err != nil {
				t.Errorf("bot %d: %v: %s", i, err, stderr)
				return
			}
			d := json.NewDecoder(strings.NewReader(stdout))
			d.DisallowUnknownFields()
			if err := d.Decode(&results[i]); err != nil {
				t.Errorf("bot %d printed %q: %v", i, stdout, err)
			}
			if _, err := d.Token(); err != io.EOF {
				t.Errorf("bot %d printed more than one object: %q", i, stdout)
			}
		})
	}
	wg.Wait()
	seats := map[int]bool{}
	for i, r := range results {
		if r.Hash == "" || len(r.Hash) != 16 || r.Hash != results[0].Hash || r.Players != len(seeds) || r.Frames != frames ||
			r.HashFrame != frames || r.Confirmed < frames || r.ConnectMS <= 0 || r.PacketsSent == 0 || r.BytesSent == 0 || r.Desyncs != 0 {
			t.Errorf("bot %d: %+v", i, r)
		}
		seats[r.Player] = true
	}
	if len(seats) != len(seeds) {
		t.Errorf("seats %v", seats)
	}
	return results
}

func bot(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_A_BOT=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func TestTwo(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	one := bots(t, url, 300, []int{1, 2})
	for _, r := range one {
		if r.Path != "direct" {
			t.Errorf("path %q", r.Path)
		}
	}
	if two := bots(t, url, 300, []int{3, 4}); two[0].Hash == one[0].Hash {
		t.Error("other seeds end in the same hash")
	}
}

func TestBadNetwork(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	for i, r := range bots(t, url, 300, []int{1, 2}, "-lag", "60", "-jitter", "20", "-loss", "0.05") {
		if r.Rollbacks == 0 || r.MaxRollback == 0 || r.RTTMS < 100 {
			t.Errorf("bot %d: %+v: 60 ms each way are felt", i, r)
		}
	}
}

func TestFour(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	bots(t, url, 300, []int{1, 2, 3, 4})
}

func TestRelayOnly(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	for i, r := range bots(t, url, 120, []int{1, 2}, "-relay-only") {
		if r.Path != "relay" {
			t.Errorf("bot %d: %+v", i, r)
		}
	}
}

// Bad input is one line, and status 1.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-nonsense":                  "nonsense",
		"brawl":                      "no flag",
		"-frames -1":                 "-frames is -1",
		"-json":                      "-frames",
		"-lag 99999":                 "-lag is 99999",
		"-jitter -1":                 "-jitter",
		"-loss 2":                    "-loss is 2",
		"-loss NaN":                  "-loss is NaN",
		"-server nonsense":           "no scheme",
		"-players 9":                 `"9"`,
		"-room no!room":              "no!room",
		"-room R -new":               "exclude each other",
		"-frames 5 -matches -1":      "-matches is -1",
		"-matches 2":                 "-matches needs -frames",
		"-frames 5 -matches 2 -json": "-matches is 2",
		"-timeout 10ms -frames 5":    "-timeout of 10ms",
	} {
		stdout, stderr, err := bot(t, strings.Fields(args)...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || stdout != "" && !strings.Contains(args, "timeout") || !strings.HasPrefix(stderr, "bot: ") ||
			!strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: %v, printed %q and %q; want one line with %q", args, err, stdout, stderr, want)
		}
	}
	if _, stderr, err := bot(t, "-h"); err != nil || !strings.Contains(stderr, "-relay-only") {
		t.Errorf("-h: %v, %q", err, stderr)
	}
}

// With -matches a bot plays one after another, and tells who is there between them.
func TestMatches(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	var wg sync.WaitGroup
	var outs [2]string
	for i := range outs {
		wg.Go(func() {
			stdout, stderr, err := bot(t, "-server", url, "-room", "R", "-name", fmt.Sprint("bot", i), "-frames", "30", "-matches", "3", "-timeout", "60s")
			if err != nil {
				t.Errorf("bot %d: %v: %s", i, err, stderr)
			}
			outs[i] = stdout
		})
	}
	wg.Wait()
	for i, out := range outs {
		for _, want := range []string{`room R: .*is this machine`, `room R: .*"bot[01]" is linked`, `match 1: seats \[1 2\], this machine is [12]\n`, `match 3: seats`} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("bot %d printed no %q:\n%s", i, want, out)
			}
		}
		if n := strings.Count(out, "played: frame 30 has hash"); n != 3 {
			t.Errorf("bot %d played %d matches", i, n)
		}
	}
}

// Without -frames a bot plays until somebody stops it.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, _ := serve(t)
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-server", url}, &out, io.Discard) }()
	time.AfterFunc(200*time.Millisecond, cancel)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "waiting for 1 more") {
		t.Errorf("printed %q", out.String())
	}
}

// told is what natcheck makes of a trace.
func told(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("go", "run", "../../nat/cmd/natcheck", "trace", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// However a bot ends, -trace leaves a file, and natcheck tells it.
func TestTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, server := serve(t)
	var wg sync.WaitGroup
	for _, file := range []string{"a", "b"} {
		wg.Go(func() {
			if _, stderr, err := bot(t, "-server", url, "-room", "R", "-frames", "60", "-json", "-timeout", "60s", "-trace", filepath.Join(dir, file)); err != nil {
				t.Errorf("%v: %s", err, stderr)
			}
		})
	}
	wg.Wait()
	for _, file := range []string{"a", "b"} {
		if s := told(t, filepath.Join(dir, file)); !strings.Contains(s, "linked directly, until") || strings.Contains(s, "127.0.0.1") {
			t.Errorf("a match is told as\n%s", s)
		}
	}

	waits := exec.Command(os.Args[0], "-server", url, "-room", "ALONE", "-trace", filepath.Join(dir, "c"), "-trace-addresses")
	waits.Env = append(os.Environ(), "BE_A_BOT=1")
	out, err := waits.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := waits.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "waiting for"); {
	}
	_ = waits.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, out)
	if err := waits.Wait(); err != nil {
		t.Error(err)
	}
	if s := told(t, filepath.Join(dir, "c")); !strings.Contains(s, "Nobody else was in the room") || !strings.Contains(s, "127.0.0.1") {
		t.Errorf("an interrupted bot is told as\n%s", s)
	}

	server.Process.Kill()
	server.Wait()
	if _, _, err := bot(t, "-server", url, "-timeout", "4s", "-trace", filepath.Join(dir, "d")); err == nil {
		t.Error("without a server the bot says that all is well")
	}
	if s := told(t, filepath.Join(dir, "d")); !strings.Contains(s, "never got into the room") || !strings.Contains(s, "Advice: See whether the signaling server runs") {
		t.Errorf("no server is told as\n%s", s)
	}
}
