package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// builder makes the WASM of one package, again and again.
type builder struct {
	source source
	meter  *meter
	temp   string   // where the go command writes; removed by close
	exec   []byte   // wasm_exec.js of the Go that builds
	list   packages // what the last build was made of
	seen   string   // its stamp from before it was compiled
}

// times is how long the steps of a start took.
type times struct{ download, compile, compress time.Duration }

func newBuilder(ctx context.Context, pkg string, m *meter) (*builder, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("no go command in PATH: it is needed to build the game (https://go.dev/dl)")
	}
	b := &builder{meter: m}
	_, err := m.during("looking for the source", func() (err error) {
		b.source, err = find(ctx, pkg)
		return err
	})
	if err != nil {
		return nil, err
	}
	b.source.env = append(b.source.env, "GOOS=js", "GOARCH=wasm")
	root, err := command(ctx, b.source, "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	if b.exec, err = os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")); err != nil {
		return nil, fmt.Errorf("this Go has no wasm_exec.js: %w", err)
	}
	if b.temp, err = os.MkdirTemp("", "punchback-web-"); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *builder) close() { os.RemoveAll(b.temp) }

// broken is a build that failed: what the go command said, untouched.
type broken string

// sums makes a module whose go.mod replaces ours ready for this program and for the
// game. What the go command itself suggests then asks for versions that are nowhere.
const sums = "go mod edit -tool=" + module + "/demo/web\n\tgo mod tidy"

func (b broken) Error() string {
	text := "the game does not build:\n" + string(b)
	if strings.Contains(text, "missing go.sum entry") || strings.Contains(text, "updates to go.mod needed") || strings.Contains(text, module+" provides package") {
		text += "\nrun these two once, where your go.mod is:\n\n\t" + sums + "\n"
	}
	return text
}

// build finds (and downloads) everything the program is made of, then compiles it.
func (b *builder) build(ctx context.Context) (*program, times, error) {
	var t times
	var err error
	t.download, err = b.meter.during("looking for packages", func() error { return b.find(ctx) })
	if err != nil {
		return nil, t, err
	}
	b.seen = b.list.stamp()
	file := filepath.Join(b.temp, "game.wasm")
	t.compile, err = b.meter.during("compiling", func() error { return b.compile(ctx, file) })
	if err != nil {
		return nil, t, err
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, t, err
	}
	p := newProgram(b.list.name(), wasm, b.exec)
	p.shapes = b.list.root().ImportPath == demo
	return p, t, nil
}

// find lists the packages, which downloads the modules that are not here yet.
func (b *builder) find(ctx context.Context) error {
	downloads := 0
	var out bytes.Buffer
	said, err := b.run(ctx, &out, func(line string) bool {
		what, ok := strings.CutPrefix(line, "go: downloading ")
		if ok {
			downloads++
			b.meter.set("downloading module %d: %s", downloads, what)
		}
		return ok
	}, "list", "-deps", "-json=ImportPath,Dir,Name,Standard,DepOnly,Module,EmbedFiles", b.source.pkg)
	if err != nil {
		return broken(said)
	}
	list, err := readPackages(&out)
	if err == nil {
		b.list = list
	}
	return err
}

// compile runs go build; -v names each package that was not in the build cache.
func (b *builder) compile(ctx context.Context, file string) error {
	done := 0
	said, err := b.run(ctx, io.Discard, func(line string) bool {
		ours := b.list.has(line)
		if ours {
			done++
			b.meter.set("compiling %d of at most %d packages: %s", done, len(b.list), line)
		}
		return ours
	}, "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", file, b.source.pkg)
	if err != nil {
		return broken(said)
	}
	return nil
}

// run runs a go command. Lines of its error output that take wants are
// progress; the others are what it has to say.
func (b *builder) run(ctx context.Context, out io.Writer, take func(string) bool, args ...string) (string, error) {
	cmd := command(ctx, b.source, args...)
	cmd.Stdout = out
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return err.Error() + "\n", err
	}
	var said strings.Builder
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !take(lines.Text()) {
			said.WriteString(lines.Text() + "\n")
		}
	}
	_, _ = io.Copy(io.Discard, pipe)
	return said.String(), cmd.Wait()
}

// packages is what go list says of a program: the program itself and all it imports.
type packages map[string]*pack

type pack struct {
	ImportPath, Dir, Name string
	Standard, DepOnly     bool
	Module                *mod
	EmbedFiles            []string
}

type mod struct {
	Main           bool
	Version, GoMod string
	Replace        *mod
}

// released reports whether the module's files never change.
func (m *mod) released() bool {
	if m.Replace != nil {
		return m.Replace.Version != ""
	}
	return !m.Main && m.Version != ""
}

func readPackages(r io.Reader) (packages, error) {
	list := packages{}
	for d := json.NewDecoder(r); ; {
		p := new(pack)
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		list[p.ImportPath] = p
	}
	root := list.root()
	if root == nil {
		return nil, errors.New("name one package, not several or none")
	}
	if root.Name != "main" {
		return nil, fmt.Errorf("%s is package %s: only a package main runs in a page", root.ImportPath, root.Name)
	}
	return list, nil
}

func (l packages) has(path string) bool { return l[path] != nil }

// root is the program itself; nil unless exactly one package was asked for.
func (l packages) root() (root *pack) {
	for _, p := range l {
		if !p.DepOnly {
			if root != nil {
				return nil
			}
			root = p
		}
	}
	return root
}

// name is what to call the game.
func (l packages) name() string {
	path := l.root().ImportPath
	if path == demo {
		return "Punchback"
	}
	if path == "command-line-arguments" {
		path = filepath.ToSlash(l.root().Dir)
	}
	return path[strings.LastIndex(path, "/")+1:]
}
