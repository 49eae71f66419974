//go:build !js

package netcode_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each file holds one idea: 400 lines, or 600 of tests.
func TestFilesAreShort(t *testing.T) {
	sources(t, func(path string, b []byte) {
		most := 400
		if strings.HasSuffix(path, "_test.go") {
			most = 600
		}
		if n := bytes.Count(b, []byte("\n")); n > most {
			t.Errorf("%s has %d lines, the limit is %d", path, n, most)
		}
	})
}

// Every flag of a program is named in a document, or in what its package says of itself.
func TestFlagsAreNamed(t *testing.T) {
	var said bytes.Buffer
	flags := map[string]string{}
	program := regexp.MustCompile(`(?m)^package main$`)
	flag := regexp.MustCompile(`\.(?:Bool|Int|String|Duration|Float64|Uint|Uint64|BoolVar|IntVar|StringVar|DurationVar|Float64Var|UintVar|Uint64Var|Var|Func|BoolFunc|TextVar)\((?:[^"\n]*?, )?"([a-z][a-z0-9-]*)", `)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			b, err := os.ReadFile(path)
			said.Write(b)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sources(t, func(path string, b []byte) {
		at := program.FindIndex(b)
		if at == nil || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return
		}
		said.Write(b[:at[0]])
		for _, m := range flag.FindAllSubmatch(b, -1) {
			flags[string(m[1])] = path
		}
	})
	if len(flags) < 50 {
		t.Errorf("only %d flags are seen", len(flags))
	}
	for name, path := range flags {
		if !regexp.MustCompile(`-` + regexp.QuoteMeta(name) + `\b`).Match(said.Bytes()) {
			t.Errorf("-%s of %s is named in no document", name, path)
		}
	}
}

// sources reads all Go files of the module.
func sources(t *testing.T, f func(path string, b []byte)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".artifacts" {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if strings.HasSuffix(path, ".go") {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f(path, b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
