//go:build !js

package netcode_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every Go snippet of the README stands, line for line, in a file that
// compiles; so the front door can't promise what the house does not hold.
func TestReadmeSnippetsCompile(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sources = append(sources, flush(string(b)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	snippets := strings.Split(string(readme), "```go\n")[1:]
	if len(snippets) == 0 {
		t.Fatal("the README shows no Go at all")
	}
next:
	for _, s := range snippets {
		code, _, _ := strings.Cut(s, "```")
		for _, src := range sources {
			if strings.Contains(src, flush(code)) {
				continue next
			}
		}
		t.Errorf("no file of the project holds this snippet of the README:\n%s", code)
	}
}

// flush drops the indentation, and the empty lines at the end.
func flush(code string) string {
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n")
}
