package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

const (
	module = "github.com/punchback/punchback"
	demo   = module + "/demo"
)

// source is where the go command runs, and what it builds there.
type source struct {
	dir string // empty: the current directory
	pkg string
	env []string
}

// find tells where a package is built. One that was named is built where we
// stand, as the go command would. The demo may be elsewhere: this program also
// runs from within somebody else's module.
func find(ctx context.Context, pkg string) (source, error) {
	if pkg != "" {
		return source{pkg: pkg}, nil
	}
	if out, err := command(ctx, source{}, "list", "-m").Output(); err == nil {
		for _, m := range strings.Fields(string(out)) { // a workspace has several
			if m == module {
				return source{pkg: demo}, nil
			}
		}
	}
	_, file, _, _ := runtime.Caller(0)
	if dir := above(file); dir != "" {
		return source{dir: dir, pkg: demo, env: []string{"GOWORK=off"}}, nil
	}
	return fetch(ctx, version())
}

// above is the module directory that a source file of ours lies in, if it is
// there: a clone or the module cache. It is not in a binary built with -trimpath.
func above(file string) string {
	dir := filepath.Dir(filepath.Dir(filepath.Dir(filepath.FromSlash(file))))
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.HasPrefix(string(text), "module "+module+"\n") {
		return ""
	}
	return dir
}

// version is that of the module which this program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "(devel)" {
			return m.Version
		}
	}
	return ""
}

// fetch has the module of that version in the module cache, and builds there:
// its own go.mod and go.sum say what belongs to it.
func fetch(ctx context.Context, version string) (source, error) {
	if version == "" {
		return source{}, fmt.Errorf("the source of %s is not here: name a package of yours, or run it as go run %s/web@latest", demo, demo)
	}
	cmd := command(ctx, source{dir: os.TempDir(), env: []string{"GOWORK=off"}}, "mod", "download", "-json", module+"@"+version)
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if json.Unmarshal(out, &got) == nil && got.Dir != "" {
		return source{dir: got.Dir, pkg: demo, env: []string{"GOWORK=off"}}, nil
	}
	if got.Error == "" && err != nil {
		got.Error = err.Error()
	}
	return source{}, fmt.Errorf("cannot get %s@%s: %s", module, version, got.Error)
}

// command is the go command, run where the source is.
func command(ctx context.Context, s source, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), s.env...)
	return cmd
}
