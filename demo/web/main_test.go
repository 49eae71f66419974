package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/server"
)

func TestMain(m *testing.M) {
	if os.Getenv("WEB_TEST_MAIN") != "" { // this very binary as the program
		main()
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "web")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir) // not the user's
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { os.RemoveAll(dir); os.Exit(code) }))
}

// web runs the program and gives its exit status and what it said.
func web(t *testing.T, dir string, args ...string) (code int, out, err string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WEB_TEST_MAIN=1")
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	if fail := cmd.Run(); fail != nil {
		if cmd.ProcessState == nil {
			t.Fatal(fail)
		}
		code = cmd.ProcessState.ExitCode()
	}
	return code, o.String(), e.String()
}

// workspace is a module of somebody's own, holding these files.
func workspace(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if files["go.mod"] == "" {
		files["go.mod"] = "module example.org/mine\n\ngo 1.26\n"
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const hi = "package main\n\nfunc main() { println(\"hi\") }\n"

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	code, out, said := web(t, t.TempDir(), "-no-open", "-addr", l.Addr().String(), "./nothing")
	if code != 1 || out != "" || strings.Count(said, "\n") != 1 || !strings.Contains(said, port) || !strings.Contains(said, "-addr") {
		t.Errorf("exit status %d, out %q, error %q: want 1, nothing, and one line that names %s and -addr", code, out, said, port)
	}
}

func TestBrokenPackage(t *testing.T) {
	dir := workspace(t, map[string]string{
		"bad/main.go":  "package main\n\nfunc main() { undefinedThing() }\n",
		"lib/lib.go":   "package lib\n",
		"deep/main.go": "package main\n\nimport \"example.org/nowhere/at/all\"\n\nfunc main() {}\n",
	})
	for _, c := range []struct{ pkg, want string }{
		{"./bad", "bad/main.go:3:15: undefined: undefinedThing\n"},
		{"./lib", "package lib: only a package main"},
		{"./none", "none: directory not found"},
		{"./deep", "deep/main.go:3:8: no required module provides package example.org/nowhere/at/all"},
	} {
		code, out, said := web(t, dir, "-no-open", "-addr", "127.0.0.1:0", c.pkg)
		if code != 1 || out != "" || !strings.Contains(filepath.ToSlash(said), c.want) {
			t.Errorf("%s: exit status %d, out %q, error %q: want 1 and %q", c.pkg, code, out, said, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-tabs 5", "-tabs 5"},
		{"-loss 1.5", "-loss 1.5"},
		{"-loss NaN", "-loss NaN"},
		{"-lag -1", "-lag -1"},
		{"./a ./b", "one package"},
		{"-zip x.zip", "-server"},
		{"-zip x.zip -server http://here", "-server"},
		{"-server wss://here", "-server and -server-from-link are for"},
		{"-server-from-link", "-server and -server-from-link are for"},
	} {
		_, err := parse(strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.args, err, c.want)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"-h"}, &help); err != flag.ErrHelp || !strings.Contains(help.String(), "-tabs") {
		t.Errorf("-h: %v %q", err, help.String())
	}
	o, err := parse(strings.Fields("-tabs 2 -lag 80 -jitter 20 -loss 0.05 -mute ./mine"), io.Discard)
	if want := "/-/tabs?jitter=20&lag=80&loss=0.05&mute=1&n=2"; err != nil || o.path() != want || o.pkg != "./mine" {
		t.Errorf("path %q, package %q, error %v: want %q", o.path(), o.pkg, err, want)
	}
	if o, _ := parse(nil, io.Discard); o.path() != "/" || o.addr != "127.0.0.1:8080" {
		t.Errorf("defaults: %q %q", o.path(), o.addr)
	}
}

func TestExport(t *testing.T) {
	dir := workspace(t, map[string]string{"main.go": hi})
	code, out, said := web(t, dir, "-export", "page", "-zip", "page.zip", "-server", "wss://play.example.org", ".")
	if code != 0 {
		t.Fatalf("exit status %d: %s%s", code, out, said)
	}
	var names []string
	found, _ := os.ReadDir(filepath.Join(dir, "page"))
	for _, f := range found {
		names = append(names, f.Name())
	}
	want := "game.wasm game.wasm.br game.wasm.gz index.html index.html.br index.html.gz page.js page.js.br page.js.gz wasm_exec.js wasm_exec.js.br wasm_exec.js.gz"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s", got)
	}
	index, _ := os.ReadFile(filepath.Join(dir, "page", "index.html"))
	for _, want := range []string{`punchback.server = "wss://play.example.org"`, `fetch("game.wasm")`, `src="page.js"`, `src="wasm_exec.js"`} {
		if !strings.Contains(string(index), want) {
			t.Errorf("index.html has no %s", want)
		}
	}
	for _, never := range []string{"/-/", `src="/`, `fetch("/`, "this machine"} {
		if strings.Contains(string(index), never) {
			t.Errorf("index.html has %s", never)
		}
	}
	if i, j := strings.Index(string(index), "page.js"), strings.Index(string(index), "wasm_exec.js"); i > j {
		t.Error("page.js comes after wasm_exec.js")
	}
	served(t, filepath.Join(dir, "page"))
	zipped, err := zip.OpenReader(filepath.Join(dir, "page.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer zipped.Close()
	for _, f := range zipped.File { // itch.io compresses by itself
		if ext := filepath.Ext(f.Name); ext == ".br" || ext == ".gz" {
			t.Errorf("the zip holds %s", f.Name)
		}
	}
	for name, magic := range map[string]string{"page/game.wasm": "\x00asm", "page.zip": "PK"} {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasPrefix(string(body), magic) {
			t.Errorf("%s: %v, begins %.4q", name, err, body)
		}
	}
	code, _, said = web(t, dir, "-export", ".", "-server", "wss://play.example.org", ".")
	if code != 1 || !strings.Contains(said, "Go source") {
		t.Errorf("an export over the source: exit status %d, %q", code, said)
	}
}

// served asks the signaling service for each file of an exported page in each
// encoding, and compares what comes of it with the original.
func served(t *testing.T, dir string) {
	t.Helper()
	s, err := server.New(server.Config{Turn: "off", Web: dir})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer func() { s.Close(); h.Close() }()
	browser := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	for name, kind := range map[string]string{"game.wasm": "application/wasm", "index.html": "text/html", "": "text/html", "page.js": "text/javascript", "wasm_exec.js": "text/javascript"} {
		original, err := os.ReadFile(filepath.Join(dir, cmp.Or(name, "index.html")))
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]int64{}
		for accept, coding := range map[string]string{"gzip, deflate, br, zstd": "br", "gzip": "gzip", "identity": ""} {
			r, _ := http.NewRequest("GET", h.URL+"/"+name, nil)
			r.Header.Set("Accept-Encoding", accept)
			answer, err := browser.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			sizes[coding] = answer.ContentLength
			var body io.Reader = answer.Body
			switch coding {
			case "br":
				body = brotli.NewReader(body)
			case "gzip":
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			unpacked, err := io.ReadAll(body)
			if got := answer.Header.Get("Content-Encoding"); err != nil || got != coding || !strings.HasPrefix(answer.Header.Get("Content-Type"), kind) || !bytes.Equal(unpacked, original) {
				t.Errorf("/%s, %s: %s, %d bytes as %q, %v", name, accept, answer.Status, len(unpacked), got, err)
			}
		}
		if !(sizes["br"] < sizes["gzip"] && sizes["gzip"] < sizes[""]) {
			t.Errorf("/%s: sizes %v", name, sizes)
		}
	}
}

func TestSource(t *testing.T) {
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if s, err := find(ctx, "./mine"); err != nil || s.pkg != "./mine" || s.dir != "" {
		t.Errorf("a package that was named: %+v, %v", s, err)
	}
	if s, err := find(ctx, ""); err != nil || s.pkg != demo || s.dir != "" {
		t.Errorf("in our module: %+v, %v", s, err)
	}
	t.Chdir(workspace(t, map[string]string{"main.go": hi}))
	if s, err := find(ctx, ""); err != nil || s.pkg != demo || s.dir != here {
		t.Errorf("in another module: %+v, %v: want the clone at %s", s, err, here)
	}
	t.Chdir(t.TempDir())
	if s, err := find(ctx, ""); err != nil || s.pkg != demo || s.dir != here {
		t.Errorf("in no module: %+v, %v", s, err)
	}
	if dir := above(module + "@v1.2.3/demo/web/source.go"); dir != "" {
		t.Errorf("without paths in the binary: %s", dir)
	}
	if _, err := fetch(ctx, ""); err == nil || !strings.Contains(err.Error(), "@latest") {
		t.Errorf("with nothing to go by: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	got := addresses(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
	if len(got) != 1 || got[0] != "http://127.0.0.1:8080" {
		t.Errorf("loopback: %q", got)
	}
	all := addresses(&net.TCPAddr{IP: net.IPv6zero, Port: 8080})
	if all[0] != "http://127.0.0.1:8080" {
		t.Errorf("everything: %q", all)
	}
	for _, u := range all[1:] {
		if strings.Contains(u, "127.") || strings.Contains(u, "0.0.0.0") || !strings.HasSuffix(u, ":8080") {
			t.Errorf("no address for others: %s", u)
		}
	}
}
